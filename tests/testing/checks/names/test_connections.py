"""Connection strings that are no URLs: their hosts and ports, and what is none."""

import pytest

from k8sresolve.testing.checks.names.connections import connection
from k8sresolve.testing.checks.names.mentions import mentions


def found(text):
    read = connection(text)
    return None if read is None else [(each.host, each.port) for each in read]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # libpq: keywords and values.
        ("host=db user=me", [("db", 5432)]),
        ("user=me password='a host=b' host = db port = '5433'", [("db", 5433)]),
        (r"host=db password='it\'s' user=me", [("db", 5432)]),
        ("host=a,b port=1,2 dbname=x", [("a", 1), ("b", 2)]),
        ("host=a,b port=5433 dbname=x", [("a", 5433), ("b", 5433)]),
        ("host=db.shop hostaddr=10.0.0.1 user=me", []),
        ("host=/run/postgresql user=me", []),
        ("host=db port=${PORT} user=me", [("db", None)]),
        ("host=$(HOST) port=5432 user=me", []),
        ("host=localhost user=me", []),
        ("host=db", None),
        ("host=db level=info", None),
        ("port=5432 user=me", None),
        ("run host=db user=me", None),
        ("host=db user=it's", None),
        # .NET: pairs with semicolons.
        ("Server=db,1433;Database=x", [("db", 1433)]),
        ("Data Source=tcp:db.shop,1433;Initial Catalog=x;", [("db.shop", 1433)]),
        (r"Server=db\SQLEXPRESS;Database=x", [("db", None)]),
        ("Host=db;Port=5432;Username=me;Password=pw", [("db", 5432)]),
        ("Host=a,b:5433;Port=5432;Username=me", [("a", 5432), ("b", 5433)]),
        ("server=db; port=3306; user id=me; password='a;server=b'", [("db", 3306)]),
        ("Driver={ODBC Driver 17 for SQL Server};Server=tcp:db,1433;Uid=me", [("db", 1433)]),
        ("host=rabbit:5673;username=guest;password=guest", [("rabbit", 5673)]),
        ("Data Source=app.db;Password=x", []),
        ("Data Source=/data/app.db;Password=x", []),
        ("Server=(local);Database=x", []),
        ("Server=db", None),
        ("Database=x;User=me", None),
        ("a=b;c=d", None),
        # StackExchange.Redis.
        ("redis:6380,password=a,ssl=True", [("redis", 6380)]),
        ("a,b:6380,abortConnect=false,password=x,y:1", [("a", 6379), ("b", 6380)]),
        ("redis:6379", None),
        ("A=true,B=false", None),
        ("web:80,level=info", None),
        ("password=x,redis:6379", None),
        # Oracle.
        ("jdbc:oracle:thin:@//db:1522/x", [("db", 1522)]),
        ("jdbc:oracle:thin:me/pw@db:1521:sid", [("db", 1521)]),
        ("jdbc:oracle:thin:@db/x", [("db", 1521)]),
        ("(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db)(PORT=1522))(X=(Y=z)))", [("db", 1522)]),
        ("(ADDRESS=(HOST=a)(PORT=1))(ADDRESS=(HOST=b)(PORT=2))", [("a", 1), ("b", 2)]),
        # go-sql-driver.
        ("me:pw@tcp(db:3307)/x?parseTime=true", [("db", 3307)]),
        ("me@tcp(db)/", [("db", 3306)]),
        ("tcp(db:3306)/x", [("db", 3306)]),
        ("me@unix(/run/mysqld.sock)/x", None),
        ("me@tcp(10.0.0.1:3306)/x", None),
    ],
)
def test_hosts_are_read_where_a_text_is_a_connection_string_as_a_whole(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("primary_conninfo = 'host=db port=5433 user=me'", [("db", 5433)]),
        ("shop = host=db port=5433 dbname=shop", [("db", 5433)]),
        ("host=db port=5433 user=me", [("db", 5433)]),
        ('"Default": "Server=db,1434;Database=x",', [("db", 1434)]),
        ('<add name="x" connectionString="Server=db;Port=5433;Database=x" />', [("db", 5433)]),
        ("dsn: me:pw@tcp(db:3307)/x", [("db", 3307)]),
        ("password: host=db port=5433 user=me", []),
    ],
)
def test_they_are_found_in_the_lines_of_files(line, expected):
    assert [(each.host, each.port) for each in mentions("a.conf", f"x\n{line}\n")] == expected


def test_time_grows_with_the_text():
    for text in (
        "a=b " * 50_000,
        "a=b;" * 50_000,
        "a," * 100_000 + "b=c",
        "@tcp(" * 50_000,
        "a = " * 50_000,
        "a " * 100_000 + "=;",
    ):
        assert connection(text) is None
