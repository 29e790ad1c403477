"""What several results of one lookup come to together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.ordering import ranks
from k8sresolve._core.questions import Empty, Failed, Found, NxDomain, Result, Results, is_under
from k8sresolve.names import IPAddress
from k8sresolve.records import Cname

_NO_CHAIN: tuple[str, ...] = ()
_FIRST = (0,)


def in_canonical_order(addresses: Iterable[IPAddress]) -> tuple[IPAddress, ...]:
    """Each once, IPv4 before IPv6, by number."""
    return tuple(sorted(set(addresses), key=lambda address: (address.version, int(address))))


Summary: TypeAlias = tuple[tuple[IPAddress, ...], Cname | None, int, float, bool, tuple[int, ...], float]
"""What answers about addresses come to.

All addresses, how they were led to, their TTL, when it is over, whether something lacks, the addresses' ranks, and how
old what is stale is.
"""


def summary_of(answers: Results, setting: Setting) -> Summary:
    """Sum up answers of which one at least is found."""
    if len(answers) == 1 and isinstance(found := answers[0], Found) and len(found.data) == 1 and not found.chain:
        now = setting.now()
        age = now - found.at if found.stale else 0.0
        return found.data, None, found.ttl, found.expires - now + setting.wall(), found.truncated, _FIRST, age
    addresses = addresses_in(answers)
    ttl, expires_at = lifetime(answers, setting)
    cname, incomplete, ranks = cname_of(answers, setting), is_lacking(answers), ranked(addresses, setting)
    return addresses, cname, ttl, expires_at, incomplete, ranks, age_of(answers, setting)


def addresses_in(answers: Results) -> tuple[IPAddress, ...]:
    found = [answer.data for answer in answers if isinstance(answer, Found)]
    if len(found) == 1 and len(found[0]) == 1:
        return found[0]
    return in_canonical_order([address for addresses in found for address in addresses])


def ranked(addresses: tuple[IPAddress, ...], setting: Setting) -> tuple[int, ...]:
    """Rank addresses by RFC 6724; what stands alone needs no look at the machine's own."""
    if len(addresses) < 2:
        return (0,) * len(addresses)
    return ranks(addresses, setting.own())


def lifetime(answers: Iterable[Result | None], setting: Setting) -> tuple[int, float]:
    """The least TTL as received, and the Unix time at which the first of the answers expires."""
    found = [answer for answer in answers if isinstance(answer, Found)]
    expires_at = min([a.expires for a in found]) - setting.now() + setting.wall()
    return min([a.ttl for a in found]), expires_at


def age_of(answers: Iterable[Result | None], setting: Setting) -> float:
    """How many seconds ago the oldest answer came that is stale; 0 where none is."""
    came = [answer.at for answer in answers if answer is not None and answer.stale]
    return setting.now() - min(came) if came else 0.0


def chain_of(answers: Iterable[Result | None]) -> tuple[str, ...]:
    longest = _NO_CHAIN
    for answer in answers:
        if isinstance(answer, Found | Empty | NxDomain) and len(answer.chain) > len(longest):
            longest = answer.chain
    return longest


def cname_of(answers: Results, setting: Setting) -> Cname | None:
    """Tell of the CNAMEs that led to the answers."""
    targets = chain_of(answers)
    if not targets:
        return None
    domain = setting.config.cluster_domain
    return Cname(targets, leaves_cluster=not all(is_under(target, domain) for target in targets))


def is_lacking(answers: Results) -> bool:
    """Whether something is missing for no good reason: an answer that did not come, or was cut."""
    for answer in answers:
        if answer is None or isinstance(answer, Failed) or (isinstance(answer, Found) and answer.truncated):
            return True
    return False


def any_found(answers: Results) -> bool:
    return any(isinstance(answer, Found) for answer in answers)


def at_once(_answers: Results) -> bool:
    """Tell the engine that a lookup can do without the answers: it gets those that come within a second."""
    return True


def first_failed(answers: Results) -> Failed | None:
    return next((answer for answer in answers if isinstance(answer, Failed)), None)
