"""What to improve in a resolv.conf: the reader's own findings, what another libc makes of the file, and what it costs.

Costs are not worked out here but counted: the search policies walk through a rehearsal in which one name exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from types import MappingProxyType

import attrs

from k8sresolve._core.addresses import parse_inet_aton
from k8sresolve._core.files.dialects import DIALECTS, DialectRules
from k8sresolve._core.files.findings import TextLine, odd, placed
from k8sresolve._core.files.nameservers import look_at_nameservers
from k8sresolve._core.files.resolv_conf import parse_statements
from k8sresolve._core.files.search_list import KUBELET_SEARCHES, is_too_long_for_musl, plain
from k8sresolve._core.files.statements import Statements
from k8sresolve._core.questions import AAAA, A, Found, NxDomain, Question, Result
from k8sresolve._core.search import walk as search
from k8sresolve._core.search.absolute import VARIABLE, advice
from k8sresolve.config import Dialect, Policy, ResolverConfig
from k8sresolve.findings import Finding, Severity, worst_first

_NO_ENV: Mapping[str, str] = MappingProxyType({})
_NO_INTERFACES: Mapping[str, int] = MappingProxyType({})

# getaddrinfo() asks both, and so does Go.
_BOTH = (A, AAAA)
OUTSIDE = "api.example.com"
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")


@attrs.frozen
class _View:
    """A file as one resolver sees it."""

    stated: Statements
    config: ResolverConfig

    @property
    def dialect(self) -> DialectRules:
        return self.stated.dialect

    @property
    def name(self) -> Dialect:
        return self.dialect.name


def lint_resolv_conf(
    data: bytes | None,
    *,
    env: Mapping[str, str] = _NO_ENV,
    hostname: str = "",
    interfaces: Mapping[str, int] = _NO_INTERFACES,
    source: str = "",
) -> tuple[Finding, ...]:
    r"""Tell what to improve in the text of a resolv.conf(5); the worst comes first.

    The file is judged as glibc reads it; where musl (Alpine) or Go make something else of it, that is told, and so is
    what typical names cost, and, unless `env` has K8SRESOLVE_ABSOLUTE, how to ask for fewer of them with this library.
    Any bytes are taken, and nothing is raised.

    Args:
        data: The text. None for a missing file.
        env: LOCALDOMAIN and RES_OPTIONS, which glibc reads.
        hostname: The machine's name, whose domain stands in for a search list that is not stated.
        interfaces: Numbers of interfaces by name, for the scope of an IPv6 nameserver.
        source: The file's name in findings.

    Source: resolv.conf(5), and what each finding refers to.

    >>> from k8sresolve import lint_resolv_conf
    >>> text = b"nameserver 10.96.0.10\nsearch svc.cluster.local .\noptions rotate\n"
    >>> for finding in lint_resolv_conf(text):
    ...     print(finding.severity, finding.line)
    warning 2
    remark 3
    """

    def view(dialect: Dialect, *, with_findings: bool = False) -> _View:
        stated = parse_statements(
            data, env=env, interfaces=interfaces, dialect=dialect, source=source, with_findings=with_findings
        )
        return _View(stated, stated.configure(hostname))

    glibc = view("glibc", with_findings=True)
    # What others find odd is told only where it leads them elsewhere.
    others = [view(dialect) for dialect in DIALECTS if dialect != "glibc"]
    findings = [
        *glibc.config.diagnostics,
        *_hangs(data or b"", glibc),
        *_weaknesses(glibc),
        *_views(glibc),
        *(finding for other in others for finding in _differences(glibc, other, has_cr=b"\r" in (data or b""))),
        *_unknown_options(glibc, others),
    ]
    if len(glibc.config.search) <= KUBELET_SEARCHES:
        findings += [*_not_found((glibc, *others)), *_costs(glibc, is_told=VARIABLE in env)]
    return worst_first(findings)


def _found(
    about: _View,
    rule: str,
    problem: str,
    advice: str,
    *,
    severity: Severity,
    reference: str,
    line: TextLine | None = None,
) -> Finding:
    return placed(odd(rule, problem, advice, severity, reference), line, about.config.source)


# What glibc does wrong.

_SORT_ADDRESS = re.compile(r"[^/&; \t\n\v\f\r\x80-\xff]*")
_SORT_MASK = re.compile(r"[^; \t\n\v\f\r\x80-\xff]*")
_SORT_LINE = re.compile(r"sortlist[ \t]")


def _hangs(data: bytes, glibc: _View) -> Iterator[Finding]:
    for line in glibc.dialect.lines(data.decode("latin-1")):
        if _SORT_LINE.match(line.text) and _never_ends(line.text, len("sortlist")):
            yield _found(
                glibc,
                "sortlist-hangs",
                "glibc never comes to the end of this line: the process hangs at its first lookup",
                "remove the line, as nothing but gethostbyname(3) looks at it",
                severity="error",
                reference="glibc, res_init.c",
                line=line,
            )


def _never_ends(text: str, at: int) -> bool:
    """Follow `res_vinit_1` through a `sortlist`: it stands still where an entry has no character that it takes."""
    while True:
        while text[at : at + 1] in (" ", "\t"):
            at += 1
        if at == len(text) or text[at] == ";":
            return False
        address = _SORT_ADDRESS.match(text, at)
        assert address is not None  # noqa: S101 - it matches nothing too
        end = address.end()
        if text[end : end + 1] in ("/", "&") and parse_inet_aton(address[0]):
            mask = _SORT_MASK.match(text, end + 1)
            assert mask is not None  # noqa: S101 - as above
            end = mask.end()
        if end == at:
            return True
        at = end


def _weaknesses(glibc: _View) -> Iterator[Finding]:
    if "no-aaaa" in glibc.config.flags:
        yield _found(
            glibc,
            "no-aaaa",
            "with 'no-aaaa', glibc 2.36 to 2.38 reads beyond its buffer where a TCP reply has more than 2,048 bytes",
            "take care that images have the correction, or leave the option out",
            severity="warning",
            reference="CVE-2023-4527",
            line=glibc.stated.places["no-aaaa"],
        )


def _views(glibc: _View) -> Iterator[Finding]:
    stated = glibc.stated
    for finding, line in look_at_nameservers(glibc.config, stated.nameserver_lines, stated.places.get("rotate")):
        yield placed(finding, line, glibc.config.source)


# What others read.


def _differences(glibc: _View, other: _View, *, has_cr: bool) -> Iterator[Finding]:
    ours, theirs = glibc.config, other.config
    reference = other.dialect.reference

    def found(rule: str, problem: str, advice: str, severity: Severity, line: TextLine | None = None) -> Finding:
        return _found(glibc, rule, f"{other.name} {problem}", advice, severity=severity, reference=reference, line=line)

    # Of carriage returns, which only glibc takes for a part of words, each line was told.
    both_lack = not (glibc.stated.nameservers or other.stated.nameservers)
    if ours.nameservers != theirs.nameservers and not both_lack and not has_cr:
        asks = f"asks {_listed(theirs.nameservers)}, and glibc {_listed(ours.nameservers)}"
        yield found(
            "nameserver-read-otherwise",
            asks,
            "write plain addresses, each on a line that begins with 'nameserver'",
            "error",
        )
    search_line = glibc.stated.search_line
    # That such a line is lost for musl was told.
    lost = other.name == "musl" and search_line is not None and is_too_long_for_musl(search_line.text)
    if _domains(ours) != _domains(theirs) and not lost and not has_cr:
        searches = f"searches {_listed(_domains(theirs))}, and glibc {_listed(_domains(ours))}"
        yield found(
            "search-read-otherwise",
            searches,
            "write one line 'search', with blanks between domains",
            "error",
            search_line,
        )
    for option, default in (("ndots", 1), ("timeout", 5), ("attempts", 2)):
        mine = _stated(ours, option, default)
        value = _stated(theirs, option, default)
        if mine != value:
            severity: Severity = "error" if option == "ndots" else "remark"
            takes = f"takes {option} for {value}, and glibc for {mine}"
            place = glibc.stated.places.get(option) or other.stated.places.get(option)
            yield found(
                "option-read-otherwise", takes, f"write {option}:N once, with a number that all take", severity, place
            )


def _stated(config: ResolverConfig, option: str, default: int) -> int:
    stated: int | None = getattr(config, option)
    return default if stated is None else stated


def _domains(config: ResolverConfig) -> list[str]:
    # The root only repeats the name as typed, and Go leaves it out.
    return [plain(entry) for entry in config.search if entry.strip(".")]


def _joined(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _listed(items: Iterable[object], most: int = 120) -> str:
    text = " ".join(map(str, items)) or "nothing"
    text = text if text.isascii() and text.isprintable() else ascii(text)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _unknown_options(glibc: _View, others: Sequence[_View]) -> Iterator[Finding]:
    for flag in sorted(glibc.config.flags):
        deaf = [other for other in others if flag not in other.dialect.flags]
        if deaf:
            yield _found(
                glibc,
                "option-not-everywhere",
                f"the option {flag!r} does nothing in {_joined(other.name for other in deaf)}",
                "rely on it for glibc alone",
                severity="remark",
                reference="; ".join(other.dialect.reference for other in deaf),
                line=glibc.stated.places.get(flag),
            )


# What typical names cost.


def typical_names(config: ResolverConfig) -> dict[str, str]:
    """List names as programs write them, each with the absolute name that exists."""
    namespace, domain = config.namespace or "", plain(config.cluster_domain or "")
    outside = {OUTSIDE: f"{OUTSIDE}."}
    # Of what is no domain the reader told.
    if not _DOMAIN.fullmatch(f"{namespace}.svc.{domain}"):
        return outside
    service = f"svc.ns.svc.{domain}"
    return {"svc": f"svc.{namespace}.svc.{domain}.", "svc.ns": f"{service}.", service: f"{service}.", **outside}


def _questions(name: str, target: str, config: ResolverConfig, policy: Policy) -> int | None:
    """Count the questions until a name is found; None where it is not."""

    def known(question: Question) -> Result:
        exists = question.name.lower() == target
        return Found((IPv4Address("192.0.2.1"),), 30, 30.0) if exists else NxDomain(30.0)

    end, asked = search.Search(config, search.policy(policy)).rehearse(name, _BOTH, known)
    return len(asked) if end.found else None


def _not_found(views: Iterable[_View]) -> Iterator[Finding]:
    """Tell which resolvers do not find a Service by a name that the kubelet's own file is made for."""
    glibc, *_ = views = tuple(views)
    config = glibc.config
    for name, target in typical_names(config).items():
        lost = [
            view.name
            for view in views
            if _reads_search(view) and _questions(name, target, view.config, view.name) is None
        ]
        if lost:
            by_ndots = lost == ["musl"] and name.count(".") >= config.ndots
            why = "the search list does not lead to it"
            if by_ndots:
                why = f"it searches for names of fewer than ndots:{config.ndots} dots only"
            yield _found(
                glibc,
                "service-not-found",
                f"the Service {name!r} is not found by {_joined(lost)}, because {why}",
                f"take the kubelet's search list and ndots:5, or write svc.ns.svc.{plain(config.cluster_domain or '')}",
                severity="warning",
                reference="resolv.conf(5), search and ndots",
                line=glibc.stated.places.get("ndots") if by_ndots else glibc.stated.search_line,
            )


def _reads_search(view: _View) -> bool:
    return view.name != "musl" or view.stated.search_line is not None


def _costs(glibc: _View, *, is_told: bool) -> Iterator[Finding]:
    config, names = glibc.config, typical_names(glibc.config)
    fewer = attrs.evolve(config, ndots=min(config.ndots, 2 if config.cluster_domain else 1))
    now, then = count_questions(names, config, "glibc"), count_questions(names, fewer, "glibc")
    if now == then:
        return
    ours = count_questions(names, config, "kubernetes")
    absolute = _questions(OUTSIDE, f"{OUTSIDE}.", attrs.evolve(config, absolute=(OUTSIDE,)), "kubernetes")
    # Of what is set nobody needs to be told.
    more = "" if is_told or ours[OUTSIDE] == absolute else f"; for a domain outside {advice(OUTSIDE, config)}"
    yield _found(
        glibc,
        "ndots-cost",
        f"ndots:{config.ndots} and this search list make a libc ask for names that are not there: questions for "
        f"{_told(now)}; by the policy 'kubernetes' {_told(ours)}",
        f"set ndots:{fewer.ndots} in the pod's dnsConfig ({_told(then)}), or write full names with a dot at the end"
        f"{more}",
        severity="remark",
        reference="resolv.conf(5), ndots",
        line=glibc.stated.places.get("ndots") or glibc.stated.search_line,
    )


def count_questions(names: Mapping[str, str], config: ResolverConfig, policy: Policy) -> dict[str, int]:
    """Count the questions for each of these names, those aside that are not found."""
    counts = {name: _questions(name, target, config, policy) for name, target in names.items()}
    return {name: count for name, count in counts.items() if count is not None}


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
