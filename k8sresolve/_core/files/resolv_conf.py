r"""resolv.conf(5) as glibc 2.41, musl 1.2.5 and Go 1.26 read it: bytes in, a configuration and findings out.

Nothing here fails, and nothing here asks the machine: environment, host name and interfaces are arguments. What one
resolver does differently from another stands in its `DialectRules`; the reader follows the file line by line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from k8sresolve._core.addresses import parse_inet_aton
from k8sresolve._core.files.dialects import DIALECTS, DialectRules, bounded, is_link_local, parse_ipv6
from k8sresolve._core.files.findings import Findings, TextLine, odd, quote
from k8sresolve._core.files.search_list import plain
from k8sresolve._core.files.statements import MAX_NAMESERVERS, Statements
from k8sresolve._escaping import told
from k8sresolve.config import Dialect, Nameserver, ResolverConfig
from k8sresolve.errors import ConfigError

if TYPE_CHECKING:
    from k8sresolve.findings import Finding, Severity

_NONE: Mapping[str, int] = MappingProxyType({})
_NO_ENV: Mapping[str, str] = MappingProxyType({})

KEYWORDS = ("nameserver", "search", "domain", "options")


def parse_resolv_conf(
    data: bytes | None,
    *,
    env: Mapping[str, str] = _NO_ENV,
    hostname: str = "",
    interfaces: Mapping[str, int] = _NONE,
    dialect: Dialect = "glibc",
    source: str = "",
) -> ResolverConfig:
    r"""Read the text of a resolv.conf(5).

    Any bytes give a configuration, with the nameserver 127.0.0.1 where none is named. What was ignored, cut or read in
    a surprising way is told in `ResolverConfig.diagnostics`. Text has one character for each byte.

    Args:
        data: The text. None for a missing file.
        env: LOCALDOMAIN and RES_OPTIONS, which glibc reads.
        hostname: The machine's name, whose domain stands in for a search list that is not stated.
        interfaces: Numbers of interfaces by name, for the scope of an IPv6 nameserver.
        dialect: Which resolver's way of reading it.
        source: The file's name in findings.

    Raises:
        ConfigError: The dialect is none of the three, or an argument is of another type.

    Source: resolv.conf(5); glibc 2.41 `res_init.c`, musl 1.2.5 `resolvconf.c`, Go 1.26 `dnsconfig_unix.go`.

    >>> from k8sresolve import parse_resolv_conf
    >>> text = b"nameserver 10.96.0.10\nsearch shop.svc.cluster.local\noptions ndots:20\n"
    >>> config = parse_resolv_conf(text)
    >>> config.nameservers, config.ndots, config.namespace
    ((Nameserver(address='10.96.0.10', port=53, scope=0),), 15, 'shop')
    >>> print(config.diagnostics[0])
    resolv.conf:3: 'ndots:20' is cut to 15, because glibc takes no more; write ndots:15
    """
    stated = parse_statements(data, env=env, interfaces=interfaces, dialect=dialect, source=source)
    return stated.configure(hostname)


def parse_statements(
    data: bytes | None,
    *,
    env: Mapping[str, str] = _NO_ENV,
    interfaces: Mapping[str, int] = _NONE,
    dialect: Dialect = "glibc",
    source: str = "",
    with_findings: bool = True,
) -> Statements:
    """Do all of `parse_resolv_conf` but its end, which fills in what is not stated."""
    if not isinstance(dialect, str) or dialect not in DIALECTS:
        raise ConfigError(f"{told(dialect)} is no dialect of resolv.conf", advice=f"choose from {', '.join(DIALECTS)}")
    _check_arguments(data, env, interfaces, source)
    rules = DIALECTS[dialect]
    stated = Statements(rules, source, Findings(source, rules.reference, keeps=with_findings))
    reader = _Reader(stated, interfaces)
    if rules.environment and (domains := env.get("LOCALDOMAIN")) is not None:
        stated.take_local_domain(domains)
    for line in rules.lines((data or b"").decode("latin-1")):
        reader.read_line(line)
    if rules.environment:
        reader.read_options(env.get("RES_OPTIONS", ""), None)
    if not stated.nameservers:
        stated.findings.on_whole(_no_nameserver(data, rules))
    return stated


def _names(given: Any, kind: type) -> bool:
    """Whether this is a mapping from names to values of that type."""
    if not isinstance(given, Mapping):
        return False
    pairs = cast("Mapping[object, object]", given).items()
    return all(isinstance(name, str) and isinstance(value, kind) for name, value in pairs)


def _check_arguments(data: object, env: object, interfaces: object, source: object) -> None:
    if data is not None and not isinstance(data, bytes | bytearray):
        raise ConfigError(f"{told(data)} is no text of a resolv.conf", advice="give its octets, or None")
    if not _names(env, str):
        raise ConfigError(f"env={told(env)} cannot be used", advice="give text by name")
    if not _names(interfaces, int):
        raise ConfigError(f"interfaces={told(interfaces)} cannot be used", advice="give a number by name")
    if not isinstance(source, str):
        raise ConfigError(f"source={told(source)} is no text", advice="name the file")


def _no_nameserver(data: bytes | None, rules: DialectRules) -> Finding:
    state = "there is no file"
    if data is not None:
        state = "no line names a usable nameserver" if data.strip() else "the file is empty"
    problem = f"{state}, so questions go to {' and '.join(rules.fallback)}"
    return odd("nameserver-missing", problem, "write a line 'nameserver ADDRESS', or give a configuration", "error")


_BYTE_ORDER_MARK = b"\xef\xbb\xbf".decode("latin-1")

_COMPLETE = "complete or remove the line"
_CORRECT_SCOPE = "correct what follows '%'"

# Compiled where a file has such a word, which few have.
_WITH_PORT = r"\[([^]]*)](?::[0-9]+)?|([0-9.]+)[:#][0-9]+|([0-9a-fA-F:.]+)#[0-9]+"


class _Reader:
    """Takes a file line by line, and what it states down into `stated`.

    What is odd in a line is put into words only where someone will read it: hence the functions without arguments.
    """

    def __init__(self, stated: Statements, interfaces: Mapping[str, int]) -> None:
        self._stated = stated
        self._dialect = stated.dialect
        self._findings = stated.findings
        self._interfaces = interfaces

    def read_line(self, line: TextLine) -> None:
        """Read one line of the file."""
        if line.passed_over:
            self._findings.on_part(line, line.passed_over)
        found = self._dialect.word.search(line.text)
        if not found or not found[0].strip("\r") or line.text[0] in "#;":
            return
        if line.text.endswith("\r") and self._dialect.word.match("\r"):
            self._findings.on_part(line, self._ends_in_cr)
        keyword, rest = found[0], line.text[found.end() :]
        if found.start() and not self._dialect.free:
            if keyword in KEYWORDS:
                indented = f"{keyword!r} is ignored, because blanks stand before it"
                self._findings.on_part(
                    line, lambda: odd("keyword-indented", indented, "begin the line with it", "error")
                )
            elif _meant_options(line.text, self._dialect):
                self._unknown(keyword, line)
        elif keyword not in KEYWORDS:
            self._unknown(keyword, line)
        elif not rest and not self._dialect.free:
            self._findings.on_part(line, lambda: _incomplete(keyword))
        else:
            self._directive(keyword, rest, line)

    def _ends_in_cr(self) -> Finding:
        problem = f"the line ends in a carriage return, which {self._dialect.name} takes for a part of its last word"
        return odd("carriage-return", problem, "save the file with LF line ends", "error")

    def _unknown(self, keyword: str, line: TextLine) -> None:
        if keyword not in self._dialect.aside:
            self._findings.on_part(line, lambda: _unknown_keyword(keyword, line.text, self._dialect))
        elif keyword == "sortlist":
            self._findings.on_part(line, _no_sortlist)

    def _directive(self, keyword: str, rest: str, line: TextLine) -> None:
        words = self._dialect.word.findall(rest)
        if keyword == "options":
            self.read_options(rest, line)
        elif keyword == "nameserver":
            self._nameserver(words, line)
        elif self._stated.search_is_fixed:
            problem = f"{keyword!r} is ignored, because LOCALDOMAIN in the environment takes its place"
            self._findings.on_part(line, lambda: odd("search-overridden", problem, "unset it"))
        elif words:
            self._search(keyword, words, line)
        elif keyword in self._dialect.clears:
            problem = f"{keyword!r} empties the search list, because nothing follows it"
            self._findings.on_part(line, lambda: odd("search-empty", problem, "complete the line"))
            self._stated.search, self._stated.search_line = [], None
        else:
            self._findings.on_part(line, lambda: _incomplete(keyword))

    def _search(self, keyword: str, words: list[str], line: TextLine) -> None:
        stated = self._stated
        if keyword == "domain" and not self._dialect.whole_domain:
            self._rest(words[1:], "'domain' takes one name", "write 'search' for several", line)
            words = words[:1]
        if keyword == "search" and not self._dialect.keeps_root:
            words = [word for word in words if word != "."]
        before = stated.search_line
        if before and not {*map(plain, stated.search)} <= {*map(plain, words)}:
            problem = f"the search list of line {before.number} is ignored, because the last one wins"
            self._findings.on_part(line, lambda: odd("search-again", problem, "write all domains on one line", "error"))
        stated.search, stated.search_line = words, line

    def _nameserver(self, words: list[str], line: TextLine) -> None:
        if not words:
            problem = "'nameserver' is ignored, because no address follows it"
            self._findings.on_part(line, lambda: odd("line-incomplete", problem, _COMPLETE))
            return
        word, *rest = words
        self._rest(rest, "a line names one nameserver", "write a line for each", line)
        nameserver = self._address(word)
        wrong = self._wrong_with_nameserver(word, nameserver) if self._findings.keeps else None
        if wrong:
            self._findings.add(wrong, line)
        if nameserver:
            self._stated.nameservers.append(nameserver)
            self._stated.nameserver_lines.append(line)
            if len(self._stated.nameservers) == MAX_NAMESERVERS + 1:
                self._stated.extra = line

    def _rest(self, words: list[str], why: str, advice: str, line: TextLine) -> None:
        """Tell of words that nobody reads, unless they look like a comment."""
        said = " ".join(words).strip("\r")
        if said and said[0] not in "#;":
            self._findings.on_part(
                line, lambda: odd("words-ignored", f"{quote(said)} is ignored, because {why}", advice, "error")
            )

    def _address(self, word: str) -> Nameserver | None:
        if ipv4 := self._dialect.ipv4(word):
            return Nameserver(str(ipv4))
        text, percent, zone = word.partition("%")
        ipv6 = parse_ipv6(text)
        if ipv6 is None:
            return None
        scope = self._dialect.scope(ipv6, zone, self._interfaces) if percent else 0
        return None if scope is None else Nameserver(str(ipv6), scope=scope)

    def _wrong_with_nameserver(self, word: str, read: Nameserver | None) -> Finding | None:
        said = f"the nameserver {quote(word)}"
        if read is None:
            why, advice = self._no_address(word)
            # Of a carriage return the line as a whole was told.
            return (
                odd("nameserver-address", f"{said} is ignored, because {why}", advice, "error")
                if word[-1] != "\r"
                else None
            )
        if not read.is_ipv6:
            read_so = f"{said} is {read.address}, because inet_aton(3) reads it so"
            return None if read.address == word else odd("nameserver-spelling", read_so, f"write {read.address}")
        if "%" in word and not read.scope:
            ignored = f"the scope of {quote(word)} is ignored, because it is no interface here"
            return odd("nameserver-scope", ignored, _CORRECT_SCOPE, "error")
        if not read.scope and is_link_local(IPv6Address(read.address)):
            unreachable = f"{said} cannot be reached, because a link-local address needs its interface"
            return odd("nameserver-scope", unreachable, f"write {word}%NAME", "error")
        return None

    def _no_address(self, word: str) -> tuple[str, str]:
        """Say why a word is no address, and what to write."""
        if match := re.fullmatch(_WITH_PORT, word):
            address = next(group for group in match.groups() if group is not None)
            return "resolv.conf knows plain addresses only, and port 53", f"write {quote(address)}"
        if "%" in word and parse_ipv6(word.partition("%")[0]):
            return "its scope is no interface here", _CORRECT_SCOPE
        if address := parse_inet_aton(word):
            return f"{self._dialect.name} takes only four plain decimal numbers", f"write '{address}'"
        return "it is no IP address", "write one instead"

    def read_options(self, text: str, line: TextLine | None) -> None:
        """Read what follows `options`, or RES_OPTIONS (no line). What comes later holds."""
        names = tuple(self._dialect.bounds)
        for match in self._dialect.word.finditer(text):
            name = match[0].partition(":")[0]
            if self._dialect.anywhere:
                if not any(f"{name}:" in match[0] for name in names):
                    self._flag(match[0], line)
            elif name in names and ":" in match[0]:
                self._number(name, text, match.start() + len(name) + 1, line)
            else:
                self._flag(match[0], line)
        if self._dialect.anywhere:
            for name in names:
                start = text.find(f"{name}:")
                if start >= 0:
                    self._number(name, text, start + len(name) + 1, line)

    def _number(self, name: str, text: str, start: int, line: TextLine | None) -> None:
        stated = self._dialect.word.match(text, start)
        digits = stated[0] if stated else ""
        said = f"{name}:{digits}"
        value = self._dialect.number(text, start)
        if value is None:
            ignored = "is ignored, because no digit follows the colon"
            self._odd_number(said, ignored, f"write {name}:N", line)
            return
        least, most = self._dialect.bounds[name]
        kept = min(max(value, least), most)
        if name == "ndots":
            kept %= 16  # `unsigned ndots:4` in struct __res_state: -1 is 15 there
        self._stated.numbers[name], self._stated.places[name] = kept, line
        if value > most:
            cut = f"is cut to {kept}, because {self._dialect.name} takes no more"
            self._odd_number(said, cut, f"write {name}:{most}", line)
        elif not (plain := digits.removesuffix("\r")).isdecimal() or value != bounded(plain):
            counts = f"counts as {kept}, because it is no plain number within bounds"
            self._odd_number(said, counts, f"write {name}:N", line)
        elif value < 1 and name != "ndots":
            # res_send.c sends nothing then; res_msend.c of musl divides by it.
            severity: Severity = "error" if name == "attempts" and kept < 1 else "warning"
            counts = f"counts as {kept}, which is less than one try needs"
            self._odd_number(said, counts, f"write {name}:1 or more", line, severity)

    def _odd_number(
        self, said: str, problem: str, advice: str, line: TextLine | None, severity: Severity = "warning"
    ) -> None:
        self._on_option(line, lambda: odd("option-number", f"{quote(said)} {problem}", advice, severity))

    def _flag(self, word: str, line: TextLine | None) -> None:
        if not word.strip("\r"):
            return
        flags, by_prefix = self._dialect.flags, self._dialect.by_prefix
        taken_back = by_prefix and word.startswith("-")
        text = word[1:] if taken_back else word
        known = next((flag for flag in flags if text == flag or (by_prefix and text.startswith(flag))), None)
        if known is None:
            self._on_option(line, lambda: self._unknown_option(word))
            return
        if text.rstrip("\r\n") != known:
            counts = f"{quote(word)} counts as {known!r}, because it begins so"
            self._on_option(line, lambda: odd("option-prefix", counts, "write the option alone"))
        if taken_back:
            self._stated.flags.discard(flags[known])
        elif flags[known]:
            self._stated.flags.add(flags[known])
            self._stated.places[flags[known]] = line

    def _unknown_option(self, word: str) -> Finding:
        problem = f"the option {quote(word)} is unknown to {self._dialect.name} and is ignored"
        return odd("option-unknown", problem, self._advice_on_option(word))

    def _advice_on_option(self, word: str) -> str:
        if word[0] in "#;":
            return "put a comment on a line of its own, because what follows it here is read"
        meant = next((known for known in self._dialect.bounds if word.lower().startswith(known)), "")
        if meant:
            return f"write '{meant}:N'"
        meant = word.lower()
        return f"write {meant!r}" if meant in self._dialect.flags else "remove it"

    def _on_option(self, line: TextLine | None, tell: Callable[[], Finding]) -> None:
        self._findings.on_part(line, tell, "" if line else "RES_OPTIONS")


def _incomplete(keyword: str) -> Finding:
    return odd("line-incomplete", f"{keyword!r} is ignored, because nothing follows it", _COMPLETE)


def _no_sortlist() -> Finding:
    return odd(
        "sortlist-ignored",
        "'sortlist' is ignored, because addresses are ordered by RFC 6724",
        "remove the line",
        "remark",
    )


def _unknown_keyword(keyword: str, line: str, dialect: DialectRules) -> Finding:
    advice = "save the file without a byte order mark"
    if not keyword.startswith(_BYTE_ORDER_MARK):
        meant = next((known for known in KEYWORDS if known in keyword.lower()), "")
        advice = f"write {meant!r} and a blank" if meant else "remove the line, or put '#' at its very beginning"
        if options := _meant_options(line, dialect):
            advice = f"write {quote(f'options {options}')}"
    return odd("keyword-unknown", f"the keyword {quote(keyword)} is unknown to {dialect.name} and is ignored", advice)


def _meant_options(line: str, dialect: DialectRules) -> str:
    """Tell the options of a line that lacks the keyword `options`, or has it misspelt; empty where it states none."""
    keyword, *words = dialect.word.findall(line.rstrip("\r\n"))
    if not re.fullmatch("opt(ion)?s?[:=]?", keyword, re.IGNORECASE):
        words.insert(0, keyword)
        if not _is_option(keyword, dialect):
            return ""
    numbers = "|".join(dialect.bounds)
    return re.sub(rf"\b({numbers})\s*[:=]?\s*(?=[0-9])", r"\1:", " ".join(words))


def _is_option(word: str, dialect: DialectRules) -> bool:
    return word in dialect.flags or re.split("[:=]", word)[0] in dialect.bounds
