r"""resolv.conf(5) as glibc 2.41, musl 1.2.5 and Go 1.26 read it: bytes in, a configuration and remarks out.

Nothing here fails, and nothing here asks the machine: environment, host name and interfaces are arguments. What one
resolver does differently from another stands in its `Dialect`; `Reading` follows the file line by line. Text is held
with one character for each byte (Latin-1), because the resolvers know of no encoding.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from types import MappingProxyType
from typing import NamedTuple

import attrs

from k8sresolve._core.addresses import parse_inet_aton
from k8sresolve._core.files import search_list
from k8sresolve.config import Nameserver, ResolverConfig
from k8sresolve.errors import ConfigError
from k8sresolve.findings import Finding, Severity

_NONE: Mapping[str, int] = MappingProxyType({})
_NO_ENV: Mapping[str, str] = MappingProxyType({})

KEYWORDS = ("nameserver", "search", "domain", "options")

# resolv.conf(5), nameserver: up to MAXNS (3) are used. musl and Go have the same bound.
MAX_NAMESERVERS = 3

# A file may hold half a million mistakes; nobody reads more than a few.
_MOST_REMARKS = 100


# --- Lines ------------------------------------------------------------------------------------------------------------


def _found(severity: Severity, problem: str, advice: str) -> Finding:
    return Finding(severity=severity, problem=problem, advice=advice)


class Line(NamedTuple):
    """What a resolver sees of one line, and what it passes over there."""

    number: int
    text: str
    passed_over: Finding | None = None


def _after_nul(what: str) -> Finding:
    return _found("error", f"{what} after a NUL byte, as in a binary file or UTF-16", "save the file as plain text")


# fgets(3) into 256 bytes gets 254 and the newline.
_MUSL_LONG = _found(
    "error",
    "the line is ignored, because musl reads none of more than 255 bytes",
    "shorten it, or spread nameservers and options over several lines",
)


def _glibc_lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        seen, nul, _ = line.partition("\0")
        yield Line(number, seen, _after_nul("the rest of the line is ignored") if nul else None)


def _musl_lines(text: str) -> Iterator[Line]:
    """Read as `fgets` with a buffer of 256 bytes; a line that shows no newline is thrown away up to the next one."""
    number, start = 1, 0
    while start < len(text):
        end = text.find("\n", start, start + 255) + 1 or min(start + 255, len(text))
        line, nul, _ = text[start:end].partition("\0")
        at_end = end == len(text) and end - start < 255 and text[end - 1] != "\n"
        if line.endswith("\n") or at_end:
            yield Line(number, line, _after_nul("the rest of the line is ignored") if nul else None)
        else:
            yield Line(number, "", _after_nul("the line and the one below it are ignored") if nul else _MUSL_LONG)
            number += text.count("\n", start, end)
            end = text.find("\n", end) + 1 or len(text)
        number += 1
        start = end


def _go_lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) >= 65536:
            ignored = "the file is ignored from here on, because Go reads no line of 64 KiB"
            yield Line(number, "", _found("error", ignored, "shorten it"))
            return
        yield Line(number, line)


# --- Addresses --------------------------------------------------------------------------------------------------------


def _dotted(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def _ipv6(text: str) -> IPv6Address | None:
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


def _is_link_local(address: IPv6Address) -> bool:
    """Tell fe80::/10 and ffx2::/16, as <netinet/in.h> does; Python's own test looks into mapped IPv4 addresses too."""
    first, second = address.packed[:2]
    return (first == 0xFE and second & 0xC0 == 0x80) or (first == 0xFF and second & 0x0F == 2)


def _glibc_scope(address: IPv6Address, text: str, interfaces: Mapping[str, int]) -> int | None:
    """As `__inet6_scopeid_pton`, whose failure `res_vinit` passes over."""
    if _is_link_local(address) and text in interfaces:
        return interfaces[text]
    return _index(text) or 0


def _musl_scope(address: IPv6Address, text: str, interfaces: Mapping[str, int]) -> int | None:
    """As `__lookup_ipliteral`, which refuses the address with the scope."""
    if text.isascii() and text.isdigit():
        return _index(text)
    return interfaces.get(text) if _is_link_local(address) else None


def _go_scope(_address: IPv6Address, text: str, interfaces: Mapping[str, int]) -> int | None:
    """As `netip.ParseAddr`, which takes any zone but an empty one; dialling turns it into a number."""
    return interfaces.get(text, _index(text) or 0) if text else None


# --- Numbers ----------------------------------------------------------------------------------------------------------

_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?)([0-9]+)")
_DIGITS = re.compile(r"[0-9]+")


def _bounded(digits: str) -> int:
    """Turn digits into a number, at most 2**63: any more overflows in every resolver; Python refuses very long ones."""
    digits = digits.lstrip("0")
    return min(int(digits[:20] or "0"), 1 << 63)


def _atoi(text: str, start: int) -> int | None:
    """Read as atoi(3) on 64-bit Linux: strtol(3), cut to 32 bits; 0 where there is no number."""
    match = _INTEGER.match(text, start)
    if not match:
        return 0
    value = _bounded(match[2])
    value = -value if match[1] == "-" else min(value, (1 << 63) - 1)
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def _musl_number(text: str, start: int) -> int | None:
    match = _DIGITS.match(text, start)
    return _bounded(match[0]) if match else None


def _go_number(text: str, start: int) -> int | None:
    return _musl_number(text, start) or 0


# --- Dialects ---------------------------------------------------------------------------------------------------------


def _no_domain(_hostname: str) -> tuple[str, ...]:
    return ()


def _glibc_domain(hostname: str) -> tuple[str, ...]:
    # resolv.conf(5), search: what follows the host name's first dot. `web.` so gives the root.
    return (hostname.partition(".")[2],) if "." in hostname else ()


def _go_domain(hostname: str) -> tuple[str, ...]:
    return tuple(domain for domain in _glibc_domain(hostname) if domain)


@attrs.frozen(kw_only=True)
class Dialect:
    """What one resolver does its own way, as its `reference` says.

    `word` matches what stands between its blanks. `free`: a keyword may follow blanks, and needs none after it. `aside`
    are keywords that it knows and that mean nothing here. `clears` are the keywords that empty the search list when
    nothing follows. `bounds` are the least and the greatest number of each option; `anywhere`: it looks for them in the
    middle of words. `flags` are its words and what they are called here (empty: it does nothing), tried in this order;
    `by_prefix`: a word need only begin so, and a `-` before it takes the flag back.
    """

    reference: str
    lines: Callable[[str], Iterator[Line]]
    word: re.Pattern[str]
    free: bool = False
    aside: tuple[str, ...] = ()
    ipv4: Callable[[str], IPv4Address | None] = parse_inet_aton
    scope: Callable[[IPv6Address, str, Mapping[str, int]], int | None]
    fallback: tuple[str, ...] = ("127.0.0.1",)
    whole_domain: bool = False
    clears: tuple[str, ...] = ()
    keeps_root: bool = True
    host_domain: Callable[[str], tuple[str, ...]] = _no_domain
    environment: bool = False
    number: Callable[[str, int], int | None]
    bounds: Mapping[str, tuple[int, int]]
    anywhere: bool = False
    flags: Mapping[str, str] = attrs.field(factory=dict[str, str])
    by_prefix: bool = False


def _as_named(words: str) -> dict[str, str]:
    return {word: word for word in words.split()}


_LEAST = -(1 << 31)

DIALECTS: Mapping[str, Dialect] = {
    "glibc": Dialect(
        reference="resolv.conf(5)",
        lines=_glibc_lines,
        word=re.compile(r"[^ \t]+"),
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
    "musl": Dialect(
        reference="musl, resolvconf.c",
        lines=_musl_lines,
        word=re.compile(r"[^ \t\n\v\f\r]+"),
        scope=_musl_scope,
        whole_domain=True,
        clears=("search", "domain"),
        number=_musl_number,
        bounds={"ndots": (0, 15), "timeout": (0, 60), "attempts": (0, 10)},
        anywhere=True,
    ),
    "go": Dialect(
        reference="Go, net/dnsconfig.go",
        lines=_go_lines,
        word=re.compile(r"[^ \t\r]+"),
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
}


# --- Reading ----------------------------------------------------------------------------------------------------------

_BYTE_ORDER_MARK = b"\xef\xbb\xbf".decode("latin-1")

_COMPLETE = "complete or remove the line"
_CORRECT_SCOPE = "correct what follows '%'"

_WITH_PORT = re.compile(r"\[([^]]*)](?::[0-9]+)?|([0-9.]+)[:#][0-9]+|([0-9a-fA-F:.]+)#[0-9]+")


def _quote(text: str, most: int = 80) -> str:
    return repr(text if len(text) <= most else text[: most - 3] + "...")


@attrs.define
class Reading:
    """What has been read so far. `nameservers` are all that the file names, of which the first three are used.

    `places` says where each option was read last, None for RES_OPTIONS.
    """

    name: str
    dialect: Dialect
    interfaces: Mapping[str, int] = _NONE
    source: str = ""
    nameservers: list[Nameserver] = attrs.field(factory=list[Nameserver])
    extra: Line | None = None
    search: list[str] = attrs.field(factory=list[str])
    search_line: Line | None = None
    search_is_fixed: bool = False
    numbers: dict[str, int] = attrs.field(factory=dict[str, int])
    flags: set[str] = attrs.field(factory=set[str])
    places: dict[str, Line | None] = attrs.field(factory=dict[str, "Line | None"])
    remarks: list[Finding] = attrs.field(factory=list[Finding])
    unsaid: int = 0

    def remark(
        self,
        problem: str,
        advice: str,
        line: Line | None,
        severity: Severity = "warning",
        *,
        source: str = "",
        reference: str = "",
    ) -> None:
        """Say what is odd; of a line or a variable (`source`) only until enough has been said."""
        is_about_part = line is not None or source
        if is_about_part and len(self.remarks) >= _MOST_REMARKS:
            self.unsaid += 1
            return
        number, text = (line.number, line.text[:200].rstrip("\n")) if line else (None, "")
        self.remarks.append(
            Finding(
                severity=severity,
                problem=problem,
                advice=advice,
                source=source or self.source,
                line=number,
                text=text,
                reference=reference or self.dialect.reference,
            )
        )

    def local_domain(self, value: str) -> None:
        """Let LOCALDOMAIN set the search list (resolv.conf(5)); a leading blank or an empty value gives the root."""
        first, *rest = re.split(r"[ \t]+", value.partition("\n")[0])
        self.search = [first, *filter(None, rest)]
        self.search_is_fixed = True

    def line(self, line: Line) -> None:
        """Read one line of the file."""
        if line.passed_over:
            self.remark(line.passed_over.problem, line.passed_over.advice, line, line.passed_over.severity)
        found = self.dialect.word.search(line.text)
        if not found or not found[0].strip("\r") or line.text[0] in "#;":
            return
        if line.text.endswith("\r") and self.dialect.word.match("\r"):
            problem = f"the line ends in a carriage return, which {self.name} takes for a part of its last word"
            self.remark(problem, "save the file with LF line ends", line, "error")
        keyword, rest = found[0], line.text[found.end() :]
        if found.start() and not self.dialect.free:
            if keyword in KEYWORDS:
                problem = f"{keyword!r} is ignored, because blanks stand before it"
                self.remark(problem, "begin the line with it", line, "error")
        elif keyword not in KEYWORDS:
            self._unknown(keyword, line)
        elif not rest and not self.dialect.free:
            self.remark(f"{keyword!r} is ignored, because nothing follows it", _COMPLETE, line)
        else:
            self._directive(keyword, rest, line)

    def _unknown(self, keyword: str, line: Line) -> None:
        if keyword == "sortlist" and keyword in self.dialect.aside:
            problem = "'sortlist' is ignored, because addresses are ordered by RFC 6724"
            self.remark(problem, "remove the line", line, "remark")
        elif keyword not in self.dialect.aside:
            problem = f"the keyword {_quote(keyword)} is unknown to {self.name} and is ignored"
            self.remark(problem, self._advice_on_keyword(keyword), line)

    @staticmethod
    def _advice_on_keyword(keyword: str) -> str:
        if keyword.startswith(_BYTE_ORDER_MARK):
            return "save the file without a byte order mark"
        meant = next((known for known in KEYWORDS if known in keyword.lower()), "")
        return f"write {meant!r} and a blank" if meant else "remove the line, or put '#' at its very beginning"

    def _directive(self, keyword: str, rest: str, line: Line) -> None:
        words = self.dialect.word.findall(rest)
        if keyword == "options":
            self.options(rest, line)
        elif keyword == "nameserver":
            self._nameserver(words, line)
        elif self.search_is_fixed:
            problem = f"{keyword!r} is ignored, because LOCALDOMAIN in the environment takes its place"
            self.remark(problem, "unset it", line)
        elif words:
            self._search(keyword, words, line)
        elif keyword in self.dialect.clears:
            problem = f"{keyword!r} empties the search list, because nothing follows it"
            self.remark(problem, "complete the line", line)
            self.search, self.search_line = [], None
        else:
            self.remark(f"{keyword!r} is ignored, because nothing follows it", _COMPLETE, line)

    def _search(self, keyword: str, words: list[str], line: Line) -> None:
        if keyword == "domain" and not self.dialect.whole_domain:
            self._rest(words[1:], "'domain' takes one name", "write 'search' for several", line)
            words = words[:1]
        if keyword == "search" and not self.dialect.keeps_root:
            words = [word for word in words if word != "."]
        if self.search_line and not {*map(search_list.plain, self.search)} <= {*map(search_list.plain, words)}:
            problem = f"the search list of line {self.search_line.number} is ignored, because the last one wins"
            self.remark(problem, "write all domains on one line", line, "error")
        self.search, self.search_line = words, line

    def _nameserver(self, words: list[str], line: Line) -> None:
        if not words:
            self.remark("'nameserver' is ignored, because no address follows it", _COMPLETE, line)
            return
        word, *rest = words
        self._rest(rest, "a line names one nameserver", "write a line for each", line)
        nameserver = self._address(word)
        wrong = self._wrong_with_nameserver(word, nameserver)
        if wrong:
            self.remark(wrong.problem, wrong.advice, line, wrong.severity)
        if nameserver:
            self.nameservers.append(nameserver)
            if len(self.nameservers) == MAX_NAMESERVERS + 1:
                self.extra = line

    def _rest(self, words: list[str], why: str, advice: str, line: Line) -> None:
        """Remark on words that nobody reads, unless they look like a comment."""
        said = " ".join(words).strip("\r")
        if said and said[0] not in "#;":
            self.remark(f"{_quote(said)} is ignored, because {why}", advice, line, "error")

    def _address(self, word: str) -> Nameserver | None:
        if ipv4 := self.dialect.ipv4(word):
            return Nameserver(str(ipv4))
        text, percent, zone = word.partition("%")
        ipv6 = _ipv6(text)
        if ipv6 is None:
            return None
        scope = self.dialect.scope(ipv6, zone, self.interfaces) if percent else 0
        return None if scope is None else Nameserver(str(ipv6), scope=scope)

    def _wrong_with_nameserver(self, word: str, read: Nameserver | None) -> Finding | None:
        said = f"the nameserver {_quote(word)}"
        if read is None:
            why, advice = self._no_address(word)
            # Of a carriage return the line as a whole was told.
            return _found("error", f"{said} is ignored, because {why}", advice) if word[-1] != "\r" else None
        if not read.is_ipv6:
            read_so = f"{said} is {read.address}, because inet_aton(3) reads it so"
            return None if read.address == word else _found("warning", read_so, f"write {read.address}")
        if "%" in word and not read.scope:
            ignored = f"the scope of {_quote(word)} is ignored, because it is no interface here"
            return _found("error", ignored, _CORRECT_SCOPE)
        if not read.scope and _is_link_local(IPv6Address(read.address)):
            unreachable = f"{said} cannot be reached, because a link-local address needs its interface"
            return _found("error", unreachable, f"write {word}%NAME")
        return None

    def _no_address(self, word: str) -> tuple[str, str]:
        """Say why a word is no address, and what to write."""
        if match := _WITH_PORT.fullmatch(word):
            address = next(group for group in match.groups() if group is not None)
            return "resolv.conf knows plain addresses only, and port 53", f"write {_quote(address)}"
        if "%" in word and _ipv6(word.partition("%")[0]):
            return "its scope is no interface here", _CORRECT_SCOPE
        if address := parse_inet_aton(word):
            return f"{self.name} takes only four plain decimal numbers", f"write '{address}'"
        return "it is no IP address", "write one instead"

    def options(self, text: str, line: Line | None) -> None:
        """Read what follows `options`, or RES_OPTIONS (no line). What comes later holds."""
        names = tuple(self.dialect.bounds)
        for match in self.dialect.word.finditer(text):
            name = match[0].partition(":")[0]
            if self.dialect.anywhere:
                if not any(f"{name}:" in match[0] for name in names):
                    self._flag(match[0], line)
            elif name in names and ":" in match[0]:
                self._number(name, text, match.start() + len(name) + 1, line)
            else:
                self._flag(match[0], line)
        if self.dialect.anywhere:
            for name in names:
                start = text.find(f"{name}:")
                if start >= 0:
                    self._number(name, text, start + len(name) + 1, line)

    def _number(self, name: str, text: str, start: int, line: Line | None) -> None:
        stated = self.dialect.word.match(text, start)
        said = _quote(f"{name}:{stated[0] if stated else ''}")
        value = self.dialect.number(text, start)
        if value is None:
            self._remark_option(f"{said} is ignored, because no digit follows the colon", f"write {name}:N", line)
            return
        least, most = self.dialect.bounds[name]
        kept = min(max(value, least), most)
        if name == "ndots":
            kept %= 16  # `unsigned ndots:4` in struct __res_state: -1 is 15 there
        self.numbers[name], self.places[name] = kept, line
        if value > most:
            problem = f"is cut to {kept}, because {self.name} takes no more"
            self._remark_option(f"{said} {problem}", f"write {name}:{most}", line)
        elif not stated or not re.fullmatch("[0-9]+\r?", stated[0]) or value != _bounded(stated[0].rstrip("\r")):
            problem = f"counts as {kept}, because it is no plain number within bounds"
            self._remark_option(f"{said} {problem}", f"write {name}:N", line)
        elif value < 1 and name != "ndots":
            problem = f"counts as {kept}, which is less than one try needs"
            # res_send.c sends nothing then; res_msend.c of musl divides by it.
            severity: Severity = "error" if name == "attempts" and kept < 1 else "warning"
            self._remark_option(f"{said} {problem}", f"write {name}:1 or more", line, severity)

    def _flag(self, word: str, line: Line | None) -> None:
        if not word.strip("\r"):
            return
        flags, by_prefix = self.dialect.flags, self.dialect.by_prefix
        taken_back = by_prefix and word.startswith("-")
        text = word[1:] if taken_back else word
        known = next((flag for flag in flags if text == flag or (by_prefix and text.startswith(flag))), None)
        if known is None:
            problem = f"the option {_quote(word)} is unknown to {self.name} and is ignored"
            self._remark_option(problem, self._advice_on_option(word), line)
            return
        if text.rstrip("\r\n") != known:
            problem = f"{_quote(word)} counts as {known!r}, because it begins so"
            self._remark_option(problem, "write the option alone", line)
        if taken_back:
            self.flags.discard(flags[known])
        elif flags[known]:
            self.flags.add(flags[known])
            self.places[flags[known]] = line

    def _advice_on_option(self, word: str) -> str:
        if word[0] in "#;":
            return "put a comment on a line of its own, because what follows it here is read"
        meant = next((known for known in self.dialect.bounds if word.lower().startswith(known)), "")
        if meant:
            return f"write '{meant}:N'"
        meant = word.lower()
        return f"write {meant!r}" if meant in self.dialect.flags else "remove it"

    def _remark_option(self, problem: str, advice: str, line: Line | None, severity: Severity = "warning") -> None:
        self.remark(problem, advice, line, severity, source="" if line else "RES_OPTIONS")

    def finish(self, hostname: str) -> ResolverConfig:
        """Fill in what the file leaves open, look at the whole, and make the configuration."""
        if not self.search:
            self.search, self.search_line = list(self.dialect.host_domain(hostname)), None
        self._look_at_search()
        if self.extra:
            problem = f"{len(self.nameservers)} nameservers are listed, and those from here on are ignored"
            self.remark(problem, "keep the best 3", self.extra)
        used = self.nameservers[:MAX_NAMESERVERS] or [Nameserver(address) for address in self.dialect.fallback]
        if self.unsaid:
            self.remark(f"{self.unsaid} more remarks are left out", "correct those shown first", None)
        return ResolverConfig(
            nameservers=tuple(used),
            search=tuple(self.search),
            ndots=self.numbers.get("ndots", 1),
            timeout=self.numbers.get("timeout"),
            attempts=self.numbers.get("attempts"),
            flags=frozenset(self.flags),
            source=self.source,
            diagnostics=tuple(sorted(self.remarks, key=lambda remark: remark.line or 0)),
        )

    def _look_at_search(self) -> None:
        line, source = self.search_line, "LOCALDOMAIN" if self.search_is_fixed else ""
        for said in search_list.look_at(self.search, "" if line is None else line.text):
            self.remark(said.problem, said.advice, line, said.severity, source=source, reference=said.reference)


def parse_resolv_conf(
    data: bytes | None,
    *,
    env: Mapping[str, str] = _NO_ENV,
    hostname: str = "",
    interfaces: Mapping[str, int] = _NONE,
    dialect: str = "glibc",
    source: str = "",
) -> ResolverConfig:
    r"""Read the text of a resolv.conf(5), None for a missing one, as `dialect` does: `"glibc"`, `"musl"` or `"go"`.

    `env` may hold LOCALDOMAIN and RES_OPTIONS, which glibc reads; `hostname` is the machine's, whose domain stands in
    for a search list that is not stated; `interfaces` are numbers of interfaces by name, for the scope of an IPv6
    nameserver; `source` names the file in remarks. Text has one character for each byte. `timeout` is in seconds.

    Any bytes give a configuration, with the nameserver 127.0.0.1 where none is named. What was ignored, cut or read in
    a surprising way is told in `diagnostics`. Raises `ConfigError` for a dialect that is none of the three.

    Source: resolv.conf(5); glibc 2.41 `res_init.c`, musl 1.2.5 `resolvconf.c`, Go 1.26 `dnsconfig_unix.go`.

    >>> config = parse_resolv_conf(b"nameserver 10.96.0.10\nsearch shop.svc.cluster.local\noptions ndots:20\n")
    >>> config.nameservers, config.ndots, config.namespace
    ((Nameserver(address='10.96.0.10', port=53, scope=0),), 15, 'shop')
    >>> print(config.diagnostics[0])
    resolv.conf:3: 'ndots:20' is cut to 15, because glibc takes no more; write ndots:15
    """
    return read(data, env=env, interfaces=interfaces, dialect=dialect, source=source).finish(hostname)


def read(
    data: bytes | None,
    *,
    env: Mapping[str, str] = _NO_ENV,
    interfaces: Mapping[str, int] = _NONE,
    dialect: str = "glibc",
    source: str = "",
) -> Reading:
    """Do all of `parse_resolv_conf` but its end: what the resolver stores is still whole."""
    if dialect not in DIALECTS:
        raise ConfigError(f"{dialect!r} is no dialect of resolv.conf", advice=f"choose from {', '.join(DIALECTS)}")
    rules = DIALECTS[dialect]
    reading = Reading(dialect, rules, interfaces, source)
    if rules.environment and (domains := env.get("LOCALDOMAIN")) is not None:
        reading.local_domain(domains)
    absent, data = data is None, data or b""
    for line in rules.lines(data.decode("latin-1")):
        reading.line(line)
    if rules.environment:
        reading.options(env.get("RES_OPTIONS", ""), None)
    if not reading.nameservers:
        state = "no line names a usable nameserver" if data.strip() else "the file is empty"
        if absent:
            state = "there is no file"
        problem = f"{state}, so questions go to {' and '.join(rules.fallback)}"
        reading.remark(problem, "write a line 'nameserver ADDRESS', or give a configuration", None, "error")
    return reading
