"""Walks with all answers at hand: the configurations, policies and answers that the tests of search share."""

from ipaddress import IPv4Address, IPv6Address
from typing import get_args

from k8sresolve._core.questions import A, Empty, Failed, Found, NxDomain
from k8sresolve._core.search.walk import Search, policy
from k8sresolve.config import Policy, ResolverConfig

SHOP = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
POD = ResolverConfig(search=SHOP, ndots=5)
NODE = ResolverConfig(search=(*SHOP, "corp.example", "example.net"), ndots=5)
POLICIES = {name: policy(name) for name in get_args(Policy)}
KUBERNETES, GLIBC = policy("kubernetes"), policy("glibc")
NO, NONE = NxDomain(0.0), Empty(0.0)
DANGLING = Empty(0.0, 30.0, ("elsewhere.test.",))  # with an SOA: nobody asks what is there
V4, V6 = Found((IPv4Address("10.96.20.1"),), 30, 30.0), Found((IPv6Address("fd00::1"),), 30, 30.0)
SERVFAIL, REFUSED, TIMEOUT = Failed("servfail"), Failed("refused"), Failed("timeout")


def drive(name, config=POD, policy=KUBERNETES, rdtypes=(A,), answers=None):
    """Walk with all answers at hand: {name: answer, or a tuple of one for each type}, NXDOMAIN else.

    Returns the end, and the names asked, a list for each run.
    """
    lookup = Search(config, policy).walk(name, rdtypes)
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
    return [c.name for c in Search(config, policy).candidates(name) if c.asked]
