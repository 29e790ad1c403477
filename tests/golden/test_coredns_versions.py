"""Small worlds that CoreDNS 1.14.7 and 1.15.0 answered, one beside the other: what differs, and where that ends.

Authority and additional of a reply with RA are the upstream's, and are not compared.
"""

import dns.message
import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import COREDNS_VERSIONS, Cluster
from tests.golden import stepped
from tests.golden import test_coredns as goldens

WORLDS = stepped.worlds()
ASKED = [
    (name, version)
    for name, world in WORLDS.items()
    for version in COREDNS_VERSIONS
    if all(version in step for step in world["steps"] if "q" in step)
]


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
    query = stepped.query(step)
    wire = cluster.respond(query.to_wire(), tcp=step["via"] == "tcp", client=step.get("client", "127.0.0.1"))
    if wire is None:
        return stepped.SILENT
    reply = dns.message.from_wire(wire, one_rr_per_rrset=True)
    assert reply.id == query.id
    return stepped.row(step, reply)


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


@pytest.mark.parametrize(("name", "version"), ASKED)
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
    assert len(ASKED) >= 2 * len(WORLDS)
    assert (len(WORLDS), len(steps), sum(step.get("differs", False) for step in steps)) == (95, 558, 255)
