"""Any host, as the pod's libc would find it: literals, the hosts file, `localhost`, then the search list."""

from __future__ import annotations

from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from k8sresolve._core.addresses import parse_inet_aton
from k8sresolve._core.lookups.results import (
    chain_of,
    in_canonical_order,
    ranked,
    summary_of,
)
from k8sresolve._core.lookups.services import exists_without
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail, domain_advice
from k8sresolve._core.questions import Failed, Found, Lookup, Question, Result, Results, Round, is_under, new
from k8sresolve._core.search import walk as search
from k8sresolve._core.search.rules import Tried
from k8sresolve.errors import NoData, NoSuchName
from k8sresolve.names import IPAddress, ZonalName, check_hostname
from k8sresolve.records import Addresses, addresses_of

if TYPE_CHECKING:
    from k8sresolve.explanations import Candidate

LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


Walk: TypeAlias = tuple[tuple[int, ...], search.Walked]
"""The search list walked once, for these types."""


def addresses(setting: Setting, host: str | ZonalName) -> Lookup[Addresses]:
    """Any host, as the pod's libc would find it: literals, the hosts file, `localhost`, then the search list."""
    began = setting.now()
    first = first_alone(setting, host)
    known: Results | None = None
    if first is not None:
        known = yield Round((first,))
        found = at_first(setting, str(host), first, known[0])
        if found is not None:
            return found
    return (yield from from_first(setting, host, began, known))


# The lookup in parts, for whoever runs it without a generator as long as none is needed.


def first_alone(setting: Setting, host: object) -> Question | None:
    """What is asked first of a host that is certainly to be asked for, if that is one question of its own.

    Most names are found by it, and then nothing is needed but its answer. It is in lower case.
    """
    rdtype = setting.only
    if rdtype is None or type(host) is not str or setting.events.watched or host in setting.hosts:
        return None
    candidate = setting.search.lone(host, setting.rdtypes)
    return None if candidate is None else new(Question, (candidate, rdtype))


def at_first(setting: Setting, host: Any, first: Question, answer: Result | None) -> Addresses | None:
    """The addresses of a host that is text, if the first question brought them."""
    if type(answer) is Found and len(answer.data) == 1 and not answer.chain:
        expires_at = answer.expires - setting.now() + setting.wall()
        return addresses_of(host, first[0], answer.data, None, answer.ttl, expires_at, answer.truncated, (0,), 0.0)
    return addresses_of(host, first[0], *summary_of((answer,), setting)) if isinstance(answer, Found) else None


def from_first(setting: Setting, host: str | ZonalName, began: float, known: Results | None) -> Lookup[Addresses]:
    """Go on where the first question brought none, or begin where there was none by itself."""
    if isinstance(host, ZonalName):
        host = host.fqdn
    trail = Trail(host if known else check_hostname(host), setting, began)
    here = None if known else answered_here(setting, host)
    if here is not None:
        if not here.addresses:
            trail.fail(NoData, f"an IP address, but no {setting.wanted}")
        return here
    tried = yield from searched(trail, known)
    return addresses_of(host, tried.step.name, *summary_of(tried.answers, setting))


def searched(trail: Trail, known: Results | None = None) -> Lookup[Tried]:
    """Find any host but one that is answered here: the candidate that has it, with its answers as received.

    `known` are the answers about its first candidate, if that was asked before.
    """
    end = yield from walk_for(trail, trail.setting.rdtypes, known)
    if end.found is not None:
        return end.found
    walks = yield from _with_the_rest(trail, end)
    return walks[-1][1].found or fail(trail, walks, trail.setting.wanted)


def walks_of(trail: Trail) -> Lookup[list[Walk]]:
    """Walk the search list for the families asked for, and, if these have no data, for the rest."""
    return (yield from _with_the_rest(trail, (yield from walk_for(trail, trail.setting.rdtypes))))


def _with_the_rest(trail: Trail, end: search.Walked) -> Lookup[list[Walk]]:
    setting = trail.setting
    walks = [(setting.rdtypes, end)]
    if end.failure == "nodata" and setting.rest:
        walks.append((setting.rest, (yield from walk_for(trail, setting.rest))))
    return walks


def walk_for(trail: Trail, rdtypes: tuple[int, ...], known: Results | None = None) -> Lookup[search.Walked]:
    """Walk the search list for these types."""
    setting = trail.setting
    decided = partial(trail.tell, rdtypes) if setting.events.decides else None
    return setting.search.walk(trail.name, rdtypes, decided, known)


def fail(trail: Trail, walks: list[Walk], wanted: str) -> NoReturn:
    """Raise what walks without a find come to: the last one decides."""
    for rdtypes, walked in walks:
        for tried in walked.tried:
            trail.note([Question(tried.step.name, rdtype) for rdtype in rdtypes], tried.answers)
            if tried.beyond:
                trail.note([question for question, _ in tried.beyond], tuple([answer for _, answer in tried.beyond]))
    _, end = walks[-1]
    chain = chain_of(answer for tried in end.tried for answer in tried.answers if not isinstance(answer, Found))
    if end.failure == "nodata":
        trail.fail(NoData, f"an alias of {chain[-1]}, which has no {wanted}" if chain else exists_without(wanted))
    if end.failure == "nxdomain":
        problem = f"an alias of {chain[-1]}, which does not exist" if chain else "no such name"
        trail.fail(NoSuchName, problem, "" if chain else _advice(trail))
    trail.give_up(failed_by(end), final=end.failure == "failed")


def _advice(trail: Trail) -> str:
    """Say what is behind a name that does not exist, where the name itself tells."""
    if "._zone." in trail.name.lower():
        return "such names are of headless Services, where CoreDNS's plugin kubernetes has the option zonal"
    if not trail.log:
        return "such a name is never asked of a nameserver"
    return domain_advice("slip", trail.name, trail.setting.config)


def failed_by(end: search.Walked) -> Failed:
    """Tell why a walk has neither an answer nor a negative one."""
    # A name that cannot be sent has no answer; musl 1.2.3 sends it nevertheless, for a nameserver to refuse.
    return end.failed or Failed("formerr" if end.failure == "temporary" else "unsendable")


def answered_here(setting: Setting, host: str) -> Addresses | None:
    """Answer what needs no question: a literal, a line of the hosts file, or `localhost` (RFC 6761, section 6.3).

    As in nss_files, a line counts only for the families that its addresses have. A literal of another family than the
    caller takes has no addresses here.
    """
    # Every literal has one of these, and trying costs more than asking does.
    address = literal(host) if host[:1].isdigit() or ":" in host else None
    known = known_here(setting, host) if address is None else (address,)
    if known is None:
        return None
    found = in_canonical_order(filter(setting.takes, known))
    return Addresses(host, found, ranks=ranked(found, setting))


def known_here(setting: Setting, host: str) -> tuple[IPAddress, ...] | None:
    """The addresses of a name that is not asked for: those of the hosts file, as they stand there, or `localhost`."""
    lower = host.lower()
    if lower in setting.hosts:
        listed = tuple([a for text in setting.hosts[lower] if setting.takes(a := ip_address(text))])
        if listed:
            return listed
    return tuple(filter(setting.takes, LOOPBACK)) if "localhost" in lower and is_localhost(host) else None


def is_localhost(host: str) -> bool:
    """Whether a name is this machine's, wherever it is asked for (RFC 6761, section 6.3)."""
    return is_under(f"{host.removesuffix('.')}.", "localhost")


def literal(host: str) -> IPAddress | None:
    """Read an address as a libc takes one in place of a name; None for any other name."""
    try:
        return ip_address(host)
    except ValueError:
        return parse_inet_aton(host)


def candidates(setting: Setting, name: str) -> tuple[Candidate, ...]:
    """Every candidate of a host name; asks nothing."""
    return setting.search.candidates(check_hostname(name), setting.rdtypes)
