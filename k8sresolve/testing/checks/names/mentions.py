"""Hosts in texts: only what is unmistakably one, since files, images, versions and packages look alike.

A host is what a URL has, what a port follows, what a key like `DB_HOST` or `--redis-addr` holds, and what ends in
`.svc`, alone or with the cluster domain. Of a URL nothing goes on from here but scheme, host and port: the rest may be
secret.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from k8sresolve.testing.checks.names.commands import asked, without_own_nameserver
from k8sresolve.testing.checks.names.connections import connection
from k8sresolve.testing.checks.names.directives import directed
from k8sresolve.testing.checks.names.hosts import RANGE, Mention, each_host, host_and_port
from k8sresolve.testing.checks.names.words import word_set

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
    "mssql": 1433,
    "mysql2": 3306,
    "pgsql": 5432,
    "postgis": 5432,
    "cockroachdb": 26257,
    "db2": 50000,
    "sentinel": 26379,
    "redis-sentinel": 26379,
    "mqtts": 8883,
    **dict.fromkeys(
        ("plaintext", "tcp", "udp", "tls", "ssl", "grpc", "grpcs", "kafka", "smtp", "smtps", "bolt", "neo4j", "pulsar")
    ),
    **dict.fromkeys(
        word_set("couchbase stomp elasticsearch memcached zookeeper srv zk etcd clickhouse cassandra h2c thrift statsd")
    ),
}
"""Schemes behind which a host stands, and the port that each means where none is stated."""

_URL = re.compile(  # up to the next one of a list: `http://a:1,http://b:1`, and etcd's `a=http://a:1,b=http://b:1`
    r"(?<![a-zA-Z0-9+.:-])([a-zA-Z][a-zA-Z0-9+.:-]{0,30})://((?:(?!,[\w.=+-]{0,99}://)[^\s\"'`<>|\\])*)"
)
# How Thanos, Loki, Mimir, Cortex and memcached's clients are told to look a name up: by addresses, or by SRV records.
_LOOKED_UP = re.compile(r"(?<![\w.+-])dns(?:srv(?:noa)?)?\+([\w.-]+(?::[0-9]{1,5})?)(?![\w{}$@%(*:-])", re.IGNORECASE)
_END_OF_AUTHORITY = re.compile(r"[/?#;]")
_IN_CLUSTER = re.compile(
    rf"(?<![\w.*@:%${{}}(/\\-])[a-z0-9_](?:(?:[\w-]|{RANGE})*\.)+svc(?:\.[\w-]+)*(?::[0-9]{{1,5}})?(?!\.?[\w{{}}$@%(*-])",
    re.IGNORECASE,
)
# In a line of a file: what a key holds, an item of a list, and what nginx and HAProxy call a `server`. More may follow
# the port: ports for other purposes, a word, a path.
_WITH_PORT = re.compile(
    r"(?:^[ \t]*-[ \t]+|[=,\[\"']|[:=,\[][ \t]+|\bserver[ \t]+(?:[\w.-]{1,63}[ \t]+)?)[\"']?"
    r"([a-z0-9][\w.-]*:[1-9][0-9]{1,4})(?::[0-9]{1,5}|:[a-z]{1,20})*(?=[\s\"'\],;)/}]|$)",
    re.IGNORECASE,
)
_SET = re.compile(r"\s*set[ \t]+\$\w+[ \t]")  # nginx: a port may follow where the variable stands
_UPSTREAM = re.compile(r"\bupstream[ \t]+([\w.-]+)[ \t]*\{")  # nginx: a name of the file's own
_SECRET = re.compile(r"(?<![\w.-])[\w.-]{0,60}(?:pass|pwd|secret|token|key)\w*[\"']?\s*[=:]\s*[^\s;,&]+", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//|;|--(?=\s)).*$", re.MULTILINE)
_ENTRY = re.compile(r"^[\s\-{,]*\"?([A-Za-z][\w.-]*)\"?\s*[:=](?!//)(.*)$")
_SECTION = re.compile(r"\s*\[([\w .-]+)\]\s*$")
_ELEMENT = re.compile(r"\s*<([\w.-]+)[^>]*>")
_REPLICA_SET = re.compile(r"^[\w-]{1,60}/(?=[\w.-]{1,260}:[0-9]+,)")  # of MongoDB, before its members
_WITH_BLANKS = re.compile(r"[\w.-]+:[0-9]+(?:\s+[\w.-]+:[0-9]+)+")
_COMMAS = re.compile("[,;]")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_PATH = re.compile(r"(?:(?<=:[0-9]{4})|(?<=:[0-9]{5}))/[\w/.-]*$")  # ZooKeeper's, or a database's number
_KEY = re.compile(r"([a-z0-9][a-z0-9-]{0,62})/([a-z0-9][a-z0-9-]{0,62})")
_PEM = re.compile(r"-----BEGIN [^-]{1,60}-----[^-]*-----END [^-]{1,60}-----")
# In a script, with quotes where it is a list: `--join=db`, `"--join" "db"`.
_FLAGS = re.compile(
    r"(?<![\w-])--([a-z][\w-]{2,60})[\"']?(?:=|,?[ \t]+)[\"']?([a-z][\w.,:-]{0,259})(?=[\s\"')\]]|$)", re.IGNORECASE
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

HOLD_HOSTS = word_set(
    "host hosts hostname addr addrs address addresses server servers endpoint endpoints url urls uri uris"
)
_HOLD_PORTS = HOLD_HOSTS | {"broker", "brokers", "upstream", "upstreams", "target", "targets", "nodes", "backend"}
_HOLD_SERVICES = word_set(
    """
    service services svc join seed seeds master leader primary replica replicas peer peers broker brokers
    upstream upstreams target targets backend backends gateway bootstrap
    """
)
# Of keys with such a word, what is called a service is the program itself, as it is traced or registered.
_OWN_NAMES = word_set(
    "otel opentelemetry jaeger zipkin tracing trace dd datadog elastic apm newrelic app application consul eureka"
)
# Of keys with such a word, the value is where the program itself listens, or is compared and not looked up.
_COMPARED = word_set(
    """
    listen listener listeners bind binding cors origin origins allowed issuer audience san sans noproxy
    xmlns
    """
)
_COMPARED_PAIRS = (("no", "proxy"), ("dns", "names"), ("alt", "names"))
# What keys with such a word at their end hold is secret, or names something else.
_SECRETS = word_set(
    """
    password passwd pass passphrase pwd pw secret secrets token tokens credential credentials cred creds apikey
    auth authorization bearer cookie jaas jwt otp pat pin salt signature
    """
)
_OTHER_VALUES = _SECRETS | word_set(
    """
    key keys image images tag tags version domain domains vhost realm subject cn email mail namespace schema ref
    id
    """
)
# However it is written: `PGPASSWORD`, `--dbpassword`, `-Dpassword`.
_SECRET_ENDS = ("password", "passwd", "passphrase", "passcode", "pass", "pwd", "secret", "token", "apikey", "sshkey")
# What holds for a flag.
_BARE_WORDS = word_set(
    """
    true false yes no on off none null nil auto automatic default any all disabled enabled undefined
    unset unknown internal external public private stdout stderr console local self this here env file
    inherit root check strict secure insecure plain plaintext tls ssl tcp udp http https grpc ipv4 ipv6 dual
    always never once static dynamic random roundrobin enable disable allow deny required optional preferred
    """
)
# Of keys with such a word, a word alone is how often, how many or which, and no host.
_MEASURES = word_set(
    """
    timeout timeouts interval intervals delay ttl period max min per limit limits count size rate retries retry
    use enable disable mode type kind strategy policy
    """
)
# `50s`, `1h30m`, `10k`, `1.5Gi`
_QUANTITY = re.compile(
    r"(?:[0-9]+(?:\.[0-9]+)?(?:[numµ]?s|secs?|m|mins?|h|hrs?|d|days?|w|y|[kmgtpe]i?b?|b|x|rps|qps))+"
)
# Of keys with such a word, what looks like a host may be what the program itself, or its machine, is called.
_OWN_HOSTS = word_set("advertise advertised announce announced node pod own self")
_LEAST_PORT = 80  # below it, a number behind a colon is mostly the tag of an image
MOST_TEXT = 1 << 20  # characters of a text that is looked at


def mentions(key: str, text: str, *, secret: bool = False) -> Iterator[Mention]:
    """Find the hosts in what a key holds: in all of a value, or in the lines of a file.

    Of what is `secret`, `word:number` is a host only where the key says so.

    >>> [found.host for found in mentions("DB_HOST", "mysql")]
    ['mysql']
    >>> [found[:3] for found in mentions("config.yaml", "url: http://me:secret@web.shop/?key=1")]
    [('web.shop', 80, 'http')]
    >>> list(mentions("IMAGE", "redis:6379")), list(mentions("SCRIPT", "app.py"))
    ([], [])
    """
    if len(text) > MOST_TEXT or holds_none(key) or _is_dashboard(text):
        return
    if "\n" in text.strip():
        yield from _in_file(text)
    else:
        yield from _in_value(key, text.strip(), secret=secret)


def _is_dashboard(text: str) -> bool:
    """Whether a text is a dashboard of Grafana, which keeps what was last looked at, and has no data source."""
    return text.lstrip()[:1] == "{" and '"panels"' in text and '"schemaVersion"' in text


def _in_file(text: str) -> Iterator[Mention]:
    text = _COMMENT.sub("", _without_secrets(text))
    own = {name.lower() for name in _UPSTREAM.findall(text)}
    found = chain(chain.from_iterable(map(_in_line, text.split("\n"))), directed(text))
    return (mention for mention in found if mention.host not in own)


def _without_secrets(text: str) -> str:
    """Leave out what belongs to a key that is secret: lines below it, a section, an element, a block of PEM."""
    kept: list[str] = []
    until: Callable[[str], bool] | None = None
    for line in _PEM.sub("", text).split("\n"):
        if until is not None:
            ended = until(line)
            if not ended or until is _closes:
                until = None if ended else until
                continue
            until = None
        section, element, entry = _SECTION.match(line), _ELEMENT.match(line), _ENTRY.match(line)
        if section is not None and holds_none(section[1]):
            until = _is_section
        elif element is not None and is_secret(element[1]) and "</" not in line:
            until = _closes
        elif entry is not None and is_secret(entry[1]):
            until = partial(_is_no_deeper, len(line) - len(line.lstrip()))
        else:
            kept.append(line)
    return "\n".join(kept)


def _is_section(line: str) -> bool:
    return _SECTION.match(line) is not None


def _closes(line: str) -> bool:
    return "</" in line


def _is_no_deeper(indent: int, line: str) -> bool:
    return bool(line.strip()) and len(line) - len(line.lstrip()) <= indent


def _in_line(line: str) -> Iterator[Mention]:
    entry = _ENTRY.match(line)
    whole = None if entry is None else connection(line.strip())
    if whole is not None:  # what looks like an entry is the first pair of it
        yield from whole
    elif _SET.match(line):
        yield from (mention._replace(port=None) for mention in _in_any(line))
    elif entry is None:
        yield from _in_quotes(line) or (*_in_any(line), *_with_port(line))
    elif not holds_none(entry[1]):
        value = entry[2].strip("[]{}\"', \t")
        holds = _last_word(entry[1]) in _HOLD_PORTS
        found = [*map(_likely, _in_value(entry[1], value))] if holds else []
        yield from found or _in_quotes(entry[2]) or connection(value) or (*_in_any(value), *_with_port(line))


def _in_quotes(line: str) -> list[Mention]:
    """Find the hosts of connection strings in quotes, as JSON and XML have them."""
    return [mention for quoted in _QUOTED.findall(line) for mention in connection(quoted[1:-1]) or ()]


def _with_port(line: str) -> Iterator[Mention]:
    """Find what may be a host with a port behind it, as other pairs of a word and a number may be."""
    for part in _WITH_PORT.findall(_URL.sub(" ", _SECRET.sub(" ", line))):
        mention = host_and_port(part)
        if mention is not None and (mention.port or 0) >= _LEAST_PORT:
            yield mention._replace(likely=True)


def _in_value(key: str, value: str, *, secret: bool = False) -> Iterator[Mention]:
    found = _connected_or_any(value)
    yield from found
    if found or "://" in value:
        return
    last = _last_word(key)
    if (named := _KEY.fullmatch(value)) and _holds_services(key):
        yield Mention(f"{named[2]}.{named[1]}", is_key=True)
        return
    hosts = _PATH.sub("", value) if last in _HOLD_PORTS or "," in value else value
    hosts = _REPLICA_SET.sub("", hosts)
    parts = [part.strip("\"' ") for part in (hosts.split() if _WITH_BLANKS.fullmatch(hosts) else _COMMAS.split(hosts))]
    read = [part for part in map(host_and_port, parts) if part is not None]
    if len(read) != len(parts) or any(_is_value(key, part) for part in read):
        return  # it is no list of hosts, and none of its parts need be one
    held = [part for part in read if _is_held(last, part, secret=secret)]
    is_sure = len(words_of(key)) > 1 and _OWN_HOSTS.isdisjoint(words_of(key))
    yield from held if is_sure else map(_likely, held)
    if not held and _may_hold_services(key):
        yield from (part._replace(vague=True) for part in read)


def _is_value(key: str, mention: Mention) -> bool:
    """Whether what could be a host is a setting.

    >>> _is_value("a-server", Mention("1h30m")), _is_value("use-server", Mention("web"))
    (True, True)
    >>> _is_value("a-server", Mention("web"))
    False
    """
    if mention.port is not None:
        return False
    is_setting = "." not in mention.host and not _MEASURES.isdisjoint(words_of(key))
    return is_setting or mention.host in _BARE_WORDS or _QUANTITY.fullmatch(mention.host) is not None


def _likely(mention: Mention) -> Mention:
    """Doubt a word without port, scheme and dots."""
    is_word = mention.port is None and not mention.scheme and "." not in mention.host
    return mention._replace(likely=mention.likely or is_word)


def _is_held(last: str, mention: Mention, *, secret: bool) -> bool:
    """Whether a key with this word at its end holds such a host."""
    if mention.port is None:
        return last in HOLD_HOSTS
    return last in _HOLD_PORTS or (mention.port >= _LEAST_PORT and not secret)


def _connected_or_any(text: str) -> list[Mention]:
    """Find the hosts of a connection string, of which nothing else is read, or else what is a host in any text."""
    found = connection(text)
    return list(_in_any(text)) if found is None else found


def _in_any(text: str) -> Iterator[Mention]:
    """Find what is a host in any text: of URLs, what ends in `.svc`, in whole or not, and what commands ask."""
    text = without_own_nameserver(_SECRET.sub(" ", text))
    for url in _URL.finditer(text):
        yield from _in_url(url[1].lower(), url[2])
    for found in _LOOKED_UP.finditer(text):
        yield from each_host(found[1])
    for found in _IN_CLUSTER.finditer(_URL.sub(" ", text)):
        yield from each_host(found[0])
    yield from asked(text)
    for key, value in _FLAGS.findall(text):
        if not holds_none(key):
            yield from map(_likely, _in_value(key, value))


def _in_url(scheme: str, rest: str) -> Iterator[Mention]:
    if scheme == "mongodb+srv":
        return  # a name of SRV records
    named = reversed(re.split("[:+]", scheme))  # `jdbc:mysql:loadbalance` and `postgresql+psycopg2`
    scheme = next((part for part in named if part in _PORTS or part == "dns"), "")
    if scheme == "dns" and rest.startswith("/"):  # grpc/grpc, doc/naming.md: the authority is a nameserver
        scheme, rest = "grpc", rest[1:]
    if scheme not in _PORTS:
        return
    authority, *behind = _END_OF_AUTHORITY.split(rest, maxsplit=1)
    hosts = authority.rpartition("@")[2]
    if behind and "@" in behind[0]:
        return  # a password with a slash in it: what stands before that is no host
    for part in hosts.rstrip(".,;)]").split(","):
        for mention in each_host(part):
            port = _PORTS[scheme] if mention.port is None else mention.port
            yield mention._replace(port=port, scheme=scheme)


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


def is_secret(key: str) -> bool:
    """Whether a key says that what it holds is secret, or what stands below it."""
    last = _last_word(key)
    return last in _SECRETS or last.endswith(_SECRET_ENDS)


def _may_hold_services(key: str) -> bool:
    """Whether a key says that it holds the name of a Service, though it may be another thing's.

    >>> [_may_hold_services(key) for key in ("join", "typha_service_name", "OTEL_SERVICE_NAME", "SERVICE_NAME")]
    [True, True, False, False]
    """
    words = words_of(key)
    if words[-1:] == ("name",):
        return len(words) > 2 and _holds_services(key)
    return words[-1:] != () and words[-1] in _HOLD_SERVICES and _OWN_NAMES.isdisjoint(words)


def _holds_services(key: str) -> bool:
    """Whether a key says that it holds a Service, and not what the program itself is called.

    >>> [_holds_services(key) for key in ("publish-service", "tcp-services-configmap", "OTEL_SERVICE_NAME")]
    [True, False, False]
    """
    words = words_of(key)
    last = words[-2:-1] if words[-1:] == ("name",) else words[-1:]
    return last in (("service",), ("svc",)) and _OWN_NAMES.isdisjoint(words)


def holds_none(key: str) -> bool:
    """Whether a key says that what it holds is secret, or no host."""
    words = words_of(key)
    is_other = bool(words) and (words[-1] in _OTHER_VALUES or is_secret(key))
    return is_other or not _COMPARED.isdisjoint(words) or words[-2:] in _COMPARED_PAIRS
