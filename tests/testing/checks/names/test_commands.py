"""Hosts that commands of a shell ask."""

import pytest

from k8sresolve.testing.checks.names.commands import asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pg_isready -h db -p 5433 -U me", [("db", 5433)]),
        ("pg_isready -U me -p 5433 -h db", [("db", 5433)]),
        ("psql --host=db.shop -c 'select 1'", [("db.shop", None)]),
        ("redis-cli -h redis ping", [("redis", None)]),
        ("mysqladmin ping -h mysql -P 3307", [("mysql", 3307)]),
        ("mysql -hmysql -p3307", [("mysql", None)]),
        ("mysql -p3307 -h mysql", [("mysql", None)]),
        ("until nc -z db 5432; do sleep 1; done", [("db", 5432)]),
        ("nc -zv -w 3 db 5432", [("db", 5432)]),
        ("nslookup db.shop; true", [("db.shop", None)]),
        ("getent hosts db && wait-for-it.sh web:80", [("db", None), ("web", 80)]),
        ("(echo > /dev/tcp/db/5432) >/dev/null", [("db", 5432)]),
        ("pg_isready -U me; ls -h web", []),
        ("nc -l 5432", []),
        ("nc -z 10.0.0.1 5432", []),
        ("nc -z $HOST 5432; nslookup ${HOST}; nslookup localhost", []),
        ("grep -h pattern file", []),
        ("func -z db 5432", []),
    ],
)
def test_a_host_is_taken_where_a_command_asks_it(text, expected):
    found = list(asked(text))
    assert [(each.host, each.port) for each in found] == expected
    assert all(each.likely for each in found)


def test_time_grows_with_the_text():
    for text in ("psql " * 50_000, "nc -z " * 50_000, "mysql -h" * 50_000, "nslookup " * 50_000, "/dev/tcp/" * 50_000):
        assert len(list(asked(text))) < 50_001
