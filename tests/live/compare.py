"""The offline cluster beside a real CoreDNS: the same objects, the same Corefile, the same questions.

Answers are compared by rcode, flags, and each section as a multiset; TTLs are exact, but for a `cache` by the seconds
that went by, as only the real one has a clock of its own. CoreDNS walks its maps in random order, and where an answer
depends on that it is asked again: one of its answers must be the offline cluster's.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dns.message

from k8sresolve.testing import Cluster
from tests.golden.own import rows
from tests.live import servers
from tests.live.ask import more
from tests.live.sandbox import API_PORT, Sandbox
from tests.live.worlds import OUTSIDE, OUTSIDE_PORT, World

SERVER_ADDRESSES = ("10.244.0.2", "10.0.0.8")
ADDRESSES = tuple(f"{address}/32" for address in SERVER_ADDRESSES)
# What the kubelet writes into a pod's /etc/hosts, which the plugin `hosts` reads.
POD_HOSTS = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
"""
FIRST_PORT = 1000
AGAIN = 100  # of three Services that share an address, Go tells one in eight times as the first
SLOW = 4  # seconds that may go by between an answer and the same one from the cache
_TTL = re.compile(r"(?<= )\d+(?= )")


class Difference(NamedTuple):
    """A question that the two answer unlike."""

    seed: int
    question: tuple[str, ...]
    want: rows.Row | None
    got: rows.Row | None

    def __str__(self) -> str:
        return f"seed {self.seed}: {' '.join(self.question)}\n  CoreDNS {self.want}\n  offline {self.got}"


def corefile(folder: Path, batch: Sequence[World]) -> str:
    """One server block for each world, on a port of its own, and one for the world outside."""
    outside = folder / "outside.zone"
    blocks = [f".:{OUTSIDE_PORT} {{\n    file {outside} example.com\n}}\n"]
    for number, world in enumerate(batch):
        block = world.block.replace("API", f"http://127.0.0.1:{API_PORT}/world-{number}")
        blocks.append(f".:{FIRST_PORT + number} {{\n{block.replace('OUTSIDE', str(outside))}}}\n")
    return "\n".join(blocks)


def offline(folder: Path, world: World, version: str) -> Cluster:
    """The same world, offline."""
    block = world.block.replace("OUTSIDE", str(folder / "outside.zone"))
    return Cluster.from_objects(
        world.objects,
        built_ins=False,
        corefile=f".:53 {{\n{block}}}\n",
        coredns=version,
        upstream={"example.com": OUTSIDE},
        upstream_authoritative=True,
        server_addresses=SERVER_ADDRESSES,
    )


def answer(cluster: Cluster, name: str, rdtype: str, via: str, client: str = "") -> rows.Row | None:
    query = rows.query(name, rdtype, via)
    data = cluster.respond(query.to_wire(), tcp=via == "tcp", client=client)
    if data is None:
        return None
    reply = dns.message.from_wire(data, one_rr_per_rrset=True)
    if not query.is_response(reply):
        return {"rcode": "OTHER", "flags": [], "answer": [], "authority": [], "additional": []}
    return {**rows.row(name, rdtype, via, reply), "more": more(reply)}


def agree(got: rows.Row | None, want: rows.Row | None, *, cached: bool) -> bool:
    """Whether the two say the same."""
    if got is None or want is None:
        return got is want
    if "more" in got and "more" in want and got["more"] != want["more"]:
        return False
    if not cached or "TC" in got["flags"]:
        return rows.agree(got, want)
    ttls = [[int(ttl) for ttl in _TTL.findall(_ttl_fields(row))] for row in (got, want)]
    return rows.agree(_without_ttls(got), _without_ttls(want)) and all(
        of_got - SLOW <= of_want <= of_got for of_got, of_want in zip(*map(sorted, ttls), strict=True)
    )


def _ttl_fields(row: rows.Row) -> str:
    return "".join(f" {record.split(' ')[1]} " for section in rows.SECTIONS for record in row[section])


def _without_ttls(row: rows.Row) -> rows.Row:
    sections = {
        section: [" ".join(record.split(" ")[:1] + record.split(" ")[2:]) for record in row[section]]
        for section in rows.SECTIONS
    }
    return {**row, **sections}


def compare(
    folder: Path, batch: Sequence[World], *, version: str = servers.COREDNS_VERSION, again: int = AGAIN
) -> Iterator[Difference | None]:
    """Run a CoreDNS with some worlds, and give a difference, or None, for each question.

    One whose answer depends on chance is asked `again`.
    """
    (folder / "outside.zone").write_text(OUTSIDE)
    questions, ours = [], []
    for number, world in enumerate(batch):
        cluster = offline(folder, world, version)
        for name, rdtype, via in world.questions:
            ours.append(answer(cluster, name, rdtype, via, "127.0.0.1"))
            questions.append((name, rdtype, via, FIRST_PORT + number, 5.0 if ours[-1] else 0.3, None, True))
    server = servers.coredns(folder, corefile(folder, batch), version)
    (folder / "hosts").write_text(POD_HOSTS)
    with Sandbox(folder, [server], addresses=ADDRESSES, worlds=[world.objects for world in batch]) as sandbox:

        def ask(some: Sequence[Any]) -> list[rows.Row | None]:
            resolv_conf = "nameserver 127.0.0.1\n"
            return list(
                sandbox.run("tests.live.ask", list(some), resolv_conf=resolv_conf, hosts=POD_HOSTS, timeout=300)
            )

        theirs = ask(questions)
        for question, got, want in zip(questions, ours, theirs, strict=True):
            world = batch[question[3] - FIRST_PORT]
            cached = " cache " in world.block
            if agree(got, want, cached=cached) or any(
                agree(got, other, cached=cached) for other in ask([question] * again)
            ):
                yield None
            else:
                yield Difference(world.seed, question[:3], want, got)
