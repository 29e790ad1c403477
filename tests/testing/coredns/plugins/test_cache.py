"""The plugin `cache`: which replies it keeps, for how long, and how it gives them again."""

from types import SimpleNamespace

import dns.flags
import pytest

from k8sresolve._core.questions import CNAME, NS, A
from k8sresolve._core.wire.rcodes import NOTIMP, NXDOMAIN, REFUSED, SERVFAIL
from k8sresolve.errors import ManifestError
from k8sresolve.testing import Clock
from k8sresolve.testing.coredns.chain import NOTIFY, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import parse_corefile
from k8sresolve.testing.coredns.plugins.cache import SPECIFICATION, Cache, CacheOptions
from k8sresolve.testing.coredns.records import ANY, AXFR, Record, address_record, soa_record
from k8sresolve.testing.versions import DEFAULT_COREDNS
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


# -- which replies are kept, for how long: plugin/pkg/response, `Typify`, and RFC 2308 ---------------------------------

NAME, OTHER, THIRD = "www.example.com.", "web.example.com.", "host.example.com."
SOA_, DELEGATION = soa_record("example.com.", 60, 1, 60), Record("example.com.", NS, 60, ("ns.example.com.",))
ADDRESS = address_record(NAME, 60, b"\x0a\x00\x00\x01")


def alias(name, target):
    return Record(name, CNAME, 60, (target,))


class Next:
    """The next plugin, which gives the same reply each time."""

    def __init__(self, reply):
        self.reply, self.asked = reply, 0

    def answer(self, _request):
        self.asked += 1
        return self.reply


def kept(reply, rdtype=A, opcode=0):
    """The seconds for which the cache answers by itself."""
    clock = Clock()
    rest = Next(reply)
    plugin = Cache(CacheOptions(zones=((),)), clock.monotonic)
    request = Request(NAME, rdtype, opcode)
    plugin.answer(request, rest)
    for seconds in range(4000):
        plugin.answer(request, rest)
        if rest.asked > 1:
            return seconds
        clock.advance(1)
    raise AssertionError


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (Reply(answer=(ADDRESS,)), 60),
        (Reply(answer=(ADDRESS._replace(ttl=1),)), 5),
        (Reply(answer=(ADDRESS._replace(ttl=86400),)), 3600),
        # Negative replies live by their SOA record; RFC 2308, section 5: without one they are not kept.
        (Reply(NXDOMAIN, authority=(SOA_,)), 60),
        (Reply(authority=(SOA_,)), 60),
        (Reply(NXDOMAIN), 0),
        # RFC 2308, section 7.1: failures, for seconds.
        (Reply(SERVFAIL), 5),
        (Reply(NOTIMP), 5),
        (Reply(REFUSED), 0),
        (Reply(authority=(DELEGATION,)), 5),
        # An alias is as good as what it leads to.
        (Reply(answer=(alias(NAME, OTHER), address_record(OTHER, 20, b"\x0a\x00\x00\x01"))), 20),
        (Reply(answer=(alias(NAME, OTHER),), authority=(SOA_,)), 60),
        (Reply(answer=(alias(NAME, OTHER),)), 0),
        (Reply(answer=(alias(NAME, OTHER), alias(OTHER, NAME))), 0),
        (Reply(answer=(alias(NAME, OTHER), alias(NAME, THIRD))), 0),
        # What the server itself sends, or nobody, no plugin sees.
        (unwritten(SERVFAIL), 0),
        (Reply(answer=(ADDRESS,), sender="nobody"), 0),
    ],
)
def test_how_long_a_reply_is_kept(reply, seconds):
    assert kept(reply) == seconds


@pytest.mark.parametrize(
    ("rdtype", "opcode", "answer", "seconds"),
    [
        (CNAME, 0, (alias(NAME, OTHER),), 60),
        (CNAME, 0, (alias(NAME, OTHER), alias(NAME, THIRD)), 0),
        (ANY, 0, (ADDRESS,), 60),
        (ANY, 0, (ADDRESS._replace(name=OTHER),), 0),
        (AXFR, 0, (ADDRESS,), 0),
        (A, NOTIFY, (ADDRESS,), 0),
    ],
)
def test_how_long_the_reply_to_another_question_is_kept(rdtype, opcode, answer, seconds):
    assert kept(Reply(answer=answer), rdtype, opcode) == seconds


# -- prefetch and serve_stale: the plugin's README, and its handler.go -------------------------------------------------


class Behind(Next):
    """The next plugin, whose reply may change, beside a cache in front of it."""

    def __init__(self, *options):
        super().__init__(Reply(answer=(ADDRESS,)))
        self.clock = Clock()
        block = "cache {\n success 10 10 0\n " + "\n ".join(options) + "\n}"
        ((directive,),) = [server.directives for server in parse_corefile(f". {{\n{block}\n}}")]
        self.cache = next(iter(SPECIFICATION.set_up(_Block(self.clock, directive), [directive])))

    def ask(self):
        return self.cache.answer(Request(NAME, A), self)

    def ttl(self):
        (record,) = self.ask().answer
        return record.ttl


class _Block:
    """As much of a server block as the plugin looks at."""

    def __init__(self, clock, directive):
        self.surroundings = SimpleNamespace(clock=clock.monotonic)
        self.coredns = DEFAULT_COREDNS
        self.options = lambda _: directive.block
        self.zones_of = lambda _: (".",)


DENIED = Reply(NXDOMAIN, authority=(SOA_,))


def test_a_popular_reply_is_refreshed_before_its_end():
    behind = Behind("prefetch 2 1m 50%")
    asked = []
    for _ in range(8):
        behind.ttl()
        asked.append(behind.asked)
        behind.clock.advance(2)
    assert asked == [1, 1, 1, 2, 2, 2, 3, 3]


def test_a_reply_asked_for_too_rarely_is_not_refreshed():
    behind = Behind("prefetch 2 1s 90%")
    for _ in range(4):
        behind.ttl()
        behind.clock.advance(2)
    assert behind.asked == 1


def test_a_stale_reply_is_given_once_and_refreshed_behind():
    behind = Behind("serve_stale 1h")
    assert behind.ttl() == 10
    behind.clock.advance(60)
    assert [behind.ttl(), behind.ttl()] == [0, 10]
    behind.clock.advance(3700)
    assert behind.ttl() == 10


@pytest.mark.parametrize(("option", "ttl"), [("serve_stale 1h immediate 7s", 7), ("serve_stale\n keepttl", 10)])
def test_a_stale_reply_has_a_ttl_of_its_own(option, ttl):
    behind = Behind(option)
    behind.ask()
    behind.clock.advance(60)
    assert behind.ttl() == ttl


@pytest.mark.parametrize("failure", [unwritten(SERVFAIL), Reply(SERVFAIL), Reply(REFUSED)])
def test_a_failure_leaves_the_stale_reply(failure):
    for option in ("serve_stale 1h verify", "serve_stale 1h"):
        behind = Behind(option)
        behind.ask()
        behind.clock.advance(60)
        behind.reply = failure
        assert [behind.ttl() for _ in range(3)] == [0, 0, 0]
        assert behind.asked == 4


def test_verify_asks_first():
    behind = Behind("serve_stale 1h verify")
    behind.ask()
    behind.clock.advance(60)
    behind.reply = DENIED
    assert behind.ask().rcode == NXDOMAIN


def test_after_a_failure_it_is_not_tried_again_for_a_while():
    behind = Behind("serve_stale 1h verify 1s 0s 30s")
    behind.ask()
    behind.clock.advance(60)
    behind.reply = Reply(SERVFAIL)
    for asked in (2, 2):
        assert behind.ttl() == 0
        assert behind.asked == asked
    behind.clock.advance(31)
    behind.ask()
    assert behind.asked == 3


@pytest.mark.parametrize("mode", ["verify", "immediate"])
def test_a_positive_reply_may_be_preferred_to_a_denial(mode):
    behind = Behind(f"serve_stale 1h {mode}", "serve_stale_policy prefer_positive")
    behind.ask()
    behind.clock.advance(60)
    behind.reply = DENIED
    assert [behind.ttl(), behind.ttl()] == [0, 0]
    behind.reply = Reply(answer=(ADDRESS,))
    behind.ask()
    assert behind.ttl() == 10


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("prefetch x", "no number"),
        ("prefetch 2 1m 50", "no percentage"),
        ("prefetch 2 1m 5%", "not between 10 and 90"),
        ("serve_stale soon", "no duration"),
        ("serve_stale 1h later", "neither immediate nor verify"),
        ("serve_stale 1h immediate 1500ms", "whole seconds"),
        ("serve_stale 1h verify 1s 1s 6m", "5 minutes"),
        ("serve_stale_policy prefer_positive", "beside serve_stale"),
        ("serve_stale\n serve_stale_policy newest", "no policy"),
    ],
)
def test_options_that_coredns_would_not_start_with(option, problem):
    with pytest.raises(ManifestError, match=problem):
        cluster(KUBERNETES, f"cache {{\n {option}\n}}")


@pytest.mark.parametrize(("version", "flags"), [("1.14.7", "QR AA RD RA"), ("1.15.0", "QR RD RA")])
def test_aa_from_memory_is_that_of_the_reply_in_the_newer_version(version, flags):
    made = cluster(KUBERNETES, "forward . 9.9.9.9", "cache", coredns=version)
    told = [dns.flags.to_text(ask(made, "api.example.com.").flags) for _ in range(2)]
    assert told == ["QR RD RA", flags]


@pytest.mark.parametrize(
    ("version", "options", "want"),
    [
        ("1.14.7", "", "NOERROR"),
        ("1.15.0", "", "SERVFAIL"),
        ("1.15.0", "{\n servfail 0\n}", "NOERROR"),
        ("1.15.0", "{\n disable denial\n}", "NOERROR"),
    ],
)
def test_a_failure_is_kept_by_the_newer_version(version, options, want):
    made = cluster(KUBERNETES, "forward . 9.9.9.9", f"cache {options}", coredns=version)
    made.upstream.reachable = False
    assert outcome(made, "api.example.com.") == "SERVFAIL"
    made.upstream.reachable = True
    assert outcome(made, "api.example.com.") == want
    made.clock.advance(6)
    assert outcome(made, "api.example.com.") == "NOERROR"
