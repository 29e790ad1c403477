"""What calls came to before, and when that is given again: by both facades, in virtual time.

With an observer a resolver walks every time, since observers are told of each question. So a resolver that has one
tells what the other must do without.
"""

import asyncio
import contextlib
import functools
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve import (
    CacheConfig,
    Error,
    InvalidName,
    NoSuchName,
    Observer,
    PortName,
    ServiceName,
    async_resolver,
    resolver,
)
from k8sresolve._drivers import running
from k8sresolve.errors import ConfigError, ResolverClosed
from tests.core.world import dual_cluster, ipv4_cluster, service
from tests.odd import Number

CALLS = {
    "addresses": lambda r, **o: r.addresses("payments", **o),
    "addresses of an alias": lambda r, **o: r.addresses("outside", **o),
    "addresses elsewhere": lambda r, **o: r.addresses("api.example.com", **o),
    "service": lambda r, **o: r.service("payments", ports=["http", "stats/udp"], **o),
    "service by its value": lambda r, **o: r.service(ServiceName("payments", "shop"), ports=(PortName("http"),), **o),
    "port": lambda r, **o: r.port("payments", "http", **o),
    "port by its number": lambda r, **o: r.port("payments", 80, **o),
    "sole port": lambda r, **o: r.port("cassandra.data", **o),
    "port of pods": lambda r, **o: r.port("cassandra.data", "cql", **o),
    "ports": lambda r, **o: r.ports("payments", **o),
    "endpoints": lambda r, **o: r.endpoints("cassandra.data", **o),
    "endpoints of a port": lambda r, **o: r.endpoints("cassandra.data", "cql", **o),
    "reverse": lambda r, **o: r.reverse("10.96.20.1", **o),
    "pod": lambda r, **o: r.pod("10.244.2.7", "data", **o),
    "lookup": lambda r, **o: r.lookup("mail.example.com", "MX", **o),
}


@pytest.fixture(params=CALLS.values(), ids=CALLS)
def call(request):
    return request.param


@pytest.fixture
def walks(monkeypatch):
    """The calls that were run, each with terms of its own."""
    begin = running.begin
    walks = []
    for module in (running, resolver, async_resolver):
        monkeypatch.setattr(module, "begin", lambda *a: walks.append(begin(*a)) or walks[-1])
    return walks


def twice(one, call):
    """Have a result remembered: a call keeps it that was made of remembered answers."""
    call(one)
    return call(one)


def test_g9_what_a_call_found_in_the_cache_is_kept_and_counts_as_if_it_were_run_each_time(
    resolver_of, ipv4, walks, call
):
    one = resolver_of(ipv4)
    first = call(one)
    asked = one.stats()
    second = call(one)
    assert second == first
    assert second is not first
    assert call(one) is second
    assert call(one) is second
    assert len(walks) == 2
    after = one.stats()
    assert (after.questions, after.cache_hits) == (4 * asked.questions, 3 * asked.questions)
    assert (after.sends, after.resends, after.in_flight) == (asked.sends, asked.resends, 0)


def test_it_ends_with_its_answers(resolver_of, ipv4, walks, call):
    one = resolver_of(ipv4)
    twice(one, call)
    ipv4.clock.advance(61)
    call(one)
    assert len(walks) == 3


def test_the_miss_of_an_earlier_candidate_ends_it_too(resolver_of, ipv4, walks):
    one = resolver_of(ipv4, policy="glibc")  # api.example.com.shop.svc.cluster.local and so on come first
    twice(one, CALLS["addresses elsewhere"])
    ipv4.clock.advance(4.9)
    one.addresses("api.example.com")
    assert len(walks) == 2
    ipv4.clock.advance(0.2)  # misses in the cluster are kept for 5 s, the address for a minute
    one.addresses("api.example.com")
    assert len(walks) == 3
    assert one.stats().sends == 7


@pytest.mark.behaviour("C13")
def test_c13_what_is_stale_is_not_kept_and_what_came_in_its_place_is(resolver_of, ipv4, walks):
    one = resolver_of(ipv4, cache=CacheConfig(serve_stale=60.0))
    one.service("payments")
    ipv4.clock.advance(31)
    with ipv4.network.rcode("REFUSED"):
        ages = [one.service("payments").age, one.service("payments").age]
        ipv4.clock.advance(2)
        ages.append(one.service("payments").age)
    assert ages == [pytest.approx(31.0, abs=0.01)] * 2 + [pytest.approx(33.0, abs=0.01)]
    assert len(walks) == 4
    ipv4.clock.advance(6)
    assert [one.service("payments").stale for _ in range(3)] == [False] * 3
    assert len(walks) == 6


@pytest.mark.behaviour("C13")
def test_c13_a_remembered_result_is_looked_at_again_when_it_is_due_to_be_asked_ahead(resolver_of, ipv4, walks):
    one = resolver_of(ipv4, cache=CacheConfig(prefetch=0.8))
    came = []
    # 0.8 of the TTL of 30 have passed at 24; of that of the second answer, which comes then, at 48.
    for seconds in (0, 0, 23.9, 0.2, 0.1, 23.7, 0, 0.3):
        ipv4.clock.advance(seconds)
        one.service("payments")
        came.append((len(walks), len(ipv4.queries)))
    assert came == [(1, 1), (2, 1), (2, 1), (3, 2), (3, 2), (4, 2), (4, 2), (5, 3)]


def test_k12_fresh_passes_it_and_what_it_finds_is_given_from_then_on(resolver_of, ipv4, walks, call):
    one = resolver_of(ipv4)
    before = twice(one, call)
    sends = one.stats().sends
    fresh = call(one, fresh=True)
    assert one.stats().sends == 2 * sends
    found = call(one)
    assert found is not before
    assert found == fresh
    assert call(one) is found
    assert len(walks) == 4


def test_a_miss_that_came_as_a_lookup_began_counts_as_remembered(resolver_of, ipv4):
    one = resolver_of(ipv4, policy="glibc")  # in the kit's time nothing passes between two calls
    for number in range(100):
        for ages in ([None], [0.0]):
            with pytest.raises(NoSuchName) as caught:
                one.addresses(f"nowhere-{number}.shop.svc.cluster.local.")
            assert [attempt.age for attempt in caught.value.attempts] == ages


def test_what_a_fresh_lookup_brought_holds_for_other_calls_too(resolver_of, ipv4):
    one = resolver_of(ipv4)
    assert str(one.addresses("payments").addresses[0]) == "10.96.20.1"
    ipv4.delete("Service", "shop/payments")
    ipv4.apply(service("shop/payments", "http 80 TCP", clusterIP="10.96.20.77"))
    assert str(one.service("payments", fresh=True).addresses[0]) == "10.96.20.77"
    assert str(one.addresses("payments").addresses[0]) == "10.96.20.77"


def test_forget_drops_what_stands_at_any_candidate_and_no_other(resolver_of, ipv4, walks):
    one = resolver_of(ipv4)
    names = ["payments", "payments.shop", "payments.shop.svc.cluster.local.", "cassandra.data", "api.example.com"]
    for name in names * 2:
        one.addresses(name)
    one.forget("payments")
    walked = []
    for name in names:
        before = len(walks)
        one.addresses(name)
        walked += [name] * (len(walks) - before)
    assert walked == names[:3]


def test_forget_alone_drops_all(resolver_of, ipv4, walks, call):
    one = resolver_of(ipv4)
    twice(one, call)
    one.forget()
    call(one)
    assert len(walks) == 3


def test_what_was_under_way_at_a_forget_is_not_kept(ipv4, walks):
    ipv4.network.delay(1.0, next=1)

    async def main():
        async with ipv4.async_resolver(namespace="shop") as one:
            task = asyncio.ensure_future(one.addresses("payments"))
            await asyncio.sleep(0)
            one.forget("payments")
            await task
            await one.addresses("payments")

    asyncio.run(main())
    assert len(walks) == 2


@pytest.mark.parametrize("name", ["nowhere", "asleep.data", "gone.example.com", "a..b"])
def test_errors_are_made_anew(resolver_of, ipv4, name):
    one = resolver_of(ipv4)
    errors = []
    for _ in range(2):
        with pytest.raises(Error) as caught:
            one.addresses(name)
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert type(errors[0]) is type(errors[1])


def test_what_lacks_a_family_is_not_kept(resolver_of, dual, walks):
    dual.network.drop(rdtype="AAAA", next=9)
    one = resolver_of(dual)
    assert one.addresses("dual").incomplete
    assert not one.addresses("dual").incomplete
    assert len(walks) == 2
    assert one.addresses("dual") is one.addresses("dual")


def test_a_literal_and_a_line_of_the_hosts_file_are_answered_as_ever(resolver_of, ipv4, walks):
    one = resolver_of(ipv4)
    for name in ("192.0.2.7", "localhost"):
        assert one.addresses(name) == one.addresses(name)
    assert len(walks) == 4
    assert one.stats().questions == 0


def test_no_entries_keep_no_results(resolver_of, ipv4, walks, call):
    one = resolver_of(ipv4, cache=CacheConfig(entries=0))
    twice(one, call)
    call(one)
    assert len(walks) == 3


def test_each_spelling_is_a_call_and_has_its_own_name_in_the_result(resolver_of, ipv4):
    one, names = resolver_of(ipv4), ["payments", "Payments", "payments.shop"]
    assert [one.addresses(name).host for name in names] == names
    assert [one.addresses(name).host for name in names] == names


class Text(str):
    """A str whose letters' case does not count."""

    __slots__ = ()

    def __eq__(self, other):
        return self.lower() == other.lower()

    def __hash__(self):
        return hash(self.lower())


def test_of_what_is_no_plain_str_nothing_is_kept(resolver_of, ipv4, walks):
    one = resolver_of(ipv4)
    assert [type(one.addresses(Text("payments")).host) for _ in range(3)] == [Text] * 3
    assert type(one.addresses("payments").host) is str
    assert len(walks) == 4


def test_what_equals_a_number_does_not_find_what_was_kept_of_it(resolver_of, ipv4, walks):
    ipv4.apply(service("shop/one", "http 1 TCP", clusterIP="10.96.20.61"))
    one = resolver_of(ipv4)
    assert twice(one, lambda r: r.port("one", 1)) is one.port("one", "1") is one.port("one", Number(1))
    assert len(walks) == 2
    for odd in (True, 1.0, 1 + 0j):
        with pytest.raises(InvalidName):
            one.port("one", odd)


@pytest.mark.parametrize("name", [["payments"], {"a": 1}, 5, None, b"payments"])
def test_what_cannot_be_a_name_is_refused_as_ever(resolver_of, ipv4, name):
    one = resolver_of(ipv4)
    one.addresses("payments")
    with pytest.raises(Error):
        one.addresses(name)


def test_what_is_checked_before_a_lookup_is_checked_before_a_recall(resolver_of, ipv4, call):
    one = resolver_of(ipv4)
    known = twice(one, call)
    assert call(one, timeout=0) is known  # nothing is sent
    for timeout in ("soon", float("nan"), True):
        with pytest.raises(ConfigError):
            call(one, timeout=timeout)
    one.close()
    with pytest.raises(ResolverClosed):
        call(one)


def test_where_no_loop_runs_it_is_refused_as_ever(ipv4):
    one = ipv4.async_resolver(namespace="shop")

    async def thrice():
        await one.addresses("payments")
        assert await one.addresses("payments") is await one.addresses("payments")

    asyncio.run(thrice())
    told = one.stats()
    coroutine = one.addresses("payments")
    with pytest.raises(ConfigError, match="neither asyncio nor trio"):
        coroutine.send(None)
    assert one.stats() == told


class Remembered(Observer):
    def __init__(self):
        self.names = []

    def remembered(self, name, rdtype, age):
        self.names.append(name)


def test_observers_are_told_of_each_question_all_the_same(resolver_of, ipv4, walks, call):
    watch = Remembered()
    one = resolver_of(ipv4, observers=[watch])
    twice(one, call)
    call(one)
    assert len(walks) == 3
    assert len(watch.names) == one.stats().cache_hits > 0


def test_the_log_of_level_debug_too(resolver_of, ipv4, caplog):
    one = resolver_of(ipv4)
    one.addresses("payments")
    one.addresses("payments")
    with caplog.at_level("DEBUG", logger="k8sresolve"):
        one.addresses("payments")
    assert "remembered" in caplog.text
    caplog.clear()
    one.addresses("payments")
    assert caplog.text == ""


def test_a_list_of_ports_that_changes_is_another_call(resolver_of, ipv4):
    one, ports = resolver_of(ipv4), ["http"]
    assert [port.name for port in one.service("payments", ports=ports).ports] == ["http"]
    ports.append("grpc")
    assert [port.name for port in one.service("payments", ports=ports).ports] == ["http", "grpc"]


def test_any_number_of_threads_count_right(ipv4, walks):
    one = ipv4.resolver(namespace="shop")
    one.service("payments", ports=["http"])
    each = one.stats().questions

    def work():
        for turn in range(500):
            one.service("payments", ports=["http"])
            if not turn % 50:
                one.addresses("cassandra.data", fresh=True)  # something changes in the midst of it

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    others = one.stats().sends - each
    assert one.stats().questions == each * (1 + 8 * 500) + others
    assert one.stats().cache_hits == each * 8 * 500


# -- beside a resolver that walks every time -------------------------------------------------------------------------

NAMES = (
    "payments",
    "Payments",
    "nope",
    "cassandra.data",
    "outside",
    "dual",
    "six",
    "api.example.com",
    "text.example.com",
)
LOOKUPS = (
    *(functools.partial(lambda name, r, **o: r.addresses(name, **o), name) for name in NAMES),
    lambda r, **o: r.lookup("text.example.com", "TXT", **o),
    lambda r, **o: r.port("payments", "nope", **o),
    lambda r, **o: r.endpoints("payments", **o),
    lambda r, **o: r.service("six", ports=["http"], **o),
    *CALLS.values(),
)


def _change(cluster, number):
    """Do to a cluster the same as to another one."""
    with contextlib.suppress(Error):  # it is gone already
        cluster.delete("Service", "shop/payments")
    if number:
        cluster.apply(service("shop/payments", "http 80 TCP", "stats 8125 UDP", clusterIP=f"10.96.20.{100 + number}"))


def _came_of(one, lookup, options):
    try:
        found = lookup(one, **options)
        return found, getattr(found, "age", 0.0)
    except Error as error:
        return type(error), str(error).partition(" (tried")[0]


STEPS = st.one_of(
    st.tuples(
        st.just("look up"),
        st.sampled_from(LOOKUPS),
        st.fixed_dictionaries({}, optional={"fresh": st.just(True), "timeout": st.sampled_from([0, 3.0])}),
    ),
    st.tuples(st.just("forget"), st.sampled_from([None, *NAMES])),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 3.0, 5.0, 20.0, 31.0])),
    st.tuples(st.just("change"), st.integers(0, 3)),
    st.tuples(st.just("refuse"), st.booleans()),
)


@settings(max_examples=settings.default.max_examples // 2)
@given(
    steps=st.lists(STEPS, max_size=25),
    family=st.sampled_from(["auto", "ipv4", "both"]),
    policy=st.sampled_from(["kubernetes", "glibc"]),
    make=st.sampled_from([ipv4_cluster, dual_cluster]),
    cache=st.sampled_from([CacheConfig(), CacheConfig(serve_stale=60.0, prefetch=0.6)]),
)
def test_remembering_results_changes_nothing_but_the_cost(steps, family, policy, make, cache):
    clusters = make(), make()
    refusals = []
    options = {"namespace": "shop", "family": family, "policy": policy, "cache": cache}
    ours, beside = clusters[0].resolver(**options), clusters[1].resolver(**options, observers=[Observer()])
    for step in steps:
        match step:
            case "look up", lookup, given_:
                assert _came_of(ours, lookup, given_) == _came_of(beside, lookup, given_)
                assert ours.stats() == beside.stats()
            case "forget", name:
                ours.forget(name)
                beside.forget(name)
            case "wait", seconds:
                for cluster in clusters:
                    cluster.clock.advance(seconds)
            case "change", number:
                for cluster in clusters:
                    _change(cluster, number)
            case "refuse", begins:
                while refusals:
                    refusals.pop().stop()
                if begins:
                    refusals += [cluster.network.rcode("REFUSED") for cluster in clusters]
    ours_asked, theirs = ([query.name for query in cluster.queries] for cluster in clusters)
    assert ours_asked == theirs
