from k8sresolve.testing import Cluster
from tests.testing.coredns.world import KUBERNETES, answer, cluster, outcome


def test_forward_asks_outside_but_for_what_it_leaves_out():
    made = cluster(KUBERNETES, "forward . 8.8.8.8 {\n except corp.example\n policy sequential\n}")
    assert answer(made, "api.example.com.") == ["api.example.com. 7200 A 192.0.2.80"]
    assert outcome(made, "wiki.corp.example.") == "SERVFAIL"
    assert outcome(made, "other.example.") == "REFUSED"
    assert made.warnings == ()


def test_nameservers_that_forward_to_each_other_end_with_servfail():
    text = ". {\n forward . 127.0.0.1:54\n}\n.:54 {\n forward . 127.0.0.1\n}"
    assert outcome(Cluster.from_objects([], corefile=text), "example.com.") == "SERVFAIL"
