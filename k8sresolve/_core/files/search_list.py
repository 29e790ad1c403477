"""What is odd about a search list, in any resolver: domains that cannot be, bounds that some resolver has, traps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from k8sresolve._core.files.findings import odd, quote
from k8sresolve._core.search.limits import MUSL_LINE
from k8sresolve.config import infer_cluster

if TYPE_CHECKING:
    from k8sresolve.findings import Finding

# The API server lets no more through: `MaxDNSSearchPaths` and `MaxDNSSearchListChars` of Kubernetes' validation.
KUBELET_SEARCHES, KUBELET_SEARCH_CHARACTERS = 32, 2048

# Where most hosts are that programs look up. Any of IANA's 1,400 top-level domains may be a namespace's name, but many
# are plain words, such as `shop` or `prod`, under which few programs look anything up.
_GENERIC = ("com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "dev", "app", "cloud")
_COUNTRIES = "ai at au be br ca cc ch cn co cz de dk es eu fi fr in io it jp kr me mx nl no nz pl pt ru se tv uk us za"

# Services under which every name exists: the address is a part of the name, or 127.0.0.1.
_WILDCARDS = (
    *("nip.io", "sslip.io", "xip.io", "xip.name", "backname.io", "traefik.me", "local.gd", "apps-crc.testing"),
    *("localtest.me", "lvh.me", "vcap.me", "lacolhost.com", "localho.st", "fuf.me"),
)
_WILDCARDS_BELOW = tuple(f".{name}" for name in _WILDCARDS)
# Others that do the same have the address in their names, as four labels or as one: `10.0.0.7.apps.example`.
_HAS_ADDRESS = r"(?:^|\.)(?:[0-9]{1,3}[.-]){3}[0-9]{1,3}\.(?!in-addr\.arpa)[a-z]"


def plain(domain: str) -> str:
    """Write a domain as it is compared: without a dot at its end, in lower case."""
    return domain.removesuffix(".").lower()


def is_like_top_level(label: str) -> bool:
    """Whether a label is called like a top-level domain in which programs look hosts up."""
    return label in _GENERIC or label in _COUNTRIES.split()


def has_every_name(domain: str) -> bool:
    """Whether a domain is known as one with a wildcard at its top, or is called like one."""
    name = plain(domain)
    if name.endswith(_WILDCARDS_BELOW) or name in _WILDCARDS:
        return True
    # Few entries have a digit at all.
    return any(map(str.isdigit, name)) and re.search(_HAS_ADDRESS, name) is not None


def look_at(entries: Sequence[str], line: str = "") -> Iterator[Finding]:
    """Find what is odd in a search list, but not its place; `line` is the line of resolv.conf that states it."""
    yield from _domains(entries, split_by_cr=line.endswith("\r"))
    yield from _bounds(entries, line)
    namespace, _ = infer_cluster(entries)
    if namespace and is_like_top_level(namespace):
        yield odd(
            "namespace-hides-host",
            f"the namespace is called like the top-level domain {namespace!r}: what a pod takes for the host "
            f"example.{namespace} is the Service 'example' here, if there is one",
            f"write such hosts with a dot at the end (example.{namespace}.), or rename the namespace",
            "remark",
            'Kubernetes documentation, "Namespaces and DNS"',
        )


def _domains(entries: Sequence[str], *, split_by_cr: bool) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for entry in entries:
        times = seen[plain(entry)] = seen.get(plain(entry), 0) + 1
        # Of carriage returns the line as a whole is told.
        if times > 2 or (split_by_cr and entry.endswith("\r")):
            continue
        if times == 2:
            again = f"{quote(entry)} is listed again, which asks the same names twice"
            yield odd("search-duplicate", again, "remove it", reference="resolv.conf(5)")
        elif wrong := _wrong_with_domain(entry):
            yield odd("search-domain", f"{quote(entry)} {wrong[0]}", wrong[1])
        elif has_every_name(entry):
            yield odd(
                "search-wildcard",
                f"under the search domain {quote(entry)} every name exists: hosts of fewer dots than ndots, full names "
                "of Services and of hosts outside among them, are found there",
                "take it out of the search list (dnsPolicy: None, or the kubelet's --resolv-conf), or write full names "
                "with a dot at the end",
                reference="RFC 4592",
            )
        elif entry == ".":
            yield odd(
                "search-root",
                "'.' stands for the name as typed, and musl up to 1.2.3 sends a packet for it that no nameserver can "
                "read: the lookup fails",
                "leave it out where images with such a musl may run (Alpine 3.17 and older)",
                reference="musl, lookup_name.c",
            )


def _wrong_with_domain(entry: str) -> tuple[str, str] | None:
    """Say why no name under a search domain could ever be found, and what to do; None where nothing is wrong."""
    if entry in ("", "."):
        return None
    if entry[0] in "#;":
        taken = "is taken for a search domain, because no comment may follow on a line"
        return taken, "put the comment on its own line"
    if "," in entry:
        return "is taken for one search domain, because a comma separates nothing", "write blanks between domains"
    if not entry.isascii() or not entry.isprintable():
        return "is no domain, because it is not printable ASCII", "write other letters in their xn-- form"
    labels = entry.removesuffix(".").removeprefix(".").split(".")
    if "" in labels or max(map(len, labels)) > 63 or len(entry) > 253:
        why = "is no domain, because labels have 1 to 63 characters, 253 in all (RFC 1035, section 2.3.4)"
        return why, "correct it"
    return None


def _bounds(entries: Sequence[str], line: str) -> Iterator[Finding]:
    count, characters = len(entries), len(" ".join(entries))
    if count > KUBELET_SEARCHES or characters > KUBELET_SEARCH_CHARACTERS:
        problem = f"a search list of {count} domains and {characters} characters could not come from the kubelet"
        bounds = f"which writes at most {KUBELET_SEARCHES} and {KUBELET_SEARCH_CHARACTERS:,}"
        yield odd("search-bounds", f"{problem}, {bounds}", "shorten it", reference="Kubernetes, validatePodDNSConfig")
    if is_too_long_for_musl(line):
        yield odd(
            "search-not-read",
            f"musl (Alpine) ignores this line of {len(line)} bytes, because it reads none of more than {MUSL_LINE}: "
            "it has no search list, and `svc` and `svc.ns` are not found",
            "shorten the search list: leave out the node's domains by dnsPolicy: None, or in the kubelet's resolv.conf",
            "error",
            "musl, resolvconf.c",
        )
    if aborts_glibc(entries):
        yield odd(
            "search-aborts",
            "glibc 2.36 (Debian 12) aborts the process at its first lookup, because a domain among the first six does "
            "not fit into a buffer of 256 bytes with those before it",
            "shorten that domain, or put longer ones before it",
            "error",
            "glibc, resolv_conf.c",
        )


def is_too_long_for_musl(line: str) -> bool:
    """Whether musl reads nothing of this line."""
    return len(line) > MUSL_LINE


def aborts_glibc(entries: Sequence[str]) -> bool:
    """Whether glibc 2.36 dies of this search list: "Assertion `resolv_conf_matches (resp, conf)' failed".

    It compares the size of what was copied to `_res.defdname` with the size of the pointers to it, 56 bytes.
    """
    used = 0
    for entry in entries[:6]:
        size = len(entry) + 1
        if used + size > 256:
            return used <= 56
        used += size
    return False
