"""Small worlds that CoreDNS 1.14.7 and 1.15.0 answered, one beside the other: what differs, and where that ends.

Authority and additional of a reply with RA are the upstream's, and are not compared.
"""

import gzip
import json
import pathlib

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from tests.golden import test_coredns as goldens

DATA = pathlib.Path(__file__).parent / "coredns-1.15.0"
VERSIONS = ("1.14.7", "1.15.0")
SET = {"AD": dns.flags.AD, "CD": dns.flags.CD}


def read():
    for path in sorted(DATA.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            yield from map(json.loads, lines)


WORLDS = {world["id"]: world for world in read()}


def make_cluster(world, version):
    mounted = {"Corefile": world["corefile"], **world.get("files", {})}
    config = {"kind": "ConfigMap", "metadata": {"namespace": "kube-system", "name": "coredns"}, "data": mounted}
    given = world.get("upstream") or {"flags": ["RA"], "zones": {}}
    cluster = Cluster.from_objects(
        [*world["objects"], config],
        built_ins=False,
        coredns=version,
        upstream=given["zones"],
        upstream_authoritative="RA" not in given["flags"],
    )
    cluster.upstream.echoing = "upstream-opt" in world.get("needs", ())
    return cluster


def ask(cluster, step):
    via = step["via"]
    edns = {}
    if via != "udp512":
        options = [dns.edns.GenericOption(code, bytes.fromhex(data)) for code, data in step.get("options", ())]
        payload = 1232 if via == "tcp" else int(via.removeprefix("udp"))
        edns = {"use_edns": step.get("version", 0), "payload": payload, "options": options}
    query = dns.message.make_query(
        step["q"],
        step["t"],
        rdclass=step.get("class", "IN"),
        want_dnssec=step.get("do", False),
        **edns,
    )
    query.set_opcode(dns.opcode.from_text(step.get("opcode", "QUERY")))
    for flag in step.get("set", ()):
        query.flags |= SET[flag]
    wire = cluster.respond(query.to_wire(), tcp=via == "tcp", client=step.get("client", "127.0.0.1"))
    if wire is None:
        return {"silent": True}
    reply = dns.message.from_wire(wire, one_rr_per_rrset=True)
    assert reply.id == query.id
    row = goldens.as_row(reply)
    if reply.edns >= 0:
        shown = [[int(option.otype), option.to_wire().hex()] for option in reply.options]
        row["opt"] = {"payload": reply.payload, "do": bool(reply.ednsflags & dns.flags.DO), "options": shown}
    return row


def comparable(row):
    if row.get("silent"):
        return row
    shown = goldens.comparable(row) | {"opt": row.get("opt")}
    if "RA" in row["flags"]:
        del shown["authority"], shown["additional"]
    return shown


def act(cluster, step):
    for item in step.get("apply", ()):
        cluster.apply(item)
    for kind, namespace, name in step.get("delete", ()):
        cluster.delete(kind, f"{namespace}/{name}")
    if "wait" in step:
        cluster.clock.advance(step["wait"])
    if "upstream" in step:
        cluster.upstream.reachable = step["upstream"] == "up"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WORLDS)
def test_a_world_is_answered_as_each_version_answered_it(name, version):
    world = WORLDS[name]
    if not world.get("starts", {}).get(version, True):
        with pytest.raises(ManifestError, match="ConfigMap kube-system/coredns, Corefile") as caught:
            make_cluster(world, version)
        line = world["corefile"].splitlines()[caught.value.line - 1]
        assert line.split()[0] in ("file", "rewrite")
        return
    cluster = make_cluster(world, version)
    wrong = []
    for step in world["steps"]:
        if "q" not in step:
            act(cluster, step)
            continue
        got, want = ask(cluster, step), step[version]
        if comparable(got) != comparable(want):
            wrong.append(f"{step}\n  want {comparable(want)}\n  got  {comparable(got)}")
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:5])


def test_all_worlds_are_here():
    steps = [step for world in WORLDS.values() for step in world["steps"] if "q" in step]
    assert (len(WORLDS), len(steps), sum(step.get("differs", False) for step in steps)) == (95, 558, 255)
