"""The schemas of the commands' JSON hold for what the commands print, and have nothing that none prints."""

import contextlib
import copy
import json
import shlex
import shutil
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import trustme

from k8sresolve import Resolver, ResolverConfig
from k8sresolve.cli import main as command
from k8sresolve.cli.describing import SCHEMAS, schema

NO_JSON = {"completion", "schema"}  # what they print is no answer


def commands() -> list[str]:
    [group] = [action for action in command._parser().arguments if action.dest == "command"]
    first = {id(parser): name for name, parser in reversed(group.choices.items())}
    return sorted({*first.values()} - NO_JSON)


COMMANDS = commands()

LOG = Path(__file__).parent / "logs/json.log"

# Command lines in a folder that has the files below; --json is added to each, but where it is all there is.
LINES = {
    "service": [
        "-f shop.yaml service payments.shop --port http --port grpc",
        "-f shop.yaml service cassandra.data",
        "-f shop.yaml -f alias.json service alias.shop",
        "-f shop.yaml -n shop service payments nowhere a..b",
        "-f odd.json service odd --port http",
        "-f shop.yaml service -A",
        "-f shop.yaml -n nowhere service",
        "service --no-such-option",
    ],
    "port": [
        "-f shop.yaml port payments.shop http",
        "-f shop.yaml port payments.shop 80",
        "-f shop.yaml port payments.shop nowhere",
        "-f odd.json port odd http",
    ],
    "ports": ["-f shop.yaml ports payments.shop", "-f shop.yaml ports payments.shop nowhere"],
    "endpoints": [
        "-f shop.yaml endpoints cassandra.data cql",
        "-f shop.yaml endpoints cassandra.data",
        "-f shop.yaml endpoints payments.shop",
    ],
    "wait": [
        "-f shop.yaml wait cassandra.data --port cql",
        "-f shop.yaml wait payments.shop",
        "-f shop.yaml wait nowhere.shop --timeout 0.01",
    ],
    "watch": ["-f shop.yaml watch cassandra.data cql", "-f shop.yaml watch a..b"],
    "addresses": [
        "-f shop.yaml addresses payments.shop",
        "-f shop.yaml addresses localhost 192.0.2.1 nowhere.shop",
        "-f shop.yaml -f alias.json addresses alias.shop",
        "-f broken.yaml addresses payments.shop",
        "-f wrong.json addresses payments.shop",
        "--nameserver 127.0.0.1:9 addresses payments.shop",
    ],
    "reverse": ["-f shop.yaml reverse 10.96.20.1", "-f shop.yaml reverse 10.244.1.21 192.0.2.1"],
    "pod": ["-f shop.yaml -n shop pod 10.244.1.7", "-f shop.yaml -n shop pod 10.244.1.7 x"],
    "lookup": ["-f shop.yaml lookup payments.shop A", "-f shop.yaml lookup payments.shop TXT"],
    "candidates": ["-f shop.yaml candidates payments", "-f shop.yaml candidates payments example.com a..b"],
    "explain": [
        "-f shop.yaml -n shop explain payments",
        "-f shop.yaml -n shop explain payments nowhere",
        "-f shop.yaml -n shop explain payments --compare glibc,musl,go",
        "-f shop.yaml -n shop explain payments api --compare glibc,musl",
        "--nameserver 127.0.0.1:9 explain payments.shop",
        "-f shop.yaml explain a..b",
    ],
    "probe": [
        "probe localhost 1",
        "probe localhost 1 --count 2",
        "-f unready.json probe web.shop http",
        "-f shop.yaml probe nowhere.shop http",
        "probe a..b http",
    ],
    "lint": ["lint resolv.conf", "lint nowhere"],
    "check": ["check shop.yaml", "check wrong.json", "check nowhere.yaml", "check shop.yaml --service nowhere"],
    "inventory": ["inventory shop.yaml"],
    "profile": ["profile queries.log", "profile nowhere.log"],
    "diff": ["diff -f dual.json --corefile Corefile", "diff -f shop.yaml", "diff"],
    "doctor": ["doctor --nameserver 127.0.0.1:9", "doctor --external a..b"],
    "serve": ["serve -f nowhere.yaml", "serve"],
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "dual", "namespace": "shop"},
    "spec": {"dnsPolicy": "Default"},
    "status": {"phase": "Running", "podIP": "10.244.0.7", "podIPs": [{"ip": "10.244.0.7"}, {"ip": "fd00::7"}]},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.0.77", "selector": {"app": "web"}, "ports": [{"name": "http", "port": 99999}]},
}
ALIAS = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "alias", "namespace": "shop"},
    "spec": {"type": "ExternalName", "externalName": "payments.shop.svc.cluster.local"},
}
FILES = {
    "resolv.conf": "nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\noptions edns\n",
    "broken.yaml": "kind: [\n",
    "alias.json": json.dumps(ALIAS),
    "wrong.json": json.dumps(SERVICE),
    "dual.json": json.dumps(POD),
    # Nothing connects to it, as it states no address.
    "unready.json": json.dumps(
        {**SERVICE, "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]}}
    ),
    "Corefile": ".:53 {\n kubernetes cluster.local {\n  pods verified\n }\n}\n",
}


@pytest.fixture
def printed(run: Any, start: Any, shop: str, odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a command prints: an object for each line, or one alone."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(shop, "shop.yaml")
    shutil.copy(LOG, "queries.log")
    for name, text in FILES.items():
        Path(name).write_text(text)

    def call(name: str) -> list[Any]:
        told = [run(*shlex.split(line), *([] if name == "inventory" else ["--json"])).out for line in LINES[name]]
        more = {"serve": lambda: served(start), "probe": lambda: probed(run)}.get(name, tuple)
        return [*map(json.loads, told), *more()]

    return call


def served(start: Any) -> Iterator[Any]:
    """The lines of a nameserver that is asked by each transport, and of which some replies are lost."""
    server = start("serve", "-f", "shop.yaml", "--json", "--fault", "drop A next=1", "--fault", "truncate SRV next=1")
    listening = json.loads(server.stdout.readline())
    yield listening
    config = ResolverConfig.for_cluster(f"{listening['host']}:{listening['port']}", namespace="shop")
    with Resolver(config) as resolver:
        resolver.service("payments", ports=["http"])
    server.send_signal(signal.SIGINT)
    lines, _ = server.communicate(timeout=30)
    yield from map(json.loads, lines.splitlines())


def probed(run: Any) -> Iterator[Any]:
    """What is told of a server that shows a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("web.shop").configure_cert(context)
    with socket.create_server(("127.0.0.2", 0)) as listening:
        thread = threading.Thread(target=_answer, args=(listening, context))
        thread.start()
        yield json.loads(run("probe", "127.0.0.2", str(listening.getsockname()[1]), "--https", "--json").out)
        thread.join()


def _answer(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Shake hands with one who trusts nobody, and answer who comes once more."""
    for _ in range(2):
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as over:
            over.recv(1000)
            over.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


# -- what schemas have -------------------------------------------------------------------------------------------------


def is_valid(root: dict[str, Any], part: dict[str, Any], value: object) -> bool:
    return jsonschema.Draft202012Validator({**part, "$defs": root["$defs"]}).is_valid(value)


def resolved(root: dict[str, Any], part: dict[str, Any], where: str) -> tuple[dict[str, Any], str]:
    """Follow a reference; what several schemas have is known by its own name."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return resolved(root, root["$defs"][name], name if name in COMMON else f"{root['title']} {name}")
    return part, where


COMMON = json.loads((SCHEMAS / "common.json").read_text())["$defs"]


def stated(root: dict[str, Any], part: Any, where: str) -> Iterator[str]:
    """Name each property that a schema has."""
    part, where = resolved(root, part, where)
    for key, of_it in part.get("properties", {}).items():
        yield f"{where}.{key}"
        yield from stated(root, of_it, f"{where}.{key}")
    for branch in (*part.get("oneOf", ()), *part.get("anyOf", ())):
        yield from stated(root, branch, where)
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from stated(root, part[key], where)


def used(root: dict[str, Any], part: Any, value: Any, where: str) -> Iterator[str]:
    """Name each property that a value has."""
    part, where = resolved(root, part, where)
    for branch in (*part.get("oneOf", ()), *part.get("anyOf", ())):
        # What stands beside the branches is not of them.
        if is_valid(root, branch, value):
            yield from used(root, branch, value, where)
    if isinstance(value, dict):
        for key, of_it in value.items():
            if key in part.get("properties", {}):
                yield f"{where}.{key}"
                yield from used(root, part["properties"][key], of_it, f"{where}.{key}")
            elif isinstance(part.get("additionalProperties"), dict):
                yield from used(root, part["additionalProperties"], of_it, where)
    if isinstance(value, list):
        for item in value:
            yield from used(root, part.get("items", {}), item, where)


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Walk over all that a schema consists of."""
    if isinstance(part, dict):
        yield part
        for one in part.values():
            yield from parts(one)
    elif isinstance(part, list):
        for one in part:
            yield from parts(one)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk over the objects of a value, but for that in which names are keys."""
    if isinstance(value, dict):
        if way != ("names",):
            yield way
        for key, one in value.items():
            yield from places(one, (*way, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from places(one, (*way, at))


# -- the rules ---------------------------------------------------------------------------------------------------------


def test_each_command_has_a_schema_and_each_schema_a_command() -> None:
    assert sorted(file.name for file in SCHEMAS.iterdir()) == sorted(["common.json", *(f"{n}.json" for n in COMMANDS)])
    assert sorted(LINES) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_schema_is_one_and_says_what_each_property_is(name: str) -> None:
    of_it = schema(name)
    jsonschema.Draft202012Validator.check_schema(of_it)
    assert next(iter(of_it["properties"])) == "schema_version"
    assert of_it["properties"]["schema_version"]["const"] == 1
    for part in parts(of_it):
        for key, one in part.get("properties", {}).items():
            assert "description" in one or "description" in resolved(of_it, one, "")[0], key


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_has_of_its_own_is_not_called_as_what_is_common(name: str) -> None:
    own = json.loads((SCHEMAS / f"{name}.json").read_text()).get("$defs", {})
    assert own.keys() & COMMON.keys() == set()


def test_what_commands_print_is_as_their_schemas_say_and_all_that_is_there_is_printed(printed: Any) -> None:
    unused: set[str] = set()
    seen: set[str] = set()
    for name in COMMANDS:
        of_it = schema(name)
        unused |= {*stated(of_it, of_it, name)}
        for value in printed(name):
            assert next(iter(value)) == "schema_version", name
            jsonschema.validate(value, of_it, jsonschema.Draft202012Validator)
            assert [way for way in places(value) if is_valid(of_it, of_it, with_more(value, way))] == []
            seen |= {*used(of_it, of_it, value, name)}
    assert unused - seen == set()


def with_more(value: Any, way: tuple[Any, ...]) -> Any:
    """Put another property where that leads."""
    more = copy.deepcopy(value)
    there = more
    for step in way:
        there = there[step]
    there["something_else"] = 1
    return more


def test_the_command_prints_a_schema_that_stands_alone(run: Any) -> None:
    ran = run("schema", "port")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == schema("port")
    assert "common.json" not in ran.out
    assert run("schema", "nothing").status == 2
