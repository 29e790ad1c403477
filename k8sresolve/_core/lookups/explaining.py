"""How a host name was looked up: every candidate, and what came of it."""

from __future__ import annotations

import attrs

from k8sresolve._core.files.search_list import is_like_top_level
from k8sresolve._core.lookups import masking
from k8sresolve._core.lookups.domains import domain_slip
from k8sresolve._core.lookups.hosts import Walk, answered_here, candidates, failed_by, walks_of
from k8sresolve._core.lookups.results import addresses_in
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import Lookup, Question, is_under
from k8sresolve._core.search import walk as search
from k8sresolve._core.search.absolute import advice
from k8sresolve._core.search.rules import Tried
from k8sresolve.config import Policy
from k8sresolve.errors import Outcome
from k8sresolve.explanations import Candidate, Explanation


def explain(setting: Setting, name: str, policy: Policy | None = None) -> Lookup[Explanation]:
    """Look a host up and tell of every candidate; what goes wrong with the lookup is told, not raised."""
    if policy is not None:
        setting = setting.under(search.policy(policy))
    planned = candidates(setting, name)
    here = answered_here(setting, name)
    if here is not None:
        rule = "answered here, without a question: an IP literal, a line of the hosts file or localhost"
        outcome: Outcome = "found" if here.addresses else "nodata"
        candidate = Candidate(name, rule, asked=False)
        return Explanation(name, setting.policy.name, (candidate,), outcome, here.addresses, 0)
    trail = Trail(name, setting)
    walks = yield from walks_of(trail)
    told = [trail.told(tried, rdtypes) for rdtypes, walked in walks for tried in walked.tried]
    rdtypes, end = walks[-1]
    questions = sum(len(candidate.questions) for candidate in told)
    full_name, fewer = _full_name(name, walks, setting, questions)
    return Explanation(
        name=name,
        policy=setting.policy.name,
        candidates=_with_the_rest(told, planned),
        outcome=_outcome(end),
        addresses=addresses_in(end.found.answers) if end.found else (),
        questions=questions,
        remark=masking.remark(name, setting.config, setting.policy, rdtypes, end) or _led_astray(name, end, setting),
        advice=_advice(name, end, setting),
        full_name=full_name,
        full_name_questions=fewer,
    )


def _full_name(name: str, walks: list[Walk], setting: Setting, questions: int) -> tuple[str, int | None]:
    """Tell which spelling of the name that was found takes fewer questions, and how many.

    The search list is walked again with the answers that came; where another would be needed, nothing is said. A name
    without the dot is what more programs take, so that is told where the dot saves nothing more.
    """
    _, end = walks[-1]
    if end.found is None:
        return "", None
    known = {
        question: answer
        for rdtypes, walked in walks
        for tried in walked.tried
        for question, answer in (*zip(_asked(tried, rdtypes), tried.answers, strict=False), *tried.beyond)
        if answer is not None
    }
    counts: dict[str, int] = {}
    for spelling in (end.found.step.name.removesuffix("."), end.found.step.name):
        try:
            again = [setting.search.rehearse(spelling, rdtypes, known.__getitem__)[0] for rdtypes, _ in walks]
        except KeyError:  # a question that was not asked
            continue
        counts[spelling] = sum(len(tried.answers) for walked in again for tried in walked.tried)
    best = min(counts, key=counts.__getitem__, default="")
    return (best, counts[best]) if best and best != name and counts[best] < questions else ("", None)


def _asked(tried: Tried, rdtypes: tuple[int, ...]) -> list[Question]:
    return [Question(tried.step.name, rdtype) for rdtype in rdtypes]


def _advice(name: str, end: search.Walked, setting: Setting) -> str:
    """Say how to ask for a host outside at less cost, or which cluster domain is right."""
    if end.found is None:
        return domain_slip(name, setting.config)
    return advice(name, setting.config) if _is_behind_the_list(end, setting) else ""


def _is_behind_the_list(end: search.Walked, setting: Setting) -> bool:
    """Whether a host outside the cluster was found as typed after the search list had been asked."""
    if end.found is None or end.found.step.listed or is_under(end.found.step.name, setting.config.cluster_domain):
        return False
    return any(tried.answers for tried in end.tried if tried is not end.found)


def _led_astray(name: str, end: search.Walked, setting: Setting) -> str:
    """Point out that a name which was complete was found below a search domain outside the cluster."""
    domain = setting.config.cluster_domain
    if end.found is None or not end.found.step.listed or is_under(end.found.step.name, domain):
        return ""
    parent, _, last = name.rpartition(".")
    if not is_under(f"{name}.", domain) and not (parent and is_like_top_level(last.lower())):
        return ""
    return (
        f"a search domain outside the cluster answered, with {end.found.step.name}, for a name that was complete: "
        f"write {name}. with the dot at its end, or take the domain out of the search list"
    )


def _outcome(end: search.Walked) -> Outcome:
    """Tell what a walk came to, by the word for which a lookup raises its error."""
    match end.failure:
        case None:
            return "found"
        case "nxdomain" | "nodata":
            return end.failure
        case "temporary" | "failed":
            return failed_by(end).reason


def _with_the_rest(told: list[Candidate], planned: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Put the candidates that were not asked among those that were, in search order."""
    names = {candidate.name for candidate in told}
    unasked = [
        attrs.evolve(candidate, outcome="not asked") if candidate.asked else candidate
        for candidate in planned
        if candidate.name not in names
    ]
    order = {candidate.name: index for index, candidate in reversed(list(enumerate(planned)))}
    return tuple(sorted((*told, *unasked), key=lambda candidate: order.get(candidate.name, 0)))
