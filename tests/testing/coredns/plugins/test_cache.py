from tests.testing.coredns.world import KUBERNETES, WEB, answer, ask, cluster, outcome, ttl


def test_cache_gives_all_records_one_ttl_between_5_and_the_limit():
    made = cluster(KUBERNETES.replace("ttl 30", "ttl 0"), "forward . 8.8.8.8", "cache 30")
    assert ttl(made, "db.shop.svc.cluster.local.", "SRV") == 5
    assert ttl(made, "dns-version.cluster.local.", "TXT") == 30
    assert ttl(made, "api.example.com.") == 30
    assert ttl(made, "short.example.com.") == 5
    assert ttl(made, "nothing.example.com.") == 30


def test_what_is_remembered_counts_down_by_the_clusters_clock_and_is_then_asked_anew():
    made = cluster(KUBERNETES, "cache 30")
    assert ttl(made, WEB) == 30
    made.store.remove("Service", "shop", "web")
    made.clock.advance(29.5)
    assert ttl(made, WEB) == 1
    made.clock.advance(0.5)
    assert outcome(made, WEB) == "NXDOMAIN"


def test_what_is_remembered_has_the_case_that_it_was_asked_in():
    made = cluster(KUBERNETES, "cache")
    answer(made, "wEB.shop.svc.cluster.local.")
    assert answer(made, WEB) == ["wEB.shop.svc.cluster.local. 30 A 10.96.0.2"]


def test_dnssec_and_plain_questions_are_remembered_apart():
    made = cluster(KUBERNETES, "cache")
    ttl(made, WEB)
    made.clock.advance(9)
    assert ask(made, WEB, dnssec=True).answer[0].ttl == 30


def test_kubeadm_remembers_nothing_of_the_cluster_but_levels_ttls():
    made = cluster(
        KUBERNETES.replace("ttl 30", "ttl 60"),
        "cache 30 {\n disable success cluster.local\n disable denial cluster.local\n}",
    )
    assert ttl(made, WEB) == 30
    made.clock.advance(9)
    assert ttl(made, WEB) == 30


def test_success_and_denial_have_limits_of_their_own():
    made = cluster(KUBERNETES, "cache {\n success 100 20 1\n denial 100 7 3\n}", "forward . 8.8.8.8")
    assert (ttl(made, WEB), ttl(made, "nothing.shop.svc.cluster.local.")) == (20, 7)
    assert ttl(made, "short.example.com.") == 2


def test_a_cache_acts_in_its_zones_only():
    made = cluster(KUBERNETES, "cache 10 data.svc.cluster.local")
    assert ttl(made, WEB) == 30
    assert ttl(made, "data.svc.cluster.local.") == 10


def test_a_full_cache_forgets():
    made = cluster(KUBERNETES, "cache {\n denial 1\n}")  # 4 in each of 256 shards
    for number in range(1025):
        outcome(made, f"x{number}.shop.svc.cluster.local.")
    made.clock.advance(3)
    assert (ttl(made, "x1024.shop.svc.cluster.local."), ttl(made, "x0.shop.svc.cluster.local.")) == (27, 30)


def test_keepttl_gives_the_full_ttl_again():
    made = cluster(KUBERNETES, "cache {\n keepttl\n}")
    ttl(made, WEB)
    made.clock.advance(9)
    assert ttl(made, WEB) == 30
