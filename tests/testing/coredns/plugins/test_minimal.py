from tests.testing.coredns.world import KUBERNETES, WEB, ask, cluster


def test_minimal_leaves_out_glue_but_not_the_soa():
    made = cluster(KUBERNETES, "minimal")
    reply = ask(made, "db.shop.svc.cluster.local.", "SRV")
    assert (len(reply.answer), len(reply.additional)) == (4, 0)
    assert ask(made, WEB, "AAAA").authority
