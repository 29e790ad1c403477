"""What the plugins of the offline nameserver are asked and give, and how they stand behind each other.

A plugin answers a request itself, or lets the rest of its chain answer, and may change what that says: so CoreDNS
works. A server has a chain for each of its zones.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from k8sresolve._core.wire.rcodes import NOERROR, REFUSED, SERVFAIL
from k8sresolve.testing.coredns.names import fqdn, is_below, split
from k8sresolve.testing.coredns.records import DS, Record
from k8sresolve.testing.coredns.writing import Written

NOTIFY = 4
IN = 1
MAX_ROOM = 65535
_EXTENDED_ERROR = 15

# Aliases, and zones that ask each other, may go on for ever: CoreDNS's file plugin stops after so many steps, too.
MAX_DEPTH = 8
_MAX_ALIASED = 100_000


Sender: TypeAlias = Literal["plugin", "server", "error", "nobody"]
"""Who sends a reply: a plugin, or no plugin and the server itself, or nobody, so that the asker waits in vain.

`error` is the server, too, as a plugin has failed. No plugin sees what is not a plugin's, be it to remember or to
change it.
"""


class Marks(NamedTuple):
    """What a reply says besides rcode, records and AA: flags (RFC 1035, section 4.1.1), and what its OPT record says.

    `recursion_desired` is None where RD is the question's; `truncated`, where another nameserver has cut the reply.
    `extended_error` is an EDNS option (RFC 8914), and `payload` the most octets of a UDP reply, whatever the client
    says; 0 leaves that to the client. `options` are those of the OPT record, which is made for them; None leaves the
    query's. `rdtype` is the type in the question section, where that is not the one asked.
    """

    recursion_available: bool = False
    recursion_desired: bool | None = None
    truncated: bool = False
    extended_error: bytes = b""
    payload: int = 0
    options: bytes | None = None
    rdtype: int = 0


UNMARKED = Marks()


def extended_error(code: int, text: str = "") -> bytes:
    """Write an EDNS option that says why (RFC 8914, section 2)."""
    data = code.to_bytes(2, "big") + text.encode()
    return _EXTENDED_ERROR.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


class Reply(NamedTuple):
    """What a plugin answers, and who sends it.

    `question` is the name in the question section, where that is not the one asked. `written` keeps the octets of a
    reply that is given again; where somebody has changed the records since, it does not count.
    """

    rcode: int = NOERROR
    answer: Sequence[Record] = ()
    authority: Sequence[Record] = ()
    additional: Sequence[Record] = ()
    authoritative: bool = True
    sender: Sender = "plugin"
    question: str = ""
    marks: Marks = UNMARKED
    written: Written | None = None

    def marked(self, **marks: Any) -> "Reply":
        """Give the reply with some of its marks changed."""
        return self._replace(marks=self.marks._replace(**marks))


def unwritten(rcode: int) -> Reply:
    """Make the reply that is nothing but an rcode from the server."""
    return Reply(rcode, authoritative=False, sender="server")


FAILED = Reply(SERVFAIL, authoritative=False, sender="error")
"""The reply to an error of CoreDNS's own, such as a question that the last plugin leaves over."""


class Endless(Exception):
    """Answering would take more steps than a nameserver has time for."""


class Crash(Exception):
    """CoreDNS crashes on the way to answering for `name`, which its server survives with SERVFAIL."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Steps:
    """What may still be spent on following aliases for one message: records, and steps from name to name.

    Objects may alias each other so that a walk doubles with each step; no reply could hold what is found.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MAX_ALIASED

    def spend(self, count: int) -> None:
        """Count steps and records. Raises `Endless` when nothing is left."""
        self._left -= count
        if self._left < 0:
            raise Endless


class Request(NamedTuple):
    """A question as plugins see it.

    `dnssec` is the DO bit (RFC 3225), `unchecked` the CD bit (RFC 4035, section 3.2.2), `client` the address that it
    comes from, or empty. `depth` counts how often a plugin has asked the server again to answer it. `tcp` tells the
    way it came, and `room` how many octets the reply may have. `id` is the message's, and `told` what plugins say of
    the request, by label, where `metadata` collects it.
    """

    name: str
    rdtype: int
    opcode: int = 0
    depth: int = 0
    dnssec: bool = False
    unchecked: bool = False
    client: str = ""
    steps: Steps | None = None
    rdclass: int = IN
    tcp: bool = True
    room: int = MAX_ROOM
    options: bytes | None = None
    id: int = 0
    told: Mapping[str, str] | None = None

    def metadata(self, label: str) -> str:
        """Tell what plugins say of it under a label, `PLUGIN/NAME`; empty where none does."""
        return self.told.get(label, "") if self.told else ""

    @property
    def client_address(self) -> IPv4Address | IPv6Address | None:
        """The address that it comes from, without a zone; None where that is not known."""
        try:
            return ip_address(self.client.partition("%")[0])
        except ValueError:
            return None


class Plugin(Protocol):
    """One plugin."""

    def answer(self, request: Request, rest: "Chain") -> Reply:
        """Answer, or have the rest of the chain answer."""
        ...


@runtime_checkable
class Viewer(Protocol):
    """A plugin that decides whether its server block is for a request, as CoreDNS calls it."""

    def passes(self, request: Request, port: int) -> bool:
        """Whether the server block is for a request that came to a port."""
        ...


@runtime_checkable
class Provider(Protocol):
    """A plugin that says something of a request, for `metadata` to collect."""

    def metadata(self, request: Request) -> Mapping[str, str]:
        """Say it, by label."""
        ...


@runtime_checkable
class Naming(Protocol):
    """A plugin with names of its own, which neither objects nor rules tell of."""

    def names(self) -> Iterable[str]:
        """Tell its names, absolute."""
        ...


class Answering(Protocol):
    """A server, seen from its plugins and from others that forward to it."""

    def answer(self, request: Request) -> Reply:
        """Answer a request."""
        ...


class Chain:
    """Plugins from some point on, in a server.

    What the last one leaves over is SERVFAIL, as in CoreDNS; without any plugin, all is REFUSED.
    """

    __slots__ = ("_plugin", "_rest", "_server")

    def __init__(self, plugins: Sequence[Plugin], server: Answering | None = None) -> None:
        self._server = server or self
        self._plugin = plugins[0] if plugins else None
        self._rest = Chain(plugins[1:], self._server) if plugins else self

    @property
    def ended(self) -> bool:
        """Whether no plugin is left."""
        return self._plugin is None

    def answer(self, request: Request) -> Reply:
        """Ask the plugins."""
        if self._plugin is None:
            return FAILED
        return self._plugin.answer(request, self._rest)

    def look_up(self, name: str, rdtype: int, request: Request) -> Reply:
        """Ask the server for another name, on the way to answering `request`."""
        if request.depth >= MAX_DEPTH:
            return unwritten(SERVFAIL)
        return self._server.answer(request._replace(name=fqdn(name), rdtype=rdtype, opcode=0, depth=request.depth + 1))


class CoreDNSServer:
    """CoreDNS's server of one port: the server block of the longest zone that holds a name answers for it.

    Of several for one zone, the first does whose `Viewer`s say that it is for the request. Other classes than IN are
    refused, but with `any_class`. `names` are those of its plugins' own.
    """

    def __init__(
        self,
        zones: Mapping[str, Sequence[Plugin]] | Sequence[tuple[str, Sequence[Plugin]]],
        *,
        any_class: bool = False,
        port: int = 53,
    ) -> None:
        self.any_class = any_class
        self._port = port
        blocks = list(zones.items()) if isinstance(zones, Mapping) else zones
        self.names: frozenset[str] = frozenset(
            name for _, plugins in blocks for one in plugins if isinstance(one, Naming) for name in one.names()
        )
        chains = [
            (split(fqdn(zone.lower())), Chain(plugins, self), [one for one in plugins if isinstance(one, Viewer)])
            for zone, plugins in blocks
        ]
        self._chains = sorted(chains, key=lambda item: len(item[0]), reverse=True)
        zone, chain, viewers = self._chains[0] if len(chains) == 1 else ((), None, ())
        self._for_all = chain if not zone and not viewers else None

    def answer(self, request: Request) -> Reply:
        """Answer a request; a name in no zone is REFUSED."""
        chain = self._chain(request) if request.rdclass == IN or self.any_class else None
        if chain is None or chain.ended:
            return unwritten(REFUSED)
        try:
            return chain.answer(request)
        except Crash as crash:
            # What `rewrite` made of the question stands, as nobody is left to put it back.
            return unwritten(SERVFAIL)._replace(question=crash.name if crash.name != request.name else "")

    def _chain(self, request: Request) -> Chain | None:
        if self._for_all is not None:
            return self._for_all
        labels = split(request.name.lower())
        found = [
            (zone, chain)
            for zone, chain, viewers in self._chains
            if is_below(labels, zone) and all(viewer.passes(request, self._port) for viewer in viewers)
        ]
        if request.rdtype == DS:
            # A DS record belongs to the parent's zone (RFC 4035, section 3.1.4.1).
            found = [(zone, chain) for zone, chain in reversed(found) if zone] or found
        return found[0][1] if found else None
