"""CoreDNS's `forward` plugin: other nameservers are asked, which here are the upstream, or the cluster's own."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from k8sresolve.testing.coredns.addresses import pack_address
from k8sresolve.testing.coredns.chain import FAILED, Answering, Chain, Plugin, Reply, Request, Steps
from k8sresolve.testing.coredns.corefile import Directive, Token
from k8sresolve.testing.coredns.messages import cut_for
from k8sresolve.testing.coredns.names import Labels, holds, is_below, split
from k8sresolve.testing.coredns.setup import Block, Specification, labels, zones
from k8sresolve.testing.coredns.values import is_unfilled, split_host_port
from k8sresolve.testing.versions import NEW_WORDS, Version

_HOP = 5000  # of the steps: nameservers that forward to each other would do so for ever

_OVER_TCP = frozenset({"force_tcp", "prefer_udp"})
"""Options by which a reply that is cut over UDP is had over TCP, at once or on a second try."""

_MOST_TARGETS = 15
_TRANSPORTS = frozenset({"dns", "tls", "https", "https3", "quic", "grpc", "unix"})  # plugin/pkg/transport
_FORWARDED = frozenset({"dns", "tls", "https"})
# What Go takes for a domain name (`isDomainName`, net/dnsclient.go), besides that one letter is no digit.
_NAME = re.compile(r"(?:(?!-)[\w-]{1,63}(?<!-)(?:\.|\Z))+", re.ASCII)


class Target(NamedTuple):
    """A nameserver to which `forward` leads. `host` is an address where it `is_address`; else a file or a name.

    `port` is as written, and None where none is.
    """

    transport: str
    host: str
    port: str | None
    is_address: bool

    @property
    def is_path(self) -> bool:
        """Whether it can be nothing but a file, such as /etc/resolv.conf."""
        return self.host.startswith(("/", "."))


def read_target(word: Token) -> Target:
    """Read a nameserver as CoreDNS does (`HostPortOrFile`, plugin/pkg/parse/host.go; plugin/forward/resolve.go)."""
    scheme, found, rest = word.text.partition("://")
    transport, text = (scheme, rest) if found and scheme in _TRANSPORTS else ("dns", word.text)
    host, port = split_host_port(text) or (text.strip("[]"), None)
    address = host.rpartition("%")[0] or host  # without a zone, or the name of a TLS server
    if pack_address(address) is not None:
        return Target(transport, address, port, is_address=True)
    return Target(transport, host, port, is_address=False)


def _check_target(word: Token, coredns: Version) -> None:
    """Check what CoreDNS does not start with. Raises `ManifestError`. It asks for the address of a name, which may be.

    A file may be in its pod, wherever that is not told.
    """
    target = read_target(word)
    if is_unfilled(word):
        return
    if target.transport == "https" and "/" in word.text.partition("://")[2]:
        raise word.error(f"{word.text!r} has a path: CoreDNS asks /dns-query, and takes none")
    if target.transport not in _FORWARDED and not (target.transport == "quic" and coredns.has(NEW_WORDS)):
        raise word.error(f"{target.transport}:// is none of dns://, tls:// and https://, by which forward asks")
    is_name = _NAME.fullmatch(target.host) and not target.host.replace(".", "").isdecimal()
    if not (target.is_address or target.is_path or is_name):
        raise word.error(f"{word.text!r} is neither an IP address, nor a file, nor a name")


class Forward:
    """The plugin: names in a zone, those under `excluded` apart, are asked of another nameserver.

    It is asked as the client asks, over UDP or TCP: what it cuts over UDP is passed on so, but with `whole`.
    """

    def __init__(self, zone: Labels, excluded: tuple[Labels, ...], target: Answering, *, whole: bool = False) -> None:
        self._zone = zone
        self._excluded = excluded
        self._target = target
        self._whole = whole

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Ask the other nameserver, or leave it to the next plugin."""
        labels = split(request.name.lower())
        if not is_below(labels, self._zone) or (labels != self._zone and holds(self._excluded, labels)):
            return rest.answer(request)
        steps = request.steps or Steps()
        steps.spend(_HOP)
        reply = self._target.answer(request._replace(depth=0, steps=steps))
        if reply.sender == "nobody":
            return FAILED
        reply = reply._replace(sender="plugin")
        return reply if self._whole or request.tcp else cut_for(request, reply)


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    for directive in directives:
        source, target, *others = directive.take(2)
        for word in (target, *others):
            _check_target(word, block.coredns)
        if len(set(directive.words[1:])) > _MOST_TARGETS:
            raise target.error(f"forward takes {_MOST_TARGETS} nameservers, not {len(set(directive.words[1:]))}")
        options = list(block.options(directive))
        excluded = [token for option in options if option.name == "except" for token in option.arguments]
        whole = any(option.name in _OVER_TCP for option in options)
        yield Forward(split(source.zones()[0]), labels(zones(excluded)), block.target(target), whole=whole)


SPECIFICATION = Specification(
    "forward",
    _set_up,
    options=frozenset({"except", "force_tcp", "prefer_udp"}),
    without_effect=frozenset(
        {"doh_method", "expire", "failfast_all_unhealthy_upstreams", "health_check", "max_age"}
        | {"max_concurrent", "max_connect_attempts", "max_fails", "max_idle_conns", "policy"}
        | {"read_timeout", "resolver", "source_address", "tls", "tls_servername"}
    ),
)
