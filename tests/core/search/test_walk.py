"""The rules of searching, one by one: candidates, what is asked at once, where the asking stops, what is reported."""

from ipaddress import IPv4Address, IPv6Address
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.questions import AAAA, SRV, TXT, A, Empty, Failed, Found, NxDomain
from k8sresolve._core.search.rules import Then
from k8sresolve._core.search.walk import candidates, masked, policy, rehearse, walk
from k8sresolve.config import Policy, ResolverConfig
from k8sresolve.errors import ConfigError

SHOP = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
POD = ResolverConfig(search=SHOP, ndots=5)
NODE = ResolverConfig(search=(*SHOP, "corp.example", "example.net"), ndots=5)
POLICIES = {name: policy(name) for name in get_args(Policy)}
KUBERNETES, GLIBC = policy("kubernetes"), policy("glibc")
NO, NONE = NxDomain(0.0), Empty(0.0)
DANGLING = Empty(0.0, chain=("elsewhere.test.",))
V4, V6 = Found((IPv4Address("10.96.20.1"),), 30, 30.0), Found((IPv6Address("fd00::1"),), 30, 30.0)
SERVFAIL, REFUSED, TIMEOUT = Failed("servfail"), Failed("refused"), Failed("timeout")


def drive(name, config=POD, policy=KUBERNETES, rdtypes=(A,), answers=None):
    """Walk with all answers at hand: {name: answer, or a tuple of one for each type}, NXDOMAIN else.

    Returns the end, and the names asked, a list for each batch.
    """
    lookup = walk(name, config, policy, rdtypes)
    batches = []
    try:
        ask = next(lookup)
        while True:
            batches.append(list(dict.fromkeys(question.name for question in ask.questions)))
            got = []
            for question in ask.questions:
                answer = (answers or {}).get(question.name, NO)
                got.append(answer[rdtypes.index(question.rdtype)] if isinstance(answer, tuple) else answer)
            assert ask.enough(tuple(got))
            ask = lookup.send(tuple(got))
    except StopIteration as stop:
        return stop.value, batches


def asked(name, config=POD, policy=KUBERNETES):
    return [c.name for c in candidates(name, config, policy) if c.asked]


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
    told = candidates("payments", POD, KUBERNETES)
    assert [(c.name, c.asked) for c in told] == [
        ("payments.shop.svc.cluster.local.", True),
        ("payments.svc.cluster.local.", False),
        ("payments.cluster.local.", False),
        ("payments.", True),
    ]
    assert "no name under cluster.local has this shape" in told[1].rule
    assert {c.outcome for c in told} == {""}


def test_glibc_leaves_nothing_out():
    assert asked("payments", POD, GLIBC) == [f"payments.{entry}." for entry in SHOP] + ["payments."]


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


# Rule 4: what is asked at once, and what decides.


@pytest.mark.parametrize(
    ("name", "answers", "batches"),
    [
        (
            "payments",
            {},
            [
                ["payments.shop.svc.cluster.local."],
                ["payments.corp.example."],
                ["payments.example.net."],
                ["payments."],
            ],
        ),
        (
            "payments.shop",
            {"payments.shop.svc.cluster.local.": V4},
            [["payments.shop.shop.svc.cluster.local.", "payments.shop.svc.cluster.local."]],
        ),
        (
            "payments.shop.svc.cluster.local",
            {"payments.shop.svc.cluster.local.corp.example.": V4},
            [["payments.shop.svc.cluster.local.corp.example."]],
        ),
    ],
)
def test_a_run_under_the_cluster_domain_is_asked_at_once_and_the_rest_one_by_one(name, answers, batches):
    assert drive(name, NODE, answers=answers)[1] == batches


def test_names_outside_are_asked_only_after_all_before_them_said_no():
    end, batches = drive("payments", NODE, answers={"payments.corp.example.": V4})
    assert batches == [["payments.shop.svc.cluster.local."], ["payments.corp.example."]]
    assert end.found.candidate.name == "payments.corp.example."
    assert [t.outcome for t in end.tried] == ["nxdomain", "found"]


def test_an_outside_domain_parts_two_runs():
    config = ResolverConfig(search=("a.svc.d.test", "corp.example", "b.svc.d.test", "c.svc.d.test"), ndots=5)
    _, batches = drive("x", config)
    assert batches == [["x.a.svc.d.test."], ["x.corp.example."], ["x.b.svc.d.test.", "x.c.svc.d.test."], ["x."]]


def test_search_order_decides_and_not_arrival():
    ask = next(walk("web-0.web", POD, KUBERNETES, (A,)))
    assert not ask.enough((None, V4))
    assert not ask.usable((None, V4))
    assert ask.enough((V4, None))
    assert ask.enough((NO, V4))
    assert not ask.enough((NO, None))
    assert not ask.enough((NONE, None))
    assert ask.enough((SERVFAIL, None))
    assert ask.enough((NO, NO))


def test_candidates_behind_the_one_that_decided_are_told_as_overtaken():
    lookup = walk("web-0.web", POD, KUBERNETES, (A,))
    next(lookup)
    with pytest.raises(StopIteration) as stop:
        lookup.send((V4, None))
    assert [t.outcome for t in stop.value.value.tried] == ["found", "overtaken"]
    assert stop.value.value.found.answers == (V4,)


def test_both_families_are_waited_for_but_one_is_usable():
    ask = next(walk("web-0.web", POD, KUBERNETES, (A, AAAA)))
    assert not ask.enough((V4, None, None, None))
    assert ask.usable((V4, None, None, None))
    assert ask.usable((None, V6, None, None))
    assert not ask.usable((None, None, V4, V6))
    assert not ask.usable((NONE, None, V4, V6))
    assert ask.usable((NO, NONE, None, V6))
    assert not ask.usable((SERVFAIL, NONE, None, V6))
    assert not ask.usable((NO, NO, NO, NO))


@pytest.mark.parametrize(("name", "usable"), [("kubernetes", True), ("glibc", False), ("musl", False), ("go", True)])
def test_a_policy_that_would_not_forgive_the_loss_of_a_does_not_call_aaaa_usable(name, usable):
    ask = next(walk("x.test.", POD, policy(name), (A, AAAA)))
    assert ask.usable((None, V6)) is usable
    assert ask.usable((V4, None)) is (name != "musl")


@pytest.mark.parametrize(
    ("name", "found", "questions", "trips"),
    [
        ("payments.data", "payments.data.svc.cluster.local.", 2, 1),
        ("api.example.com", "api.example.com.", 2, 2),
    ],
)
@pytest.mark.parametrize("rdtypes", [(A,), (A, AAAA)])
def test_g7_questions_and_round_trips_for_any_host(name, found, questions, trips, rdtypes):
    end, batches = drive(name, rdtypes=rdtypes, answers={found: (V4, NONE)[: len(rdtypes)]})
    assert end.found.candidate.name == found
    assert sum(map(len, batches)) == questions
    assert len(batches) == trips


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


@pytest.mark.parametrize("policy", [KUBERNETES, GLIBC])
def test_a_cname_that_leads_nowhere_ends_the_walk(policy):
    end, batches = drive(
        "payments", policy=policy, answers={"payments.shop.svc.cluster.local.": DANGLING, "payments.": V4}
    )
    assert batches == [["payments.shop.svc.cluster.local."]]
    assert (end.found, end.failure, end.tried[-1].outcome) == (None, "nodata", "dangling")


def test_nxdomain_at_the_end_of_a_cname_is_a_plain_nxdomain_for_glibc():
    """res_query() looks at ANCOUNT only where the rcode is NOERROR."""
    gone = NxDomain(0.0, chain=("gone.test.",))
    config = ResolverConfig(search=("a.test",), ndots=5)
    assert drive("x", config, GLIBC, answers={"x.a.test.": gone, "x.": V4})[0].found.candidate.name == "x."


# Names that are not sent.


def test_a_joined_name_that_no_packet_can_carry_ends_the_list_as_in_glibc():
    """S9: no exception, and no question."""
    long = ".".join(["l" * 60] * 4)
    config = ResolverConfig(search=("a.test", long, "b.test"), ndots=5)
    end, batches = drive("a-longer-name", config)
    assert batches == [["a-longer-name.a.test."], ["a-longer-name."]]
    assert [(c.asked, "cannot be sent" in c.rule) for c in candidates("a-longer-name", config, KUBERNETES)] == [
        (True, False),
        (False, True),
        (False, True),
        (True, False),
    ]
    assert [t.outcome for t in end.tried] == ["nxdomain", "unsendable", "nxdomain"]
    assert end.failure == "nxdomain"


@pytest.mark.parametrize("octets", [254, 255])
def test_253_characters_can_be_sent_and_254_cannot(octets):
    name = ".".join(["l" * 63, "l" * 63, "l" * 63, "l" * (octets - 193)])
    assert len(name) == octets - 1
    assert drive(f"{name}.")[1] == ([[f"{name}."]] if octets == 254 else [])


@pytest.mark.parametrize("name", ["a..b.", ".a.", "l" * 64, "\u00fc.", "a\\", "..", "a\\999."])
def test_names_that_are_no_domain_names_are_never_asked(name):
    for row in POLICIES.values():
        end, batches = drive(name, ResolverConfig(), row)
        assert batches == []
        assert end.found is None


@pytest.mark.parametrize(
    ("name", "batches"), [("kubernetes", []), ("go", []), ("glibc", [["x.onion."]]), ("musl", [["x.onion."]])]
)
def test_s12_onion_names_are_not_for_dns(name, batches):
    assert drive("x.onion.", policy=policy(name))[1] == batches


def test_a_service_in_a_namespace_called_onion_is_found():
    answers = {"web.onion.svc.cluster.local.": V4}
    end, batches = drive("web.onion", answers=answers)
    assert end.found.candidate.name == "web.onion.svc.cluster.local."
    assert drive("web.onion")[1] == batches


# Entries that stand for the root, and names that come twice.


@pytest.mark.parametrize("entry", [".", ""])
def test_a_root_entry_asks_the_name_as_typed_in_its_place(entry):
    config = ResolverConfig(search=("a.test", entry, "b.test"), ndots=5)
    for row in (KUBERNETES, GLIBC):
        assert drive("x", config, row)[1] == [["x.a.test."], ["x."], ["x.b.test."]]


def test_the_name_as_typed_is_asked_after_all_where_the_list_is_left_before_its_root_entry():
    config = ResolverConfig(search=("a.test", "b.test", "."), ndots=5)
    for row in (KUBERNETES, GLIBC):
        assert drive("x", config, row, answers={"x.a.test.": REFUSED})[1] == [["x.a.test."], ["x."]]
        assert drive("x", config, row, answers={"x.": REFUSED})[1] == [["x.a.test."], ["x.b.test."], ["x."]]


def test_a_name_is_asked_once():
    config = ResolverConfig(search=("a.test", "A.test.", "b.test", "a.test"), ndots=0)
    assert drive("x", config)[1] == [["x."], ["x.a.test."], ["x.b.test."]]
    assert drive("x", config, GLIBC)[1] == [["x."], ["x.a.test."], ["x.A.test."], ["x.b.test."], ["x.a.test."]]


def test_a_name_that_comes_again_is_judged_by_the_answers_it_had():
    """As glibc, which would ask again: a refusal as typed goes on to the list, the same from the list ends it."""
    config = ResolverConfig(search=(".", "a.test"), ndots=0)
    assert drive("x", config, answers={"x.": REFUSED})[1] == [["x."]]
    assert drive("x", config, GLIBC, answers={"x.": REFUSED})[1] == [["x."], ["x."]]


# Any type.


def test_other_types_are_searched_as_addresses_are():
    answers = {"_http._tcp.payments.shop.svc.cluster.local.": Found((), 30, 30.0)}
    end, batches = drive("_http._tcp.payments", rdtypes=(SRV,), answers=answers)
    assert end.found.answers == (answers["_http._tcp.payments.shop.svc.cluster.local."],)
    assert batches == [["_http._tcp.payments.shop.svc.cluster.local."]]
    assert drive("x", rdtypes=(TXT,))[1] == [["x.shop.svc.cluster.local."], ["x."]]


# glibc's own ways.


def test_glibc_keeps_the_result_of_a_first_try_as_typed():
    config = ResolverConfig(search=("a.test",), ndots=1)
    for first, failure in ((NO, "nxdomain"), (NONE, "nodata"), (SERVFAIL, "temporary")):
        assert drive("x.y", config, GLIBC, (AAAA,), {"x.y.": first, "x.y.a.test.": NONE})[0].failure == failure


def test_glibc_forgets_a_remembered_failure_for_a_alone():
    config = ResolverConfig(search=("a.test",), ndots=5)
    answers = {"x.a.test.": SERVFAIL}
    assert [drive("x", config, GLIBC, t, answers)[0].failure for t in ((A,), (AAAA,), (A, AAAA))] == [
        "nxdomain",
        "temporary",
        "temporary",
    ]


def test_glibc_stops_at_once_where_nobody_can_be_reached():
    config = ResolverConfig(search=("a.test", "b.test"), ndots=5)
    end, batches = drive("x", config, GLIBC, answers={"x.a.test.": Failed("network")})
    assert (end.failure, batches) == ("temporary", [["x.a.test."]])


def test_no_tld_query_spares_a_name_without_dots():
    config = ResolverConfig(search=("a.test",), ndots=5, flags=frozenset({"no-tld-query"}))
    assert asked("x", config, GLIBC) == ["x.a.test."]
    assert asked("x.y", config, GLIBC) == ["x.y.a.test.", "x.y."]


@pytest.mark.parametrize(
    ("pair", "names"),
    [
        ((SERVFAIL, TIMEOUT), ["x.a.test.", "x.b.test.", "x."]),
        ((TIMEOUT, SERVFAIL), ["x.a.test.", "x.b.test.", "x."]),
        ((TIMEOUT, REFUSED), ["x.a.test.", "x."]),
        ((REFUSED, TIMEOUT), ["x.a.test.", "x."]),
        ((TIMEOUT, V6), ["x.a.test.", "x."]),
        ((V4, TIMEOUT), ["x.a.test."]),
    ],
)
def test_glibc_takes_an_rcode_for_the_pair_where_the_other_reply_is_lost(pair, names):
    config = ResolverConfig(search=("a.test", "b.test"), ndots=5)
    _, batches = drive("x", config, GLIBC, (A, AAAA), {"x.a.test.": pair})
    assert [name for batch in batches for name in batch] == names


@pytest.mark.parametrize("row", POLICIES.values(), ids=list(POLICIES))
def test_nothing_more_is_asked_of_a_resolver_that_was_closed(row):
    config = ResolverConfig(search=("a.test", "b.test"), ndots=5)
    end, batches = drive("x", config, row, answers={"x.a.test.": Failed("closed")})
    assert (end.failure, batches) == ("temporary", [["x.a.test."]])


# musl's and Go's own ways; most are in tests/golden.


@pytest.mark.parametrize(("octets", "searched"), [(254, True), (255, False)])
def test_musl_passes_over_a_search_line_that_does_not_fit_its_buffer(octets, searched):
    entry = "a." * 100 + "b" * (octets - len("search a.test ") - 200)
    config = ResolverConfig(search=("a.test", entry), ndots=5)
    assert ("x.a.test." in asked("x", config, policy("musl"))) is searched


@pytest.mark.parametrize(
    ("version", "length", "entries"),
    [
        ("musl", 253, "cbd"),
        ("musl", 254, "cd"),
        ("musl-1.2.3", 253, "cbd"),
        ("musl-1.2.3", 254, "c"),
        ("musl-1.2.3", 255, "c"),
        ("musl-1.2.3", 256, "cd"),
    ],
)
def test_musl_1_2_3_stops_at_a_joined_name_that_only_its_buffer_can_hold(version, length, entries):
    typed = "x." * 110 + "x"
    config = ResolverConfig(search=("c", "b" * (length - len(typed) - 1), "d"), ndots=15000)
    end, batches = drive(typed, config, policy(version))
    assert "".join(name.split(".")[-2][0] for [name] in batches).rstrip("x") == entries
    assert end.failure == "nxdomain"


def test_of_unlike_failures_go_is_told_the_graver():
    for pair in ((NONE, SERVFAIL), (SERVFAIL, NONE)):
        assert drive("x.", POD, policy("go"), (A, AAAA), {"x.": pair})[0].failure == "temporary"


# The table.


def test_an_unknown_policy_is_a_config_error_that_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"'bind'.*kubernetes, glibc, musl, musl-1\.2\.3, go"):
        policy("bind")


def test_every_outcome_has_a_successor_in_every_policy():
    steps = list(GLIBC.steps("x", ResolverConfig(search=("a.test",), ndots=5), (A,)))
    for row in POLICIES.values():
        for reason in ("timeout", "servfail", "refused", "notimp", "formerr", "network", "bad", "unsendable", "closed"):
            assert row.judge(steps[0], (Failed(reason),))[1] in Then
        assert row.judge(steps[0], (V4,))[1] is Then.STOP
        assert row.judge(steps[0], (NO,))[1] is Then.GO_ON


TEXT = st.text(st.sampled_from("abc.-_\\\u00fc \x00") | st.characters(), max_size=70)
ANSWER = st.sampled_from([V4, NO, NONE, DANGLING, SERVFAIL, REFUSED, TIMEOUT, Failed("bad"), Failed("closed")])


@given(TEXT, st.lists(TEXT | st.sampled_from([".", "", *SHOP]), max_size=5), st.sampled_from([*POLICIES]), st.data())
def test_a_walk_never_raises_and_says_what_failed(name, search, row, data):
    config = ResolverConfig(search=tuple(search), ndots=data.draw(st.integers(0, 15)))
    rdtypes = data.draw(st.sampled_from([(A,), (A, AAAA), (SRV,)]))
    lookup = walk(name, config, policy(row), rdtypes)
    try:
        ask = next(lookup)
        while True:
            assert ask.questions
            ask = lookup.send(tuple(data.draw(ANSWER) for _ in ask.questions))
    except StopIteration as stop:
        end = stop.value
    assert (end.found is None) == (end.failure is not None)
    assert end.found is None or any(isinstance(answer, Found) for answer in end.found.answers)
    assert end.failed is None or end.failure in ("temporary", "failed")


# Which failure is told.

LISTED = ResolverConfig(search=("a.test", "b.test"), ndots=2)
FORMERR = Failed("formerr")


@pytest.mark.parametrize(
    ("row", "answers", "failure", "failed"),
    [
        # The name as typed went first and is reported; what failed later is not.
        ("glibc", {"x.y.z.": SERVFAIL, "x.y.z.a.test.": FORMERR}, "temporary", SERVFAIL),
        ("glibc", {"x.y.z.": FORMERR, "x.y.z.a.test.": SERVFAIL}, "failed", FORMERR),
        ("go", {"x.y.z.": SERVFAIL, "x.y.z.b.test.": REFUSED}, "temporary", SERVFAIL),
        ("go", {"x.y.z.": REFUSED, "x.y.z.b.test.": TIMEOUT}, "failed", REFUSED),
        ("musl", {"x.y.z.": FORMERR}, "temporary", FORMERR),
        ("kubernetes", {"x.y.z.": SERVFAIL, "x.y.z.b.test.": TIMEOUT}, "temporary", TIMEOUT),
    ],
)
def test_the_failure_told_is_of_the_class_that_is_reported(row, answers, failure, failed):
    end, _ = drive("x.y.z", LISTED, policy(row), (A, AAAA), answers)
    assert (end.failure, end.failed) == (failure, failed)


@pytest.mark.parametrize(
    ("row", "answers", "behind"),
    [
        # resolv.conf(5) has no word on it: a lookup that failed for now on its way ends as "no such name".
        ("glibc", {"x.a.test.": TIMEOUT}, "x.a.test."),
        ("glibc", {"x.a.test.": REFUSED}, "x.a.test."),
        ("glibc", {"x.a.test.": SERVFAIL}, None),
        ("glibc", {"x.a.test.": SERVFAIL, "x.b.test.": NONE}, "x.a.test."),
        ("glibc", {}, None),
        ("glibc", {"x.a.test.": TIMEOUT, "x.": V4}, None),
        ("go", {"x.b.test.": SERVFAIL}, "x.b.test."),
        ("musl", {"x.a.test.": SERVFAIL}, None),
        ("kubernetes", {"x.a.test.": TIMEOUT}, None),
    ],
)
def test_a_temporary_failure_that_is_reported_as_a_negative_answer_is_told(row, answers, behind):
    end, _ = drive("x", LISTED, policy(row), (A, AAAA), answers)
    tried = masked(end)
    assert (tried and tried.step.name) == behind


@pytest.mark.parametrize("row", POLICIES)
def test_a_rehearsal_ends_as_the_walk_and_tells_the_questions_in_order(row):
    answers = {"x.y.b.test.": V4, "x.y.a.test.": NO}
    end, asked = rehearse("x.y", LISTED, policy(row), (A,), lambda question: answers.get(question.name, NO))
    walked, batches = drive("x.y", LISTED, policy(row), (A,), answers)
    assert end == walked
    assert [question.name for question in asked] == [name for batch in batches for name in batch]
    assert end.found.step.name == "x.y.b.test."
