"""Hosts in texts: only what is unmistakably one, since files, images, versions and packages look alike.

A host is what a URL has, what a port follows, what a key like `DB_HOST` or `--redis-addr` holds, and what ends in
`.svc`, alone or with the cluster domain. Of a URL nothing goes on from here but scheme, host and port: the rest may be
secret.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from k8sresolve.testing.checks.names.words import word_set
from k8sresolve.testing.objects.labels import MOST_LABEL


class Mention(NamedTuple):
    """A host that a text names, in lower case. `port` is the one stated, or else its scheme's; None where none is.

    What is `likely` stands where hosts do and other things, too: `HOST=web`, `server: primary` or `id=web:80` in a
    file.
    """

    host: str
    port: int | None = None
    scheme: str = ""
    likely: bool = False


_PORTS: dict[str, int | None] = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "ftp": 21,
    "ldap": 389,
    "ldaps": 636,
    "redis": 6379,
    "rediss": 6379,
    "amqp": 5672,
    "amqps": 5671,
    "mongodb": 27017,
    "nats": 4222,
    "mqtt": 1883,
    "mysql": 3306,
    "mariadb": 3306,
    "postgres": 5432,
    "postgresql": 5432,
    "sqlserver": 1433,
    "mqtts": 8883,
    **dict.fromkeys(("tcp", "udp", "tls", "ssl", "grpc", "grpcs", "kafka", "smtp", "smtps", "bolt", "neo4j", "pulsar")),
    **dict.fromkeys(("memcached", "zookeeper", "zk", "etcd", "clickhouse", "cassandra", "h2c", "thrift", "statsd")),
}
"""Schemes behind which a host stands, and the port that each means where none is stated."""

_URL = re.compile(r"(?<![a-zA-Z0-9+.:-])([a-zA-Z][a-zA-Z0-9+.:-]{0,30})://([^\s\"'`<>|\\]*)")
_END_OF_AUTHORITY = re.compile(r"[/?#]")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_IN_CLUSTER = re.compile(
    r"(?<![\w.*@:%${}(/\\-])[a-z0-9_](?:[\w-]*\.)+svc(?:\.[\w-]+)*(?::[0-9]{1,5})?(?!\.?[\w{}$@%(*-])", re.IGNORECASE
)
# In a line of a file: what a key holds, an item of a list, and what nginx and HAProxy call a `server`. More may follow
# the port: ports for other purposes, a word, a path.
_WITH_PORT = re.compile(
    r"(?:^[ \t]*-[ \t]+|[=,\[\"']|[:=,\[][ \t]+|\bserver[ \t]+(?:[\w.-]{1,63}[ \t]+)?)[\"']?"
    r"([a-z0-9][\w.-]*:[1-9][0-9]{1,4})(?::[0-9]{1,5}|:[a-z]{1,20})*(?=[\s\"'\],;)/}]|$)",
    re.IGNORECASE,
)
_UPSTREAM = re.compile(r"\bupstream[ \t]+([\w.-]+)[ \t]*\{")  # nginx: a name of the file's own
_SECRET = re.compile(r"(?<![\w.-])[\w.-]{0,60}(?:pass|pwd|secret|token|key)\w*[\"']?\s*[=:]\s*[^\s;,&]+", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//|;|--(?=\s)).*$", re.MULTILINE)
_ENTRY = re.compile(r"^[\s\-{,]*\"?([A-Za-z][\w.-]*)\"?\s*[:=](?!//)(.*)$")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

HOLD_HOSTS = word_set(
    "host hosts hostname addr addrs address addresses server servers endpoint endpoints url urls uri uris"
)
_HOLD_PORTS = HOLD_HOSTS | {"broker", "brokers", "upstream", "upstreams", "target", "targets", "nodes", "backend"}
# Of keys with such a word, the value is where the program itself listens, or is compared and not looked up.
_COMPARED = word_set(
    """
    listen listener listeners bind binding cors origin origins allowed issuer audience san sans noproxy
    xmlns
    """
)
# What keys with such a word at their end hold is secret, or names something else.
_OTHER_VALUES = word_set(
    """
    password passwd pass passphrase pwd secret secrets token tokens credential credentials apikey key
    keys auth image images tag tags version domain domains vhost realm subject cn email mail namespace
    schema ref id
    """
)
# What stands in the place of a host, and what holds for a flag.
_NEVER = word_set("localhost host hostname example changeme todo your-host")
_BARE_WORDS = word_set(
    """
    true false yes no on off none null nil auto automatic default any all disabled enabled undefined
    unset unknown internal external public private stdout stderr console local self this here env file
    inherit root
    """
)
_LEAST_PORT = 80  # below it, a number behind a colon is mostly the tag of an image
_MOST_TEXT, _MOST_HOST = 1 << 20, 260


def mentions(key: str, text: str, *, secret: bool = False) -> Iterator[Mention]:
    """Find the hosts in what a key holds: in all of a value, or in the lines of a file.

    Of what is `secret`, `word:number` is a host only where the key says so.

    >>> list(mentions("DB_HOST", "mysql"))
    [Mention(host='mysql', port=None, scheme='', likely=False)]
    >>> list(mentions("config.yaml", "url: http://me:secret@web.shop/?key=1"))
    [Mention(host='web.shop', port=80, scheme='http', likely=False)]
    >>> list(mentions("IMAGE", "redis:6379")), list(mentions("SCRIPT", "app.py"))
    ([], [])
    """
    if len(text) > _MOST_TEXT or holds_none(key) or _is_dashboard(text):
        return
    if "\n" in text.strip():
        yield from _in_file(text)
    else:
        yield from _in_value(key, text.strip(), secret=secret)


def _is_dashboard(text: str) -> bool:
    """Whether a text is a dashboard of Grafana, which keeps what was last looked at, and has no data source."""
    return text.lstrip()[:1] == "{" and '"panels"' in text and '"schemaVersion"' in text


def _in_file(text: str) -> Iterator[Mention]:
    text = _COMMENT.sub("", text)
    own = {name.lower() for name in _UPSTREAM.findall(text)}
    return (mention for line in text.split("\n") for mention in _in_line(line) if mention.host not in own)


def _in_line(line: str) -> Iterator[Mention]:
    entry = _ENTRY.match(line)
    if entry is None:
        yield from (*_in_any(line), *_with_port(line))
    elif not holds_none(entry[1]):
        value = entry[2].strip("[]{}\"', \t")
        holds = _last_word(entry[1]) in _HOLD_PORTS
        found = [*map(_likely, _in_value(entry[1], value))] if holds else []
        yield from found or (*_in_any(value), *_with_port(line))


def _with_port(line: str) -> Iterator[Mention]:
    """Find what may be a host with a port behind it, as other pairs of a word and a number may be."""
    for part in _WITH_PORT.findall(_URL.sub(" ", _SECRET.sub(" ", line))):
        mention = _host_and_port(part)
        if mention is not None and (mention.port or 0) >= _LEAST_PORT:
            yield mention._replace(likely=True)


def _in_value(key: str, value: str, *, secret: bool = False) -> Iterator[Mention]:
    found = list(_in_any(value))
    yield from found
    if found or "://" in value:
        return
    last, parts = _last_word(key), [part.strip("\"' ") for part in value.split(",")]
    read = [part for part in map(_host_and_port, parts) if part is not None]
    if len(read) == len(parts):  # or else it is no list of hosts, and none of its parts need be one
        held = (part for part in read if _is_held(last, part, secret=secret))
        yield from held if len(words_of(key)) > 1 else map(_likely, held)


def _likely(mention: Mention) -> Mention:
    """Doubt a word without port, scheme and dots."""
    is_word = mention.port is None and not mention.scheme and "." not in mention.host
    return mention._replace(likely=mention.likely or is_word)


def _is_held(last: str, mention: Mention, *, secret: bool) -> bool:
    """Whether a key with this word at its end holds such a host."""
    if mention.port is None:
        return last in HOLD_HOSTS and mention.host not in _BARE_WORDS
    return last in _HOLD_PORTS or (mention.port >= _LEAST_PORT and not secret)


def _in_any(text: str) -> Iterator[Mention]:
    """Find what is a host in any text: of URLs, and what ends in `.svc`, with or without the cluster domain."""
    text = _SECRET.sub(" ", text)
    for url in _URL.finditer(text):
        yield from _in_url(url[1].lower(), url[2])
    for found in _IN_CLUSTER.finditer(_URL.sub(" ", text)):
        mention = _host_and_port(found[0])
        if mention is not None:
            yield mention


def _in_url(scheme: str, rest: str) -> Iterator[Mention]:
    scheme = scheme.rpartition(":")[2].rpartition("+")[2] if "mongodb+srv" not in scheme else ""
    if scheme == "dns" and rest.startswith("/"):  # grpc/grpc, doc/naming.md: the authority is a nameserver
        scheme, rest = "grpc", rest[1:]
    if scheme not in _PORTS:
        return
    authority, *behind = _END_OF_AUTHORITY.split(rest, maxsplit=1)
    _, at, hosts = authority.rpartition("@")
    if not at and behind and "@" in behind[0]:
        return  # a password with a slash in it: what stands before that is no host
    for part in hosts.rstrip(".,;)]").split(","):
        mention = _host_and_port(part)
        if mention is not None:
            port = _PORTS[scheme] if mention.port is None else mention.port
            yield mention._replace(port=port, scheme=scheme)


def _host_and_port(text: str) -> Mention | None:
    if len(text) > _MOST_HOST:
        return None
    host, colon, port = text.lower().partition(":")
    host = host.removesuffix(".") if host.count(".") > 1 else host
    labels = host.split(".")
    if not _HOST.fullmatch(host) or not re.search("[a-z]", labels[-1]) or host in _NEVER or labels[-1] == "localhost":
        return None
    if any(len(label) > MOST_LABEL for label in labels):
        return None
    likely = "_" in labels[-1]  # no host has that, but slips for one do
    if colon and not (re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) < 1 << 16):
        return None
    return Mention(host, int(port) if colon else None, likely=likely)


def words_of(key: str) -> tuple[str, ...]:
    """Take a key apart, however it is written.

    >>> words_of("DB_HOST"), words_of("dbHost"), words_of("db-host")
    (('db', 'host'), ('db', 'host'), ('db', 'host'))
    """
    return tuple(word.lower() for word in _WORDS.findall(key))


def _last_word(key: str) -> str:
    return next(reversed(words_of(key)), "")


def holds_hosts(key: str) -> bool:
    """Whether a key says that it holds hosts, or the port of one."""
    return _last_word(key) in _HOLD_PORTS | {"port"}


def holds_none(key: str) -> bool:
    """Whether a key says that what it holds is secret, or no host."""
    words = words_of(key)
    is_other = bool(words) and words[-1] in _OTHER_VALUES
    return is_other or not _COMPARED.isdisjoint(words) or words[-2:] == ("no", "proxy")
