"""What the arguments of directives and options may be: with another value, CoreDNS does not start.

Source: each plugin's `setup.go` of CoreDNS 1.14.7 and 1.15.0. Plugins that are modelled read the rest themselves.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from k8sresolve.testing.coredns.addresses import pack_address
from k8sresolve.testing.coredns.corefile import Directive, Token
from k8sresolve.testing.coredns.words import read_rcode, read_regex

# A line for each directive, or for an option behind it, and what its arguments are, one after another; the last one
# stands for all that follow where `*` is behind it. Ranges are of numbers (`0-`) or durations (`1s-24h`), and what has
# another spelling is one of `_KINDS`, or a choice of words. What lies behind is not looked at here.
_TABLE = """
bind: listener*
bind except: listener*
cache servfail: 0s-5m
cancel: duration
dns64: translation
dns64 prefix: translation
errors consolidate: duration regex
forward max_fails: 0-
forward max_connect_attempts: 0-
forward health_check: 0s-
forward expire: 0s-
forward max_age: 0s-
forward max_idle_conns: 0-
forward read_timeout: 1ns-
forward doh_method: POST|GET
forward policy: random|round_robin|sequential
forward max_concurrent: 0-
forward next: rcode*
forward failover: rcode*
forward resolver: nameserver*
forward source_address: address
health: served
health lameduck: duration
loadbalance: round_robin|weighted
log class: all|denial|error|success*
multisocket: 1-
pprof: endpoint
prometheus: endpoint
ready: endpoint
ready monitor: until-ready|continuously
reload: 2s- 1s-
timeouts read: 1s-24h
timeouts write: 1s-24h
timeouts idle: 1s-24h
"""
_RANGE = re.compile(r"(?P<least>\d+[a-z]*)-(?P<most>\d+[a-z]*)?")
_MANY = 10**11
# As in NodeLocal DNSCache's Corefile, until its pod puts in what it is, and in templates of others.
_UNFILLED = re.compile(r"__\w+__|\{\{|\$[{(]|<\w")
_LONGEST_INTERFACE = 15
_PREFIXES = (32, 40, 48, 56, 64, 96)  # RFC 6052, section 2.2


def check_values(directive: Directive) -> None:
    """Check a directive's arguments and those of its options. Raises `ManifestError` at the first that cannot be."""
    _check(directive.name, directive)
    for option in directive.block:
        _check(f"{directive.name} {option.name}", option)


def is_unfilled(token: Token) -> bool:
    """Whether a word stands for what is put in before CoreDNS starts."""
    return looks_unfilled(token.text)


def looks_unfilled(text: str) -> bool:
    """Whether something in a text is still to be filled in.

    >>> looks_unfilled("forward . __PILLAR__CLUSTER__DNS__"), looks_unfilled("{{ADDRESS}}"), looks_unfilled("cache 30")
    (True, True, False)
    """
    return bool(_UNFILLED.search(text))


def split_host_port(text: str) -> tuple[str, str] | None:
    """Part `HOST:PORT` or `[HOST]:PORT` as Go's `net.SplitHostPort` does; None for anything else.

    >>> split_host_port(":8080"), split_host_port("[::1]:53"), split_host_port("::1"), split_host_port("8080")
    (('', '8080'), ('::1', '53'), None, None)
    """
    host, colon, port = text.rpartition(":")
    if not colon or "[" in port or "]" in port:
        return None
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if "[" in inner or "]" in inner or (inner is host and ":" in host):
        return None
    return inner, port


def _check(name: str, directive: Directive) -> None:
    kinds = VALUES.get(name, ())
    for index, token in enumerate(directive.arguments):
        kind = kinds[index] if index < len(kinds) else kinds[-1] if kinds and kinds[-1].endswith("*") else ""
        if kind and not is_unfilled(token):
            _read(kind.removesuffix("*"), token)


def _read(kind: str, token: Token) -> None:
    if kind in _KINDS:
        _KINDS[kind](token)
    elif bounds := _RANGE.fullmatch(kind):
        _read_within(token, bounds["least"], bounds["most"])
    elif token.text not in kind.split("|"):
        raise token.error(f"{token.text!r} is none of {kind.replace('|', ', ')}")


def _read_within(token: Token, least: str, most: str | None) -> None:
    if least.isdecimal():
        token.number(int(least), _MANY if most is None else int(most))
        return
    seconds = token.seconds()
    if seconds < token._replace(text=least).seconds():
        raise token.error(f"{token.text} is less than {least}")
    if most is not None and seconds > token._replace(text=most).seconds():
        raise token.error(f"{token.text} is more than {most}")


def _read_duration(token: Token) -> None:
    token._replace(text=token.text.removeprefix("-")).seconds()


def _read_address(token: Token) -> None:
    if pack_address(token.text) is None:
        raise token.error(f"{token.text!r} is no IP address")


def _read_nameserver(token: Token) -> None:
    parts = split_host_port(token.text)
    _read_address(token if parts is None else token._replace(text=parts[0]))


def _read_endpoint(token: Token) -> None:
    if split_host_port(token.text) is None:
        raise token.error(f"{token.text!r} is no ADDRESS:PORT, such as :{token.text if token.text.isdecimal() else 80}")


def _read_served(token: Token) -> None:
    """Read where `health` listens, which it asks itself."""
    _read_endpoint(token)
    _, port = split_host_port(token.text) or ("", "")
    if port and not (port.isascii() and port.isdecimal() and int(port[:6]) < 1 << 16):
        raise token.error(f"{port!r} is no port")


def _read_listener(token: Token) -> None:
    """Read an address or the name of an interface, which may be any word that Linux takes for one."""
    text = token.text
    is_name = len(text) <= _LONGEST_INTERFACE and not re.search("[/:]", text) and not re.fullmatch(r"[\d.]+", text)
    if not is_name and pack_address(text) is None:
        raise token.error(f"{text!r} is neither an IP address nor an interface")


def _read_translation(token: Token) -> None:
    """Read the network in which IPv4 addresses are put for IPv6."""
    try:
        fits = ipaddress.IPv6Network(token.text, strict=False).prefixlen in _PREFIXES
    except ValueError:
        fits = False
    if not fits:
        told = ", ".join(f"/{length}" for length in _PREFIXES)
        raise token.error(f"{token.text!r} is no IPv6 network of {told}")


def _read_rcode(token: Token) -> None:
    read_rcode(token._replace(text=token.text.upper()))


def _read_regex(token: Token) -> None:
    read_regex(token, token.text)


_KINDS: Mapping[str, Callable[[Token], None]] = {
    "address": _read_address,
    "duration": _read_duration,
    "endpoint": _read_endpoint,
    "listener": _read_listener,
    "nameserver": _read_nameserver,
    "rcode": _read_rcode,
    "regex": _read_regex,
    "served": _read_served,
    "translation": _read_translation,
}


def _rows() -> Iterator[tuple[str, Sequence[str]]]:
    for line in _TABLE.strip().splitlines():
        name, _, kinds = line.partition(": ")
        yield name, kinds.split()


VALUES: Mapping[str, Sequence[str]] = dict(_rows())
"""What the arguments of a directive are, or of an option behind it."""
