"""The lines of aiodns on the page about moving come to the same as ours, and its errors are what the page says."""

import ast
import asyncio

import pytest

import k8sresolve
from k8sresolve.testing import Cluster
from tests.docs.test_moving import FULL, ROOT, errors, plain, rows

pytestmark = pytest.mark.live
HEAD = "| `DNSError` | k8sresolve raises |"
NAMES = {"4": "nowhere.shop.svc.cluster.local"}
FAULTS = {
    "12": lambda network: network.drop(),
    "3": lambda network: network.rcode("SERVFAIL"),
    "6": lambda network: network.rcode("REFUSED"),
}


@pytest.fixture
def cluster():
    return Cluster.from_manifests(ROOT / "docs/examples/shop.yaml")


def asking(config, nameserver):
    import aiodns

    return aiodns.DNSResolver([nameserver], domains=list(config.search), ndots=config.ndots, timeout=0.2, tries=1)


async def value(line, names):
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    found = eval(compile(line, "<line>", "eval", flags=flags), names)
    return plain(await found if asyncio.iscoroutine(found) else found)


@pytest.mark.parametrize(("line", "ours"), rows("aiodns"))
def test_a_line(cluster, line, ours):
    async def both():
        config = cluster.config("shop")
        with cluster.serve() as server:
            async with (
                asking(config, str(server.nameserver)) as theirs,
                cluster.async_resolver(namespace="shop") as resolver,
            ):
                names = {"theirs": theirs, "resolver": resolver, "full": FULL}
                return await value(line, names), await value(ours, names)

    theirs, mine = asyncio.run(both())
    assert theirs == mine != []


@pytest.mark.parametrize(("said", "ours"), errors(HEAD))
def test_an_error(cluster, said, ours):
    import aiodns

    code = said.partition(",")[0]
    name, rdtype = NAMES.get(code, FULL), "AAAA" if code == "1" else "A"

    async def fails():
        with cluster.serve() as server:
            nameserver = "127.0.0.1:9" if code == "11" else str(server.nameserver)
            async with asking(cluster.config("shop"), nameserver) as theirs:
                with pytest.raises(aiodns.error.DNSError) as caught:
                    await theirs.query_dns(name, rdtype)
        return caught.value.args[0]

    if code in FAULTS:
        FAULTS[code](cluster.network)
    assert asyncio.run(fails()) == int(code)
    if code == "11":
        cluster.network.refuse()
    with cluster.resolver(namespace="shop") as resolver, pytest.raises(k8sresolve.ResolveError) as caught:
        resolver.lookup(f"{name}.", rdtype, timeout=3)
    assert type(caught.value).__name__ == ours
