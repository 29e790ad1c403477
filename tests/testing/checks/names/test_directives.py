"""Hosts in files that have blanks between words."""

import pytest

from k8sresolve.testing.checks.names.directives import directed


def read(text):
    return [(each.host, each.port, each.likely) for each in directed(text)]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("<match **>\n  host es\n  port 9200\n</match>", [("es", 9200, True)]),
        ("<match **>\n  port 9200\n  @type x\n  host es.logs\n</match>", [("es.logs", 9200, False)]),
        ("[OUTPUT]\n    Name es\n    Host  es\n    Port  9200\r\n", [("es", 9200, True)]),
        ("<server>\nhost a\nport 1\n</server>\n<server>\nhost b\nport 2\n</server>", [("a", 1, True), ("b", 2, True)]),
        ("host a\nport 1\nport 2", [("a", None, True)]),
        ("[A]\nhost a\n[B]\nport 1", [("a", None, True)]),
        ("hosts a:9200,b.logs:9201", [("a", 9200, True), ("b.logs", 9201, False)]),
        ("  Hosts a:9200, b:9200\n", [("a", 9200, True), ("b", 9200, True)]),
        ('action(type="omfwd" target="logs" port="514" protocol="tcp")', [("logs", 514, True)]),
        ('action(type="omfwd" target="logs"\n  protocol="udp" port="514")', [("logs", 514, True)]),
        ("*.* @@logs:514\n*.info;mail.none @logs.shop:515;Format", [("logs", 514, True), ("logs.shop", 515, False)]),
    ],
)
def test_a_word_behind_a_word_is_a_host(text, hosts):
    assert read(text) == hosts


@pytest.mark.parametrize(
    "text",
    [
        "host all all 0.0.0.0/0 md5",
        "host ${hostname}\nport 1",
        "host localhost\nport 9200",
        "host 10.0.0.1\nport 9200",
        "hostname es",
        "host es\nport 92000",
        "host: es\nport: 9200",
        "a host es\n",
        "hosts a b",
        "mail me@logs:514",
        'target="logs" other port',
    ],
)
def test_other_words_are_none(text):
    assert read(text) == []
