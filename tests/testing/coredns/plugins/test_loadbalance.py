import collections

from tests.testing.coredns.world import KUBERNETES, answer, cluster


def test_loadbalance_gives_addresses_in_every_order():
    made = cluster(KUBERNETES, "loadbalance")
    orders = collections.Counter(tuple(answer(made, "db.shop.svc.cluster.local.")) for _ in range(2400))
    assert len(orders) == 24
    assert min(orders.values()) > 50
    assert {frozenset(order) for order in orders} == {
        frozenset(f"db.shop.svc.cluster.local. 30 A 10.1.0.{number}" for number in (1, 2, 3, 4))
    }


def test_loadbalance_is_the_same_for_the_same_seed():
    def orders(seed):
        made = cluster(KUBERNETES, "loadbalance", seed=seed)
        return [answer(made, "db.shop.svc.cluster.local.") for _ in range(9)]

    assert orders(1) == orders(1) != orders(2)


def test_loadbalance_puts_aliases_first_and_leaves_srv_in_order():
    made = cluster(KUBERNETES, "loadbalance round_robin", "forward . 8.8.8.8")
    assert [line.split()[2] for line in answer(made, "out.shop.svc.cluster.local.")] == ["CNAME", "A"]
    plain = answer(cluster(KUBERNETES), "db.shop.svc.cluster.local.", "SRV")
    assert all(answer(made, "db.shop.svc.cluster.local.", "SRV") == plain for _ in range(9))
