"""Connection strings of databases that are no URLs: which hosts they name, and never anything else of them.

Sources: libpq's `conninfo_parse` (PostgreSQL 18), `DbConnectionStringBuilder` of .NET with the keywords of SqlClient,
Npgsql and MySqlConnector, StackExchange.Redis' `ConfigurationOptions`, `ParseDSN` of go-sql-driver/mysql, and the
descriptors of Oracle Net.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from k8sresolve.testing.checks.names.hosts import Mention, each_host
from k8sresolve.testing.checks.names.words import word_set

_KEYWORD = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']*)(?=\s|$)\s*")
_SEMICOLON = re.compile(r"\s*(\w[\w ]*?)\s*=\s*(\"[^\"]*\"\s*|'[^']*'\s*|[^;]*)(?:;\s*|$)")
_GO = re.compile(r"(?:^|@)tcp[46]?\(([a-zA-Z][\w.-]{0,259})(?::([0-9]{1,5}))?\)/")

_ORACLE = re.compile(
    r"^jdbc:oracle:\w+:[^@]{0,260}@(?://)?([a-zA-Z][\w.-]{0,259})(?::([0-9]{1,5}))?[:/]"
    r"|\(HOST\s*=\s*([a-zA-Z][\w.-]{0,259})\)\s*\(PORT\s*=\s*([0-9]{1,5})\)",
    re.IGNORECASE,
)

_LIBPQ = word_set("port dbname user password sslmode passfile service connect_timeout application_name")
_SERVERS = ("server", "data source", "datasource", "host", "address", "addr", "network address")
_DOTNET = word_set(
    """
    database initialcatalog userid uid user username password pwd port sslmode encrypt integratedsecurity
    trusted_connection trustservercertificate persistsecurityinfo virtualhost pooling multipleactiveresultsets
    """
)
_REDIS = word_set(
    """
    password user ssl sslhost sslprotocols abortconnect allowadmin connecttimeout synctimeout asynctimeout
    connectretry defaultdatabase keepalive name servicename tiebreaker responsetimeout channelprefix resolvedns
    """
)
_FILES = (".db", ".db3", ".sqlite", ".sqlite3", ".mdf", ".mdb", ".accdb")
_LIBPQ_PORT, _MYSQL_PORT, _ORACLE_PORT, _REDIS_PORT = 5432, 3306, 1521, 6379


def connection(text: str) -> list[Mention] | None:
    """Find the hosts of a connection string; None where a text is none.

    >>> [(each.host, each.port) for each in connection("host=a,b port=5433 user=me") or ()]
    [('a', 5433), ('b', 5433)]
    >>> [(each.host, each.port) for each in connection("Server=tcp:db,1433;Database=x") or ()]
    [('db', 1433)]
    >>> [(each.host, each.port) for each in connection("me:pw@tcp(db)/x") or ()]
    [('db', 3306)]
    """
    go = _GO.search(text)
    if go is not None:
        return list(_hosts([go[1]], [go[2] or ""], _MYSQL_PORT))
    oracle = [(one or other, port or its) for one, port, other, its in _ORACLE.findall(text)]
    if oracle:
        return list(_hosts([host for host, _ in oracle], [port for _, port in oracle], _ORACLE_PORT))
    for read in (_libpq, _dotnet, _redis) if "=" in text else ():
        found = read(text)
        if found is not None:
            return list(found)
    return None


def _libpq(text: str) -> Iterator[Mention] | None:
    pairs = _pairs(text, _KEYWORD)
    hosts = pairs.get("hostaddr") or pairs.get("host")  # where there are addresses, hosts are not looked up
    if hosts is None or _LIBPQ.isdisjoint(pairs):
        return None
    return _hosts(hosts.split(","), pairs.get("port", "").split(","), _LIBPQ_PORT)


def _dotnet(text: str) -> Iterator[Mention] | None:
    pairs = _pairs(text, _SEMICOLON)
    server = next((pairs[key] for key in _SERVERS if key in pairs), None)
    if server is None or _DOTNET.isdisjoint(key.replace(" ", "") for key in pairs):
        return None
    server = re.sub(r"\\[\w$]*", "", server.removeprefix("tcp:"))  # a named instance
    with_port = re.fullmatch(r"([\w.-]+)\s*,\s*([0-9]{1,5})", server)
    if with_port is not None:
        return _hosts([with_port[1]], [with_port[2]], None)
    hosts = (host for host in server.split(",") if not host.lower().endswith(_FILES))
    return _hosts(hosts, [pairs.get("port", "")], None)


def _redis(text: str) -> Iterator[Mention] | None:
    parts = [part.strip() for part in text.split(",")]
    first = next((place for place, part in enumerate(parts) if "=" in part), 0)
    options = {part.partition("=")[0].strip().lower() for part in parts[first:]}
    is_list = first and all(re.fullmatch(r"[\w.-]+(?::[0-9]+)?", part) for part in parts[:first])
    return _hosts(parts[:first], [""], _REDIS_PORT) if is_list and not _REDIS.isdisjoint(options) else None


def _pairs(text: str, pattern: re.Pattern[str]) -> Mapping[str, str]:
    """Take a text apart into keys and values; there are none where anything else stands in it."""
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        pair = pattern.match(text, place)
        if pair is None:
            return {}
        found[pair[1].lower()] = pair[2].strip().strip("\"'")
        place = pair.end()
    return found


def _hosts(hosts: Iterable[str], ports: list[str], default: int | None) -> Iterator[Mention]:
    """Put ports to hosts: to each its own, or one to all. A port that is to be put in later is not known."""
    listed = list(hosts)
    for host, port in zip(listed, ports if len(ports) == len(listed) else ports[:1] * len(listed), strict=True):
        known = default if not port else int(port) if re.fullmatch("[1-9][0-9]{0,4}", port) else None
        for mention in each_host(host.strip()):
            yield mention if mention.port is not None else mention._replace(port=known)
