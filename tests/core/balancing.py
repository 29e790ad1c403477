"""Balancers over a few endpoints, by a clock and chance of their own, and requests to them."""

import contextlib
from ipaddress import ip_address
from random import Random

from k8sresolve import Endpoint, ResolverClosed
from k8sresolve.balance import Balancer


class Unrelated(Exception):
    """What a request may raise that says nothing of its endpoint."""


def endpoints(*numbers):
    return tuple(Endpoint(ip_address(f"10.0.0.{number}"), 80, None, None) for number in numbers)


def number_of(endpoint):
    return int(endpoint.address) & 0xFF


class Watch:
    """What a balancer takes for a watch."""

    name = "web.shop"

    def __init__(self, *numbers):
        self.current = endpoints(*numbers)
        self.told = []

    def suspect(self, endpoint):
        self.told.append(number_of(endpoint))

    def resolve_now(self):
        self.told.append("ask")


class Closed(Watch):
    def suspect(self, endpoint):
        raise ResolverClosed("this watch is closed")


class Time:
    """A clock that goes as it is told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def balancer_of(source, policy="round_robin", seed=1):
    """Make a balancer by a clock of its own."""
    time = Time()
    return Balancer(source, policy, rng=Random(seed), clock=time), time


def pick(balancer):
    """One request that tells nothing."""
    with contextlib.suppress(Unrelated), balancer.pick() as picked:
        raise Unrelated
    return number_of(picked.endpoint)


def picks(balancer, count):
    return [pick(balancer) for _ in range(count)]


def refuse(balancer, number, times=1):
    """Let requests to this endpoint fail, and those that meet others tell nothing."""
    for _ in range(1000):
        with contextlib.suppress(ConnectionRefusedError, Unrelated), balancer.pick() as picked:
            if number_of(picked.endpoint) == number:
                times -= 1
                raise ConnectionRefusedError
            raise Unrelated
        if not times:
            return
    raise AssertionError(f"{number} is picked no more")


def succeed(balancer, number):
    for _ in range(1000):
        with contextlib.suppress(Unrelated), balancer.pick() as picked:
            if number_of(picked.endpoint) != number:
                raise Unrelated
            return
    raise AssertionError(f"{number} is picked no more")


def available(balancer):
    """The endpoints that can be picked, by round robin."""
    return {*picks(balancer, 2 * len(balancer._source.current))}


def in_flight(balancer):
    return {number_of(one): len(standing.in_flight) for one, standing in balancer._standings.items()}
