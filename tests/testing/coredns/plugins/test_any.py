from tests.testing.coredns.world import KUBERNETES, WEB, answer, cluster


def test_any_is_answered_with_a_hint_alone():
    made = cluster("any", KUBERNETES)
    assert answer(made, WEB, "ANY") == [f'{WEB} 8482 HINFO "ANY obsoleted" "See RFC 8482"']
    assert answer(made, WEB) == [f"{WEB} 30 A 10.96.0.2"]
