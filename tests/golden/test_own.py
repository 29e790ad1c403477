"""The offline cluster answers for a world of our own as CoreDNS did: pods that are not alike behind one Service."""

import dns.message
import pytest

from k8sresolve.testing import Cluster
from tests.golden.own import rows

RECORDED = rows.recorded()


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster.from_manifests(rows.FOLDER / "world.yaml", upstream=None, built_ins=False)


@pytest.mark.parametrize("namespace", ["blend", "quiet", "arpa"])
def test_the_offline_cluster_answers_as_coredns_did(cluster: Cluster, namespace: str) -> None:
    wanted = [row for row in RECORDED if namespace in row["q"].split(".")]
    assert wanted
    wrong = []
    for want in wanted:
        query = rows.query(want["q"], want["t"], want["via"])
        reply = cluster.respond(query.to_wire(), tcp=want["via"] == "tcp")
        assert reply is not None
        got = rows.row(want["q"], want["t"], want["via"], dns.message.from_wire(reply, one_rr_per_rrset=True))
        if not rows.agree(got, want):
            wrong.append(f"{want['q']} {want['t']} {want['via']}:\n  want {want}\n  got  {got}")
    assert not wrong, f"{len(wrong)} of {len(wanted)} differ:\n" + "\n".join(wrong[:5])


def test_every_row_is_compared() -> None:
    assert len(RECORDED) == len(rows.questions(rows.objects())) > 500
    assert all({"blend", "quiet", "arpa"} & set(row["q"].split(".")) for row in RECORDED)
