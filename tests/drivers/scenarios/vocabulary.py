"""What scenarios are written in: calls, what a nameserver does, and what must come of both."""

import re
from collections.abc import Mapping
from typing import Any

import attrs

from k8sresolve.config import CacheConfig
from tests.drivers import script
from tests.drivers.script import Nameserver, answer, silent, truncated

NAME = "payments.shop.svc.cluster.local."
FOUND = "10.96.20.1"
DUAL = "dual.shop.svc.cluster.local."  # 10.96.20.2 and fd00::20:2
UDP, TCP = {"A udp": 1}, {"A tcp": 1}
DRIVERS = ("blocking", "asyncio", "trio", "virtual")
REAL = ("blocking", "asyncio", "trio")  # for what only sockets have
VIRTUAL = ("virtual",)  # for what takes longer than a test may wait
TASKS = ("asyncio", "trio", "virtual")  # for what is cancelled
_CODES = re.compile(r"(?:[A-Z]\d+ )+")


@attrs.frozen
class Call:
    method: str
    args: tuple[Any, ...]
    options: Mapping[str, Any]

    def of(self, resolver: Any) -> Any:
        return getattr(resolver, self.method)(*self.args, **self.options)


@attrs.frozen
class Wait:
    """Let time pass between two calls."""

    seconds: float


@attrs.frozen
class Event:
    """What happens when the first nameserver has had so many messages: `"close"`, or `"cancel"` of the first call.

    `of` is the kind of message that counts, if not all do.
    """

    kind: str
    after: int
    of: str = ""


def call(method: str, *args: Any, **options: Any) -> Call:
    return Call(method, args, options)


def addresses(name: str = NAME, **options: Any) -> Call:
    return call("addresses", name, **options)


@attrs.frozen
class Scenario:
    """`told` is what each call comes to, `asked` what each nameserver was asked, `seconds` how long it may take.

    The calls come one after another, or `at_once`. `says` is a pattern that the errors' texts match, `names` are what
    the first nameserver is asked for, in order. `later` is how many more sends may come where a busy machine ends the
    resolver late, since its question goes on when the caller has its answer. The name begins with the codes of the
    behaviours that are shown, and `drivers` are those that can show them.
    """

    name: str
    told: tuple[str, ...]
    asked: tuple[Mapping[str, int], ...]
    nameservers: tuple[Nameserver, ...] = (Nameserver(),)
    calls: tuple[Call | Wait, ...] = (addresses(),)
    says: str = ""
    seconds: tuple[float, float] = (0.0, 0.1)
    at_once: bool = False
    event: Event | None = None
    in_flight: int = 128
    retry_unreachable: float = 2.0
    family: str = "ipv4"
    cache: CacheConfig = attrs.field(factory=CacheConfig)
    config: Mapping[str, Any] = attrs.field(factory=dict)
    policy: str = "kubernetes"
    names: tuple[str, ...] = ()
    later: int = 0
    drivers: tuple[str, ...] = DRIVERS

    @property
    def codes(self) -> tuple[str, ...]:
        """The behaviours that it shows; G is for goals, which are others."""
        found = _CODES.match(self.name)
        return tuple(code for code in found[0].split() if code[0] != "G") if found else ()

    @property
    def lookups(self) -> list[Call]:
        return [call for call in self.calls if isinstance(call, Call)]


def at(*steps: script.Step, kind: str = "", **options: Any) -> Nameserver:
    """Make a nameserver that takes these steps, in all that is asked or in queries of one kind."""
    return Nameserver({kind: steps}, **options)


def one(
    name: str, told: str | tuple[str, ...], asked: Mapping[str, int], *steps: script.Step, **options: Any
) -> Scenario:
    """Make a scenario of one nameserver; of one call unless there are several."""
    told = (told,) if isinstance(told, str) else told
    return Scenario(name, told, (asked,), (at(*steps or (answer,)),), **options)


def over_tcp(name: str, told: str, tcp: int, *steps: script.Step, **options: Any) -> Scenario:
    """Make a scenario whose UDP reply is truncated; the steps are those of TCP."""
    nameserver = Nameserver({"udp": (truncated,), "tcp": steps})
    return Scenario(name, (told,), ({"A udp": 1, "A tcp": tcp},), (nameserver,), **options)


CLOSED = Nameserver(udp=False, tcp=False)
GONE = Nameserver({"": (silent,)})
