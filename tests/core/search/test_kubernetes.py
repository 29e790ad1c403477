"""The rules of the policy `kubernetes`: candidates, what is left out, failures on the way, what is reported.

The numbers are those of `docs/explanation/search.md`.
"""

import pytest

from k8sresolve._core.questions import AAAA, A, Failed
from k8sresolve._core.search.walk import Search
from k8sresolve.config import ResolverConfig
from tests.core.search.driving import (
    DANGLING,
    GLIBC,
    KUBERNETES,
    NO,
    NODE,
    NONE,
    POD,
    REFUSED,
    SERVFAIL,
    SHOP,
    TIMEOUT,
    V4,
    V6,
    asked,
    drive,
)

# Rule 2: glibc's order.


@pytest.mark.parametrize(
    ("name", "ndots", "names"),
    [
        ("x.y", 5, ["x.y.shop.svc.cluster.local.", "x.y.svc.cluster.local.", "x.y."]),
        ("x.y", 2, ["x.y.shop.svc.cluster.local.", "x.y.svc.cluster.local.", "x.y."]),
        ("x.y", 1, ["x.y.", "x.y.shop.svc.cluster.local.", "x.y.svc.cluster.local."]),
        ("x.y", 0, ["x.y.", "x.y.shop.svc.cluster.local.", "x.y.svc.cluster.local."]),
        ("x.y.", 5, ["x.y."]),
        ("Payments", 5, ["Payments.shop.svc.cluster.local.", "Payments."]),
    ],
)
def test_candidates_stand_in_glibcs_order_with_ndots_as_configured(name, ndots, names):
    assert asked(name, ResolverConfig(search=SHOP, ndots=ndots)) == names


def test_every_candidate_is_told_with_the_rule_that_leaves_it_out():
    told = Search(POD, KUBERNETES).candidates("payments")
    assert [(c.name, c.asked) for c in told] == [
        ("payments.shop.svc.cluster.local.", True),
        ("payments.svc.cluster.local.", False),
        ("payments.cluster.local.", False),
        ("payments.", True),
    ]
    assert "no name under cluster.local has this shape" in told[1].rule
    assert {c.outcome for c in told} == {""}


# Rule 3: what is left out.


ANSWERED = ["payments", "web-0.web", "_http._tcp.payments", "z1.prefer._zone.payments", "z1.pin._zone.payments"]


@pytest.mark.parametrize("name", ANSWERED)
def test_shapes_of_the_specification_are_asked_in_the_own_namespace(name):
    assert f"{name}.shop.svc.cluster.local." in asked(name)


@pytest.mark.parametrize("name", [*(f"{name}.data" for name in ANSWERED), "1-2-3-4.web.data"])
def test_shapes_of_the_specification_are_asked_in_another_namespace(name):
    expected = name != "1-2-3-4.web.data"
    assert (f"{name}.svc.cluster.local." in asked(name)) is True
    assert (f"{name}.shop.svc.cluster.local." in asked(name)) is (name.count(".") < 2 and expected)


@pytest.mark.parametrize("name", ["10-244-0-7.shop.pod", "fd00--7.shop.pod", "payments.shop.svc", "_dns._udp.x.y.svc"])
def test_shapes_of_the_specification_are_asked_below_the_cluster_domain(name):
    assert asked(name)[-2:] == [f"{name}.cluster.local.", f"{name}."]


@pytest.mark.parametrize(
    "name",
    [
        "shop.svc",
        "svc",
        "x",
        "shop.pod",
        "web.shop.pod",
        "a.b.c.d.svc",
        "_tcp.x.y.svc",
        "http.tcp.x.y.svc",
        "-x.shop.svc",
    ],
)
def test_joined_names_that_nobody_can_answer_are_left_out(name):
    assert f"{name}.cluster.local." not in asked(name)


def test_the_name_as_typed_is_always_asked():
    assert asked("no.shape.at.all.cluster.local") == ["no.shape.at.all.cluster.local."]
    config = ResolverConfig(search=(*SHOP, "."), ndots=5)
    assert asked("no.shape.here.cluster.local", config) == ["no.shape.here.cluster.local."]


def test_the_cluster_domain_may_have_any_number_of_labels_and_any_case():
    config = ResolverConfig(search=("shop.svc.K8s.Corp.example", "svc.K8s.Corp.example", "corp.example"), ndots=5)
    assert asked("a.b.c.k8s", config) == ["a.b.c.k8s."]  # a.b.c.k8s.corp.example. is under the cluster domain too
    assert asked("payments", config) == ["payments.shop.svc.K8s.Corp.example.", "payments.corp.example.", "payments."]


# Rule 5: failures on the way.


@pytest.mark.parametrize("reason", ["timeout", "servfail", "refused", "notimp", "formerr", "network", "closed"])
def test_under_the_cluster_domain_a_failure_is_not_passed_over(reason):
    failed = Failed(reason)
    answers = {"web-0.web.shop.svc.cluster.local.": failed, "web-0.web.svc.cluster.local.": V4, "web-0.web.": V4}
    end, batches = drive("web-0.web", answers=answers)
    assert (end.found, end.failure, end.failed) == (None, "temporary", failed)
    assert len(batches) == 1


@pytest.mark.parametrize("reason", ["timeout", "servfail", "refused"])
def test_the_name_as_typed_under_the_cluster_domain_is_not_passed_over_either(reason):
    config = ResolverConfig(search=(*SHOP, "corp.example"), ndots=1)
    answers = {"a.b.svc.cluster.local.": Failed(reason), "a.b.svc.cluster.local.corp.example.": V4}
    end, batches = drive("a.b.svc.cluster.local", config, answers=answers)
    assert end.failure == "temporary"
    assert batches == [["a.b.svc.cluster.local."]]


def test_the_cluster_domain_itself_is_under_the_cluster_domain():
    config = ResolverConfig(search=(*SHOP, "corp.example"), ndots=1)
    end, batches = drive("Cluster.Local", config, answers={"Cluster.Local.": SERVFAIL})
    joined = ["Cluster.Local.shop.svc.cluster.local.", "Cluster.Local.svc.cluster.local."]
    assert (end.failure, batches) == ("temporary", [["Cluster.Local.", *joined]])


def test_outside_servfail_goes_on_to_the_next_domain():
    answers = {"x.corp.example.": SERVFAIL, "x.example.net.": V4}
    assert drive("x", NODE, answers=answers)[0].found.candidate.name == "x.example.net."


@pytest.mark.parametrize("reason", ["timeout", "refused", "notimp", "formerr"])
def test_outside_other_failures_end_the_list_but_the_name_as_typed_is_asked(reason):
    answers = {"x.corp.example.": Failed(reason), "x.example.net.": V4}
    end, batches = drive("x", NODE, answers=answers)
    assert batches[-1] == ["x."]
    assert (end.failure, end.failed) == ("temporary", Failed(reason))


def test_a_negative_end_after_a_failure_is_temporary():
    end, _ = drive("x", NODE, answers={"x.corp.example.": SERVFAIL, "x.": NONE})
    assert (end.failure, end.failed) == ("temporary", SERVFAIL)


@pytest.mark.parametrize(
    ("pair", "failure"),
    [
        ((NONE, SERVFAIL), "temporary"),  # it may have AAAA
        ((TIMEOUT, NONE), "temporary"),
        ((NO, SERVFAIL), "nxdomain"),  # it has nothing of any type
        ((REFUSED, NO), "nxdomain"),
        ((NONE, NO), "nxdomain"),
        ((DANGLING, NONE), "nodata"),
        ((DANGLING, NO), "nodata"),
        ((DANGLING, TIMEOUT), "temporary"),
    ],
)
def test_a_failure_of_one_family_counts_unless_the_name_does_not_exist(pair, failure):
    assert drive("x.", rdtypes=(A, AAAA), answers={"x.": pair})[0].failure == failure


@pytest.mark.parametrize("pair", [(V4, TIMEOUT), (TIMEOUT, V6), (V4, SERVFAIL), (REFUSED, V6), (V4, NO)])
def test_one_family_is_enough_to_be_found(pair):
    assert (
        drive("payments", rdtypes=(A, AAAA), answers={"payments.shop.svc.cluster.local.": pair})[0].found.answers
        == pair
    )


def test_a_reply_that_cannot_be_right_is_no_temporary_failure():
    bad = Failed("bad", "a CNAME loop")
    end, _ = drive("payments", answers={"payments.shop.svc.cluster.local.": bad})
    assert (end.failure, end.failed) == ("failed", bad)


# Rule 6: no cluster domain.


def test_without_a_cluster_domain_it_walks_as_glibc_does():
    config = ResolverConfig(search=("a.test", "b.test"), ndots=5)
    assert drive("x", config)[1] == [["x.a.test."], ["x.b.test."], ["x."]]
    end, batches = drive("x", config, answers={"x.a.test.": TIMEOUT, "x.b.test.": V4})
    assert batches == [["x.a.test."], ["x."]]
    assert (end.failure, drive("x", config, GLIBC, answers={"x.a.test.": TIMEOUT})[0].failure) == (
        "temporary",
        "nxdomain",
    )


def test_an_explicit_cluster_domain_is_used_without_a_search_list():
    config = ResolverConfig(cluster_domain="Cluster.Local.", search=("x.cluster.local",), ndots=5)
    assert asked("a.b", config) == ["a.b."]


# Which negative is reported.


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ({}, "nxdomain"),
        ({"payments.shop.svc.cluster.local.": NONE}, "nodata"),
        ({"payments.": NONE}, "nodata"),
        ({"payments.svc.cluster.local.": NONE}, "nxdomain"),  # a namespace's node, which is not asked
    ],
)
def test_nodata_is_reported_if_a_candidate_that_was_asked_has_it(answers, failure):
    assert drive("payments", answers=answers)[0].failure == failure


def test_nodata_of_a_first_try_as_typed_counts():
    config = ResolverConfig(search=SHOP, ndots=1)
    assert drive("a.test", config, answers={"a.test.": NONE})[0].failure == "nodata"


# Names that are not sent.


def test_a_service_in_a_namespace_called_onion_is_found():
    answers = {"web.onion.svc.cluster.local.": V4}
    end, batches = drive("web.onion", answers=answers)
    assert end.found.candidate.name == "web.onion.svc.cluster.local."
    assert drive("web.onion")[1] == batches
