"""Lookups driven by hand: every result is known beforehand, and nothing is sent."""

from ipaddress import ip_address

from k8sresolve._core.events import Events
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.questions import TYPE_NAMES, NxDomain
from k8sresolve._core.search.walk import policy
from k8sresolve.config import ResolverConfig

POD = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
BARE = ResolverConfig(nameservers=["10.96.0.10"])


def setting(config=POD, *, family="ipv4", own=("10.244.0.7",), clock=lambda: 100.0, observers=()):
    """What lookups take from their resolver, in a machine with the addresses `own` that started at Unix time 1000."""
    return Setting(
        config,
        policy("kubernetes"),
        family,
        own=lambda: tuple(map(ip_address, own)),
        now=clock,
        wall=lambda: 1000.0 + clock(),
        events=Events(tuple(observers)),
    )


def drive(lookup, answers=None):
    """Drive a lookup by {"name TYPE": result}, NXDOMAIN else; return what it comes to, and its rounds of questions."""
    rounds = []
    try:
        ask = next(lookup)
        while True:
            rounds.append([f"{question.name} {TYPE_NAMES[question.rdtype]}" for question in ask.questions])
            ask = lookup.send(tuple((answers or {}).get(question, NxDomain(0.0)) for question in rounds[-1]))
    except StopIteration as end:
        return end.value, rounds
