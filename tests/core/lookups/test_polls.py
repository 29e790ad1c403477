"""What a watch asks, by results that are known beforehand."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from k8sresolve._core.lookups.polls import poll
from k8sresolve._core.questions import Empty, Failed, Found, NxDomain, SrvData
from k8sresolve.errors import LookupTimeout, NoData, NoSuchName, ServerFailure
from tests.core.lookups.driving import drive, setting

SERVICE = "db.data.svc.cluster.local."
ASKED = f"_sql._tcp.{SERVICE} SRV"
ONE, TWO, SIX = IPv4Address("10.244.1.2"), IPv4Address("10.244.1.3"), IPv6Address("fd00::2")


def srv(*records, **more):
    """An SRV answer with glue: (target, address, port) each."""
    data = tuple(SrvData(0, 50, port, target) for target, _, port in records)
    return Found(data, 30, 130.0, glue={target: (address,) for target, address, _ in records if address}, **more)


def polled(answers, port="sql", *, family="ipv4", own=("10.244.0.7",), zone=None, first=True):
    return drive(poll(setting(family=family, own=own), "db.data", port, "tcp", zone, first), answers)


def told(seen):
    return [(str(one.address), one.port, one.hostname) for one in seen.endpoints]


def test_the_pods_of_a_headless_service_cost_one_question():
    answer = srv((f"db-1.{SERVICE}", TWO, 5432), (f"db-0.{SERVICE}", ONE, 5432))
    seen, rounds = polled({ASKED: answer})
    assert told(seen) == [("10.244.1.2", 5432, "db-0"), ("10.244.1.3", 5432, "db-1")]
    assert (rounds, seen.cause, seen.unseen) == ([[ASKED]], None, frozenset())


def test_the_address_of_another_service_is_one_endpoint_without_a_name():
    seen, rounds = polled({ASKED: srv((SERVICE, ONE, 5432))})
    assert (told(seen), rounds) == ([("10.244.1.2", 5432, None)], [[ASKED]])
    assert seen.endpoints[0].name is None


def test_targets_without_glue_are_asked_for():
    answers = {ASKED: srv((f"db-0.{SERVICE}", None, 5432)), f"db-0.{SERVICE} A": Found((ONE,), 30, 130.0)}
    seen, rounds = polled(answers)
    assert told(seen) == [("10.244.1.2", 5432, "db-0")]
    assert rounds == [[ASKED], [f"db-0.{SERVICE} A"]]


def test_a_target_whose_address_was_lost_is_a_failure_and_no_lack():
    answers = {
        ASKED: srv((f"db-0.{SERVICE}", None, 1), (f"db-1.{SERVICE}", ONE, 1)),
        f"db-0.{SERVICE} A": Failed("timeout"),
    }
    with pytest.raises(LookupTimeout):
        polled(answers)


@pytest.mark.parametrize(
    ("answer", "node", "lack"),
    [
        (NxDomain(5.0), NxDomain(5.0), NoSuchName),
        (NxDomain(5.0), Found((ONE,), 30, 130.0), NoSuchName),
        (Empty(5.0), None, NoData),
    ],
)
def test_that_there_is_nothing_is_an_answer(answer, node, lack):
    seen, _ = polled({ASKED: answer, f"{SERVICE} A": node})
    assert (seen.endpoints, type(seen.cause)) == ((), lack)


def test_a_port_of_an_external_name_is_never_there():
    answers = {ASKED: NxDomain(5.0), f"{SERVICE} A": Found((ONE,), 30, 130.0, ("pg.example.com.",))}
    with pytest.raises(NoData, match="an ExternalName has no ports in DNS"):
        polled(answers)


def test_an_answer_that_was_cut_over_tcp_too_says_nothing_of_what_it_lacks():
    seen, _ = polled({ASKED: srv((f"db-0.{SERVICE}", ONE, 5432), truncated=True)})
    assert (len(seen.endpoints), seen.unseen) == (1, frozenset({4, 6}))


@pytest.mark.parametrize(
    ("family", "asked"),
    [("ipv4", [f"{SERVICE} A"]), ("ipv6", [f"{SERVICE} AAAA"]), ("both", [f"{SERVICE} A", f"{SERVICE} AAAA"])],
)
def test_without_a_port_each_family_is_one_question(family, asked):
    answers = {f"{SERVICE} A": Found((TWO, ONE), 30, 130.0), f"{SERVICE} AAAA": Found((SIX,), 30, 130.0)}
    seen, rounds = polled(answers, None, family=family)
    assert rounds == [asked]
    expected = [address for address in (ONE, TWO, SIX) if family in ("both", f"ipv{address.version}")]
    assert [one.address for one in seen.endpoints] == expected
    assert {(one.port, one.name) for one in seen.endpoints} == {(None, None)}


def test_a_pod_without_ipv6_asks_for_it_where_there_is_no_ipv4():
    answers = {f"{SERVICE} A": Empty(5.0), f"{SERVICE} AAAA": Found((SIX,), 30, 130.0)}
    seen, rounds = polled(answers, None, family="auto")
    assert (rounds, [one.address for one in seen.endpoints]) == ([[f"{SERVICE} A"], [f"{SERVICE} AAAA"]], [SIX])


def test_a_family_whose_question_failed_is_unseen():
    answers = {f"{SERVICE} A": Found((ONE,), 30, 130.0), f"{SERVICE} AAAA": Failed("servfail")}
    seen, _ = polled(answers, None, family="both")
    assert ([one.address for one in seen.endpoints], seen.unseen) == ([ONE], frozenset({6}))


def test_of_an_alias_the_addresses_are_its_targets():
    seen, _ = polled({f"{SERVICE} A": Found((ONE,), 30, 130.0, ("pg.example.com.",))}, None)
    assert told(seen) == [("10.244.1.2", None, None)]


def test_where_one_family_lacks_and_the_other_failed_nothing_is_known():
    with pytest.raises(ServerFailure):
        polled({f"{SERVICE} A": Empty(5.0), f"{SERVICE} AAAA": Failed("servfail")}, None, family="both")


def test_without_any_address_the_service_lacks():
    seen, _ = polled({}, None)
    assert (seen.endpoints, type(seen.cause)) == ((), NoSuchName)


def test_that_a_port_of_an_external_name_is_never_there_is_found_out_once():
    seen, rounds = polled({ASKED: NxDomain(5.0)}, first=False)
    assert (seen.endpoints, rounds) == ((), [[ASKED]])


ZONAL = f"eu-1.prefer._zone.{SERVICE} A"
BOTH_PODS = {ASKED: srv((f"db-0.{SERVICE}", ONE, 5432), (f"db-1.{SERVICE}", TWO, 5432))}


@pytest.mark.parametrize(
    ("local", "there"),
    [
        (Found((TWO,), 30, 130.0), ["10.244.1.3"]),
        (Found((ONE, TWO), 30, 130.0), ["10.244.1.2", "10.244.1.3"]),
        (NxDomain(5.0), ["10.244.1.2", "10.244.1.3"]),  # a replica without `zonal`
        (Failed("servfail"), ["10.244.1.2", "10.244.1.3"]),
        (Found((IPv4Address("10.244.9.9"),), 30, 130.0), ["10.244.1.2", "10.244.1.3"]),  # it has come since
    ],
)
def test_a_zone_is_preferred_where_it_is_known(local, there):
    seen, rounds = polled({**BOTH_PODS, ZONAL: local}, zone="eu-1")
    assert [address for address, _, _ in told(seen)] == there
    assert rounds == [[ZONAL], [ASKED]]
