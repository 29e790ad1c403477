"""What glibc 2.41, musl 1.2.5 and Go 1.26 each do their own way with resolv.conf(5).

Text has one character for each byte (Latin-1), because the resolvers know of no encoding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from types import MappingProxyType
from typing import TYPE_CHECKING

from k8sresolve._core.addresses import parse_inet_aton
from k8sresolve._core.files.findings import TextLine, odd
from k8sresolve._core.search.limits import MUSL_LINE
from k8sresolve.config import Dialect

if TYPE_CHECKING:
    from k8sresolve.findings import Finding

# Lines.

_AFTER_NUL = "after a NUL byte, as in a binary file or UTF-16"


def _rest_lost() -> Finding:
    return odd("nul-byte", f"the rest of the line is ignored {_AFTER_NUL}", "save the file as plain text", "error")


def _both_lost() -> Finding:
    return odd(
        "nul-byte", f"the line and the one below it are ignored {_AFTER_NUL}", "save the file as plain text", "error"
    )


def _too_long_for_musl() -> Finding:
    problem = f"the line is ignored, because musl reads none of more than {MUSL_LINE} bytes"
    return odd("line-too-long", problem, "shorten it, or spread nameservers and options over several lines", "error")


def _too_long_for_go() -> Finding:
    return odd(
        "line-too-long", "the file is ignored from here on, because Go reads no line of 64 KiB", "shorten it", "error"
    )


def _glibc_lines(text: str) -> Iterator[TextLine]:
    for number, line in enumerate(text.split("\n"), 1):
        seen, nul, _ = line.partition("\0")
        yield TextLine(number, seen, _rest_lost if nul else None)


def _musl_lines(text: str) -> Iterator[TextLine]:
    """Read as by fgets(3): what shows neither a newline nor the end is thrown away, up to the next newline."""
    most = MUSL_LINE + 1  # with the newline
    number, start = 1, 0
    while start < len(text):
        end = text.find("\n", start, start + most) + 1 or min(start + most, len(text))
        line, nul, _ = text[start:end].partition("\0")
        at_end = end == len(text) and end - start < most and text[end - 1] != "\n"
        if line.endswith("\n") or at_end:
            yield TextLine(number, line, _rest_lost if nul else None)
        else:
            yield TextLine(number, "", _both_lost if nul else _too_long_for_musl)
            number += text.count("\n", start, end)
            end = text.find("\n", end) + 1 or len(text)
        number += 1
        start = end


def _go_lines(text: str) -> Iterator[TextLine]:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) >= 65536:
            yield TextLine(number, "", _too_long_for_go)
            return
        yield TextLine(number, line)


# Addresses.


def _dotted(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def parse_ipv6(text: str) -> IPv6Address | None:
    try:
        return IPv6Address(text)
    except AddressValueError:
        return None


def _index(text: str) -> int | None:
    """Read an interface's number: digits alone, of 32 bits."""
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > 10:
        return None
    number = int(text.lstrip("0") or "0")
    return number if number < 1 << 32 else None


def is_link_local(address: IPv6Address) -> bool:
    """Tell fe80::/10 and ffx2::/16, as <netinet/in.h> does; Python's own test looks into mapped IPv4 addresses too."""
    first, second = address.packed[:2]
    return (first == 0xFE and second & 0xC0 == 0x80) or (first == 0xFF and second & 0x0F == 2)


def _glibc_scope(address: IPv6Address, text: str, interfaces: Mapping[str, int]) -> int | None:
    """As `__inet6_scopeid_pton`, whose failure `res_vinit` passes over."""
    if is_link_local(address) and text in interfaces:
        return interfaces[text]
    return _index(text) or 0


def _musl_scope(address: IPv6Address, text: str, interfaces: Mapping[str, int]) -> int | None:
    """As `__lookup_ipliteral`, which refuses the address with the scope."""
    if text.isascii() and text.isdigit():
        return _index(text)
    return interfaces.get(text) if is_link_local(address) else None


def _go_scope(_address: IPv6Address, text: str, interfaces: Mapping[str, int]) -> int | None:
    """As `netip.ParseAddr`, which takes any zone but an empty one; dialling turns it into a number."""
    return interfaces.get(text, _index(text) or 0) if text else None


# Numbers.

_C_BLANKS = " \t\n\v\f\r"  # of isspace(3)


def bounded(digits: str) -> int:
    """Turn digits into a number, at most 2**63: any more overflows in every resolver; Python refuses very long ones."""
    digits = digits.lstrip("0")
    return min(int(digits[:20] or "0"), 1 << 63)


def _digits_from(text: str, start: int) -> str:
    """The digits that stand there: a copy of all that follows each number would cost its whole length."""
    end = start
    while "0" <= text[end : end + 1] <= "9":
        end += 1
    return text[start:end]


def _atoi(text: str, start: int) -> int | None:
    """Read as atoi(3) on 64-bit Linux: strtol(3), cut to 32 bits; 0 where there is no number."""
    while start < len(text) and text[start] in _C_BLANKS:
        start += 1
    sign = text[start : start + 1]
    value = bounded(_digits_from(text, start + 1 if sign in {"+", "-"} else start))
    value = -value if sign == "-" else min(value, (1 << 63) - 1)
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def _musl_number(text: str, start: int) -> int | None:
    digits = _digits_from(text, start)
    return bounded(digits) if digits else None


def _go_number(text: str, start: int) -> int | None:
    return _musl_number(text, start) or 0


# Dialects.


def _no_domain(_hostname: str) -> tuple[str, ...]:
    return ()


def _glibc_domain(hostname: str) -> tuple[str, ...]:
    # resolv.conf(5), search: what follows the host name's first dot. `web.` so gives the root.
    return (hostname.partition(".")[2],) if "." in hostname else ()


def _go_domain(hostname: str) -> tuple[str, ...]:
    return tuple(domain for domain in _glibc_domain(hostname) if domain)


class DialectRules:
    """What one resolver does its own way, as its `reference` says.

    `word` matches what stands between its blanks. `free`: a keyword may follow blanks, and needs none after it. `aside`
    are keywords that it knows and that mean nothing here. `clears` are the keywords that empty the search list when
    nothing follows. `bounds` are the least and the greatest number of each option; `anywhere`: it looks for them in the
    middle of words. `flags` are its words and what they are called here (empty: it does nothing), tried in this order;
    `by_prefix`: a word need only begin so, and a `-` before it takes the flag back.
    """

    def __init__(
        self,
        *,
        name: Dialect,
        reference: str,
        lines: Callable[[str], Iterator[TextLine]],
        word: str,
        scope: Callable[[IPv6Address, str, Mapping[str, int]], int | None],
        number: Callable[[str, int], int | None],
        bounds: Mapping[str, tuple[int, int]],
        free: bool = False,
        aside: tuple[str, ...] = (),
        ipv4: Callable[[str], IPv4Address | None] = parse_inet_aton,
        fallback: tuple[str, ...] = ("127.0.0.1",),
        whole_domain: bool = False,
        clears: tuple[str, ...] = (),
        keeps_root: bool = True,
        host_domain: Callable[[str], tuple[str, ...]] = _no_domain,
        environment: bool = False,
        anywhere: bool = False,
        flags: Mapping[str, str] = MappingProxyType({}),
        by_prefix: bool = False,
    ) -> None:
        self.name: Dialect = name
        self.reference = reference
        self.lines = lines
        self._word = word
        self.scope = scope
        self.number = number
        self.bounds = bounds
        self.free = free
        self.aside = aside
        self.ipv4 = ipv4
        self.fallback = fallback
        self.whole_domain = whole_domain
        self.clears = clears
        self.keeps_root = keeps_root
        self.host_domain = host_domain
        self.environment = environment
        self.anywhere = anywhere
        self.flags = flags
        self.by_prefix = by_prefix

    @cached_property
    def word(self) -> re.Pattern[str]:
        """Matches what stands between its blanks: compiled for the first file that is read so."""
        return re.compile(self._word)


def _as_named(words: str) -> dict[str, str]:
    return {word: word for word in words.split()}


_LEAST = -(1 << 31)

_ALL = (
    DialectRules(
        name="glibc",
        reference="resolv.conf(5)",
        lines=_glibc_lines,
        word=r"[^ \t]+",
        aside=("sortlist",),
        scope=_glibc_scope,
        host_domain=_glibc_domain,
        environment=True,
        number=_atoi,
        bounds={"ndots": (_LEAST, 15), "timeout": (_LEAST, 30), "attempts": (_LEAST, 5)},
        flags=_as_named("rotate edns0 single-request-reopen single-request")
        | {"no_tld_query": "no-tld-query"}
        | _as_named("no-tld-query no-reload use-vc trust-ad no-aaaa strict-error"),
        by_prefix=True,
    ),
    DialectRules(
        name="musl",
        reference="musl, resolvconf.c",
        lines=_musl_lines,
        word=r"[^ \t\n\v\f\r]+",
        scope=_musl_scope,
        whole_domain=True,
        clears=("search", "domain"),
        number=_musl_number,
        bounds={"ndots": (0, 15), "timeout": (0, 60), "attempts": (0, 10)},
        anywhere=True,
    ),
    DialectRules(
        name="go",
        reference="Go, net/dnsconfig.go",
        lines=_go_lines,
        word=r"[^ \t\r]+",
        free=True,
        aside=("lookup",),
        ipv4=_dotted,
        scope=_go_scope,
        fallback=("127.0.0.1", "::1"),
        clears=("search",),
        keeps_root=False,
        host_domain=_go_domain,
        number=_go_number,
        bounds={"ndots": (0, 15), "timeout": (1, 0xFFFFFF), "attempts": (1, 0xFFFFFF)},
        flags=_as_named("rotate single-request use-vc trust-ad no-reload")
        | {"single-request-reopen": "single-request", "usevc": "use-vc", "tcp": "use-vc", "edns0": ""},
    ),
)

DIALECTS: Mapping[Dialect, DialectRules] = {dialect.name: dialect for dialect in _ALL}
