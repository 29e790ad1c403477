"""The recipes of the page about databases run as they stand there, and connect to the pods that DNS tells."""

import re
from typing import NamedTuple

import pytest

from tests.live.clients.snippet import FENCE
from tests.live.kube import Kube
from tests.live.sandbox import ROOT

pytestmark = pytest.mark.live
PAGE = "docs/how-to/databases.md"
CLIENT_HELLO = "16"  # a handshake record: RFC 8446, section 5.1
# What a NATS server says first.
INFO = 'INFO {"server_id":"A","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}\r\n'


class Recipe(NamedTuple):
    """What a block under a heading does: `first` begins what it sends, in hexadecimal; `wanted` pods it comes to."""

    heading: str
    service: str
    port_name: str
    port: int
    first: str
    tls: bool = False
    wanted: int = 1
    greeting: str = ""


RECIPES = [
    Recipe("psycopg_pool", "data/orders", "postgres", 5432, "0000000804d2162f"),  # SSLRequest
    Recipe("aiokafka", "data/kafka", "tls", 9093, CLIENT_HELLO, tls=True),
    Recipe("confluent-kafka", "data/kafka", "tls", 9093, CLIENT_HELLO, tls=True),
    Recipe("pymongo", "data/mongo", "mongodb", 27017, CLIENT_HELLO, tls=True, wanted=2),
    Recipe("Neo4j", "data/graph", "bolt", 7687, CLIENT_HELLO, tls=True, wanted=2),
    Recipe("NATS", "data/nats", "client", 4222, b"CONNECT {".hex(), greeting=INFO),
    Recipe("Elasticsearch", "data/search", "https", 9200, CLIENT_HELLO, tls=True, wanted=2),
    Recipe("Cassandra", "data/cassandra", "cql", 9042, ".{8}05", wanted=2),  # OPTIONS, after version, flags and stream
    Recipe("gRPC", "shop/ledger", "grpc", 50051, b"PRI * HTTP/2.0\r\n\r\nSM".hex(), wanted=2),
]


def blocks() -> list[tuple[str, int, str]]:
    """Each `py` block: the heading above it, and its number among all blocks."""
    text = (ROOT / PAGE).read_text()
    found = []
    for number, block in enumerate(FENCE.finditer(text)):
        if block[1] == "py":
            (*_, heading) = re.findall(r"^#+ (.+)$", FENCE.sub("", text[: block.start()]), re.MULTILINE)
            found.append((heading, number, block[2]))
    return found


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.heading)
def test_a_recipe_connects_to_the_pods(kube: Kube, recipe: Recipe) -> None:
    number = next(number for heading, number, _ in blocks() if heading == recipe.heading)
    short = recipe.service.partition("/")[2]
    at = 20 + RECIPES.index(recipe)
    pods = {f"10.244.{at}.{each + 1}": f"{short}-{each}" for each in range(2)}
    told = kube.run(
        "tests.live.clients.recipe", {**recipe._asdict(), "page": PAGE, "number": number, "pods": pods}, timeout=100
    )
    names = {address: f"{name}.{short}.data.svc.cluster.local" for address, name in pods.items()}
    assert len({address for address, _, _ in told["seen"]}) >= recipe.wanted, told
    for address, name, first in told["seen"]:
        assert re.match(recipe.first, first), told
        assert name == (names[address] if recipe.tls else None), told


@pytest.mark.parametrize(("heading", "number"), [("kombu and Celery", 0), ("gRPC", 1)])
def test_a_block_that_connects_to_nothing_runs(kube: Kube, heading: str, number: int) -> None:
    at = [each for above, each, _ in blocks() if above == heading][number]
    assert kube.run("tests.live.clients.snippet", None, PAGE, str(at)) == ""


def test_each_block_is_run() -> None:
    assert len(blocks()) == len(RECIPES) + 2
