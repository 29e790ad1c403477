"""Search: which absolute names a user's name may stand for, in which order they are asked, and where the asking stops.

`PolicyRules` are a row: how candidates are made, what is made of a candidate's answers, what is done next, and how a
failure is reported. `glibc`, `musl`, `musl-1.2.3` and `go` reproduce those resolvers, their timers excepted;
`kubernetes` gives glibc's answer without the questions that nobody can answer. Nothing here does I/O or looks at a
clock: `walk` yields what it wants to know and gets answers. Its plans are made anew for every lookup, hence the tuples.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial, reduce
from itertools import groupby, islice
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import attrs

from k8sresolve._core.questions import AAAA, A, Empty, Failed, Found, Lookup, NxDomain, Question, Result, Results, Round
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import ConfigError
from k8sresolve.records import Candidate

Failure: TypeAlias = Literal["nxdomain", "nodata", "temporary", "failed"]


class Step(NamedTuple):
    """A candidate in a policy's plan: its absolute `name`, and the `rule` by which it is `asked` or left out.

    `listed`: the search list made it. `inside`: it is under the cluster domain, and asked together with its neighbours
    there. `fault`: the outcome that stands for asking it, as no packet can carry it. `repeats`: an earlier step outside
    the cluster domain is the same name. `stand_in`: it is asked after all where the list was left before the entry that
    makes the same name.
    """

    name: str
    rule: str
    asked: bool = True
    listed: bool = False
    inside: bool = False
    fault: str = ""
    repeats: bool = False
    stand_in: bool = False


@attrs.frozen
class Tried:
    """A candidate and what it came to.

    `outcome` is `"found"`; `"nodata"`, or `"dangling"` where a CNAME leads to no record; `"nxdomain"`; the `reason` of
    the `Failed` that decided; `"unsendable"`; or `"overtaken"` where an earlier candidate of the same batch decided.
    `answers` are in the order of the types, and empty where the name could not be sent.
    """

    step: Step
    answers: Results
    outcome: str

    @property
    def candidate(self) -> Candidate:
        """The candidate as users are told of it, before it was asked."""
        return Candidate(self.step.name, self.step.rule, self.step.asked)


@attrs.frozen
class Walked:
    """The end of a walk: the candidate that was found, or how the policy reports that none was.

    `failure` is None exactly where something was found: `"nxdomain"`, `"nodata"`, `"temporary"`, or `"failed"`, where
    nothing is to be gained by trying again. `failed` is the answer behind the last two, None where the name could not
    be sent. `tried` are the candidates that were asked, in search order.
    """

    found: Tried | None
    tried: tuple[Tried, ...]
    failure: Failure | None = None
    failed: Failed | None = None


class Then(Enum):
    """What follows a candidate."""

    GO_ON = "ask the next candidate"
    LEAVE_LIST = "ask no more of the search list; the name as typed may still be asked"
    STOP = "ask nothing more"


Plan: TypeAlias = Callable[[str, ResolverConfig, tuple[int, ...]], Iterator[Step]]


@attrs.frozen
class PolicyRules:
    """One way of searching, as a row of rules.

    `steps` makes the candidates; `outcome` says what a candidate's answers come to; `then` what follows a step with
    those answers; `failure` how a walk is reported in which nothing was found, for the types asked. `dialect` is how
    this resolver reads resolv.conf.
    """

    name: str
    steps: Plan
    outcome: Callable[[Results], str]
    then: Callable[[Step, Results], Then]
    failure: Callable[[Sequence[Tried], tuple[int, ...]], Failure]
    dialect: str = "glibc"


def policy(name: str) -> PolicyRules:
    """Find a policy by its name. Raises `ConfigError`, which lists those there are."""
    try:
        return POLICIES[name]
    except KeyError:
        raise ConfigError(f"there is no search policy {name!r}", advice=f"use one of {', '.join(POLICIES)}") from None


def candidates(
    name: str, config: ResolverConfig, policy: PolicyRules, *, rdtypes: tuple[int, ...] = (A, AAAA)
) -> tuple[Candidate, ...]:
    """Tell every candidate for `name` in search order, with those left out (`asked=False`) and why.

    >>> config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
    >>> [candidate.name for candidate in candidates("payments", config, POLICIES["kubernetes"]) if candidate.asked]
    ['payments.shop.svc.cluster.local.', 'payments.']
    """
    return tuple(Candidate(s.name, s.rule, s.asked) for s in policy.steps(name, config, rdtypes))


def walk(name: str, config: ResolverConfig, policy: PolicyRules, rdtypes: tuple[int, ...]) -> Lookup[Walked]:
    """Ask for `name` along the search list until the policy has its answer; A stands before AAAA in `rdtypes`.

    Never raises: a name that cannot be sent is one more outcome.
    """
    tried: list[Tried] = []
    left_list = False
    for planned in _batches(policy.steps(name, config, rdtypes)):
        steps = _due(planned, tried) if left_list else planned
        batch = _Batch(steps, policy, len(rdtypes))
        questions = tuple([Question(s.name, rdtype) for s in steps if s.asked for rdtype in rdtypes])
        answers = (yield batch.ask(questions)) if questions else _before(steps, tried)
        then = Then.GO_ON
        for step, got in batch.answered(answers):
            if then is Then.STOP:
                tried.append(Tried(step, got, "overtaken"))
                continue
            then = policy.then(step, got)
            if not step.repeats:
                tried.append(Tried(step, got, step.fault or policy.outcome(got)))
        if then is Then.STOP:
            break
        left_list = left_list or then is Then.LEAVE_LIST
    return _walked(tuple(tried), policy, rdtypes)


def rehearse(
    name: str,
    config: ResolverConfig,
    policy: PolicyRules,
    rdtypes: tuple[int, ...],
    known: Callable[[Question], Result],
) -> tuple[Walked, tuple[Question, ...]]:
    """Walk where each answer is known beforehand; return the end, and the questions in the order asked."""
    asked: list[Question] = []
    lookup = walk(name, config, policy, rdtypes)
    try:
        ask = next(lookup)
        while True:
            asked += ask.questions
            ask = lookup.send(tuple(map(known, ask.questions)))
    except StopIteration as end:
        return end.value, tuple(asked)


def masked(end: Walked) -> Tried | None:
    """Return the last candidate that failed for now in a walk that is reported as a negative answer all the same."""
    if end.failure not in ("nxdomain", "nodata"):
        return None
    return next((t for t in reversed(end.tried) if t.outcome in _TEMPORARY or t.outcome == "formerr"), None)


def _batches(steps: Iterable[Step]) -> Iterator[tuple[Step, ...]]:
    """Part the steps that matter into those asked at once: a run unbroken under the cluster domain, else one by one."""
    matter = (s for s in steps if s.asked or s.fault or s.repeats or s.stand_in)
    for inside, group in groupby(matter, key=lambda step: step.inside):
        if inside:
            yield tuple(group)
        else:
            for step in group:
                yield (step,)


def _due(steps: tuple[Step, ...], tried: Sequence[Tried]) -> tuple[Step, ...]:
    """Keep what is still to be asked once the search list was left: the name as typed, unless an entry asked it."""
    names = {t.step.name for t in tried}
    return tuple(
        s._replace(asked=True, stand_in=False) if s.stand_in else s
        for s in steps
        if not s.listed and not (s.stand_in and s.name in names)
    )


def _before(steps: tuple[Step, ...], tried: Sequence[Tried]) -> Results:
    """Return the answers that a repeated name had before."""
    repeated = {s.name.lower() for s in steps if s.repeats}
    return next((t.answers for t in tried if t.step.name.lower() in repeated), ())


class _Batch(NamedTuple):
    """Steps asked at once. Search order decides among them, not the order in which answers arrive."""

    steps: tuple[Step, ...]
    policy: PolicyRules
    width: int

    def ask(self, questions: tuple[Question, ...]) -> Round:
        if len(questions) == 1:
            return Round(questions)
        return Round(questions, self._enough, self._usable)

    def answered(self, answers: Results) -> Iterator[tuple[Step, Results]]:
        """Pair each step with its own answers: none for a name that cannot be sent."""
        rest = iter(answers)
        for step in self.steps:
            if not step.stand_in:
                yield step, () if step.fault else tuple(islice(rest, self.width))

    def _enough(self, answers: Results) -> bool:
        for step, got in self.answered(answers):
            if None in got:
                return False
            if self.policy.then(step, got) is Then.STOP:
                return True
        return True

    def _usable(self, answers: Results) -> bool:
        """Tell whether the policy would take the deciding candidate as found if what is missing were lost."""
        for step, got in self.answered(answers):
            if None in got:
                return self.policy.outcome(got) == "found"
            if self.policy.then(step, got) is Then.STOP:
                return False
        return False


def _walked(tried: tuple[Tried, ...], policy: PolicyRules, rdtypes: tuple[int, ...]) -> Walked:
    decided = [t for t in tried if t.outcome != "overtaken"]
    if decided and decided[-1].outcome == "found":
        return Walked(decided[-1], tried)
    failure = policy.failure(decided, rdtypes)
    if failure not in ("temporary", "failed"):
        return Walked(None, tried, failure)
    # Alone, too, the candidate that the report is about would be reported so.
    reported = [t for t in decided if policy.failure((t,), rdtypes) == failure]
    return Walked(None, tried, failure, _deciding(reported))


def _deciding(tried: Iterable[Tried]) -> Failed | None:
    """Return the failure to tell of: the last one that decided its candidate."""
    decided = [a for t in tried for a in t.answers if isinstance(a, Failed) and a.reason == t.outcome]
    return decided[-1] if decided else None


# Plans: from a name to its candidates.


def _absolute(name: str, entry: str = "") -> str:
    text = f"{name}.{entry}" if entry else name
    return text if text.endswith(".") else f"{text}."


_PLAIN = re.compile(r"(?:[!-\-/-\[\]-~]{1,63}\.)+")
_ESCAPE = re.compile(r"\\(?:[01]\d\d|2[0-4]\d|25[0-5]|\D)")


def _unfit(name: str) -> str:
    """Say why no packet can carry an absolute name (RFC 1035, section 2.3.4); empty if one can."""
    if len(name) <= 254 and _PLAIN.fullmatch(name):
        return ""
    text = _ESCAPE.sub("x", name)
    if not text.endswith(".") or "\\" in text:
        return "it ends in the middle of an escape"
    if not text.isascii():
        return "it is not ASCII"
    labels = text[:-1].split(".")
    if "" in labels and text != ".":
        return "it has an empty label"
    if max(map(len, labels)) > 63:
        return "it has a label of more than 63 characters"
    return "it has more than 253 characters" if len(text) > 254 else ""


def _step(name: str, rule: str, *, listed: bool = False) -> Step:
    """Make a step of a candidate, which is not asked where no packet can carry it."""
    unfit = _unfit(name)
    if unfit:
        return Step(name, f"{rule}: cannot be sent, {unfit}", False, listed, fault="unsendable")
    return Step(name, rule, True, listed)


def _without(step: Step, why: str) -> Step:
    """Leave a step out."""
    return Step(step.name, f"{step.rule}: {why}", False, step.listed)


def _as_typed_first(name: str, config: ResolverConfig) -> str:
    """Say why the name as typed comes before the search list; empty if it does not. resolv.conf(5), ndots."""
    if name.endswith("."):
        return "as typed, a dot at the end ends all searching"
    dots = name.count(".")
    return f"as typed, dots {dots}, ndots {config.ndots}" if dots >= config.ndots else ""


_AS_TYPED_LAST = "as typed, after the search list"


def _glibc_steps(name: str, config: ResolverConfig, _rdtypes: tuple[int, ...]) -> Iterator[Step]:
    """Follow res_query.c, __res_context_search."""
    first = _as_typed_first(name, config)
    if first:
        yield _step(_absolute(name), first)
    if name.endswith("."):
        return
    given_up = False
    entries = [entry.removeprefix(".") for entry in config.search]
    for entry in entries:
        step = _step(_absolute(name, entry), f"search domain {entry or '.'}", listed=True)
        yield _without(step, "not reached, as a name before it cannot be sent") if given_up else step
        given_up = given_up or bool(step.fault)
    if first or (entries and "no-tld-query" in config.flags and "." not in name):
        return
    last = _step(_absolute(name), _AS_TYPED_LAST)
    # The root entry stands for the name as typed, if the walk gets to it.
    if "" in entries and not last.fault:
        last = _without(last, "the root entry does that")._replace(stand_in=True)
    yield last


def _musl_steps(name: str, config: ResolverConfig, rdtypes: tuple[int, ...], *, version: str = "") -> Iterator[Step]:
    """Follow lookup_name.c, name_from_dns_search; musl searches for addresses only (res_search is res_query)."""
    if not {*rdtypes} <= {A, AAAA}:
        yield _step(_absolute(name), "as typed, musl searches for addresses only")
        return
    if name in ("", "."):
        return
    first = _as_typed_first(name, config)
    # resolvconf.c reads lines into 256 bytes and passes over one that does not fit.
    fits = len("search " + " ".join(config.search)) <= 254
    if not first and fits:
        for entry in config.search:
            yield _musl_listed(name, entry, version)
    yield _step(_absolute(name), first or _AS_TYPED_LAST)


_musl_1_2_3_steps = partial(_musl_steps, version="1.2.3")


def _musl_listed(name: str, entry: str, version: str) -> Step:
    rule = f"search domain {entry}"
    if entry == ".":
        fault = "malformed" if version == "1.2.3" else ""
        return Step(_absolute(name), f"{rule}: musl makes no name of it", False, listed=True, fault=fault)
    step = _step(_absolute(name, entry), rule, listed=True)
    fits_buffer = len(name) + 1 + len(entry) < 256
    if step.fault and not (version == "1.2.3" and fits_buffer):
        return _without(step, "passed over")
    return step


def _go_steps(name: str, config: ResolverConfig, _rdtypes: tuple[int, ...]) -> Iterator[Step]:
    """Follow net/dnsclient_unix.go, nameList."""
    first = _as_typed_first(name, config)
    typed = _step(_absolute(name), first or _AS_TYPED_LAST)
    if typed.name.lower().endswith(_ONION):
        typed = _without(typed, _ONION_RULE)
    if typed.fault or name.endswith("."):
        yield typed
        return
    if first:
        yield typed
    for entry in config.search:
        if entry.strip("."):
            step = _step(_absolute(name, entry), f"search domain {entry}", listed=True)
            yield _without(step, "passed over") if len(step.name) > 254 else step
    if not first:
        yield typed


_ONION = ".onion."
_ONION_RULE = "names under .onion are not for DNS (RFC 7686)"


# The names for which there is an answer below the cluster domain: a Service, an endpoint of it, a named port (DNS
# specification, sections 2.3 and 2.4), CoreDNS's zonal names, and a pod's name. Labels are those that Kubernetes allows
# (RFC 1123); an endpoint named for its IPv6 address may begin or end with a hyphen.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SHAPES = re.compile(
    rf"""(?:[a-z0-9-]+\.)? {_LABEL}\.{_LABEL}\.svc
    | _[a-z0-9-]+\._[a-z]+\. {_LABEL}\.{_LABEL}\.svc
    | [a-z0-9_-]+\.(?:pin|prefer)\._zone\. {_LABEL}\.{_LABEL}\.svc
    | [0-9a-f]*(?:-[0-9a-f]*){{2,}}\.{_LABEL}\.pod""",
    re.VERBOSE,
)


def _kubernetes_steps(name: str, config: ResolverConfig, rdtypes: tuple[int, ...]) -> Iterator[Step]:
    """Take glibc's candidates without those that nobody can answer."""
    domain = (config.cluster_domain or "").strip(".").lower()
    suffix = f".{domain}."
    typed = _absolute(name)
    seen: set[str] = set()
    for step in _glibc_steps(name, config, rdtypes):
        lower = step.name.lower()
        inside = bool(domain) and (lower.endswith(suffix) or lower == suffix[1:])
        if step.fault or not (step.asked or step.stand_in):
            yield step
        elif lower.endswith(_ONION):
            yield _without(step, _ONION_RULE)
        elif step.stand_in:
            yield step
        elif lower in seen:
            # Under the cluster domain a second try would only be reached after the same negative answer.
            yield _without(step, "asked before")._replace(repeats=not inside)
        elif inside and step.listed and step.name != typed and not _SHAPES.fullmatch(lower[: -len(suffix)]):
            yield _without(step, f"no name under {domain} has this shape")
        else:
            yield Step(step.name, step.rule, True, step.listed, inside)
        seen.add(lower)


# Outcomes: from a candidate's answers, one for each type, to one word.


def _one(answer: Result | None) -> str:
    match answer:
        case Found():
            return "found"
        case Empty(chain=chain):
            return "dangling" if chain else "nodata"
        case NxDomain():
            return "nxdomain"
        case Failed(reason=reason):
            return reason
        case None:
            return "timeout"


_NEXT_SERVER = frozenset({"servfail", "notimp", "refused"})


def _glibc_pair(first: str, second: str) -> str:
    """Join the outcomes of A and AAAA. res_send.c, send_dg, and res_query.c."""
    if first in _NEXT_SERVER:
        # Such a reply counts only where the other is one too, or none came.
        return first if second in _NEXT_SERVER or second == "timeout" else second
    if second in _NEXT_SERVER:
        return second if first == "timeout" else first
    # A lost AAAA is forgiven, a lost A is not.
    if first == "timeout" or second == "timeout":
        return first
    for positive in ("found", "dangling"):
        if positive in (first, second):
            return positive
    return second if first == "nodata" else first


def _glibc_outcome(answers: Results) -> str:
    return reduce(_glibc_pair, map(_one, answers))


def _musl_outcome(answers: Results) -> str:
    """Judge A, then AAAA: no usable reply and NXDOMAIN decide at once. lookup_name.c, name_from_dns."""
    outcomes = [_one(answer) for answer in answers]
    decided = (o for o in outcomes if o not in ("found", "nodata", "dangling"))
    return next(decided, "found" if "found" in outcomes else outcomes[0])


_NEGATIVE = ("nxdomain", "nodata", "dangling")


def _go_outcome(answers: Results) -> str:
    """Take any record; of unlike failures Go takes the first or last to arrive, here the graver one."""
    outcomes = [_one(answer) for answer in answers]
    if "found" in outcomes:
        return "found"
    return next((o for o in outcomes if o not in _NEGATIVE), outcomes[0])


def _kubernetes_outcome(answers: Results) -> str:
    """Take any record. NXDOMAIN holds for every type (RFC 8020). NODATA does not outweigh a failure."""
    outcomes = [_one(answer) for answer in answers]
    if "found" in outcomes:
        return "found"
    if "nxdomain" in outcomes and "dangling" not in outcomes:
        return "nxdomain"
    failures = (o for o in outcomes if o not in _NEGATIVE)
    return next(failures, "dangling" if "dangling" in outcomes else outcomes[0])


# What follows.


def _glibc_then(step: Step, answers: Results) -> Then:
    outcome = step.fault or _glibc_outcome(answers)
    if outcome in ("found", "dangling", "closed") or (outcome == "network" and step.listed):
        return Then.STOP
    if not step.listed or outcome in ("nxdomain", "nodata", "servfail"):
        return Then.GO_ON
    return Then.LEAVE_LIST


def _musl_then(step: Step, answers: Results) -> Then:
    return Then.GO_ON if (step.fault or _musl_outcome(answers)) == "nxdomain" else Then.STOP


def _go_then(step: Step, answers: Results) -> Then:
    return Then.STOP if (step.fault or _go_outcome(answers)) in ("found", "closed") else Then.GO_ON


def _kubernetes_then(step: Step, answers: Results) -> Then:
    """Under the cluster domain pass over negative answers only; outside it go on as glibc does."""
    outcome = step.fault or _kubernetes_outcome(answers)
    if step.inside:
        return Then.GO_ON if outcome in ("nxdomain", "nodata") else Then.STOP
    return Then.STOP if outcome == "found" else _glibc_then(step, answers)


# Reports.

_TEMPORARY = frozenset({"servfail", "refused", "notimp", "timeout", "network", "closed"})


def _class(outcome: str) -> Failure:
    if outcome == "nxdomain":
        return "nxdomain"
    if outcome in ("nodata", "dangling"):
        return "nodata"
    return "temporary" if outcome in _TEMPORARY else "failed"


def _glibc_failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    """Follow res_query.c, end of __res_context_search, and nss_dns for what only addresses show."""
    last = tried[-1] if tried else None
    if last is None:
        return "nxdomain"
    if last.outcome == "dangling":
        # getaddrinfo() says EAI_NONAME except for AF_INET alone.
        return "nxdomain" if AAAA in rdtypes else "nodata"
    failure = _class(_glibc_reported(tried))
    # For AF_INET alone a failure that is only remembered is lost if the last query was answered.
    if rdtypes == (A,) and failure == "temporary" and last.outcome not in _TEMPORARY:
        return "nxdomain"
    return failure


def _glibc_reported(tried: Sequence[Tried]) -> str:
    first, last = tried[0], tried[-1]
    if _glibc_then(last.step, last.answers) is Then.STOP:
        return last.outcome
    if not first.step.listed:
        return first.outcome
    listed = [t.outcome for t in tried if t.step.listed]
    return next((o for o in ("nodata", "servfail") if o in listed), last.outcome)


def _musl_failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    outcome = tried[-1].outcome if tried else "nxdomain"
    if outcome in ("nxdomain", "nodata", "dangling"):
        return _class(outcome)
    if outcome == "unsendable":
        return "nxdomain" if {*rdtypes} <= {A, AAAA} else "failed"
    return "temporary"


def _musl_1_2_3_failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    failure = _musl_failure(tried, rdtypes)
    # EAI_NODATA came with 1.2.4.
    return "nxdomain" if failure == "nodata" and {*rdtypes} <= {A, AAAA} else failure


def _go_failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    """For addresses the failure of the name as typed, else the first; for other types the last."""
    if not tried:
        return "nxdomain"
    typed = [t for t in tried if not t.step.listed]
    outcome = (typed or tried)[0].outcome if {*rdtypes} <= {A, AAAA} else tried[-1].outcome
    if outcome == "unsendable" and not tried[-1].step.listed:
        return "nxdomain"
    return "failed" if outcome in ("refused", "notimp") else _class(outcome)


def _kubernetes_failure(tried: Sequence[Tried], _rdtypes: tuple[int, ...]) -> Failure:
    """Report a failure on the way as the end's failure, else NODATA wherever it was seen."""
    outcomes = [t.outcome for t in tried if t.outcome != "unsendable"]
    failures = [o for o in outcomes if o not in _NEGATIVE]
    if failures:
        # FORMERR too is one nameserver's refusal, and another may answer.
        return "failed" if failures[-1] == "bad" else "temporary"
    return "nxdomain" if set(outcomes) <= {"nxdomain"} else "nodata"


POLICIES: Mapping[str, PolicyRules] = MappingProxyType(
    {
        row.name: row
        for row in (
            PolicyRules("kubernetes", _kubernetes_steps, _kubernetes_outcome, _kubernetes_then, _kubernetes_failure),
            PolicyRules("glibc", _glibc_steps, _glibc_outcome, _glibc_then, _glibc_failure),
            PolicyRules("musl", _musl_steps, _musl_outcome, _musl_then, _musl_failure, "musl"),
            PolicyRules("musl-1.2.3", _musl_1_2_3_steps, _musl_outcome, _musl_then, _musl_1_2_3_failure, "musl"),
            PolicyRules("go", _go_steps, _go_outcome, _go_then, _go_failure, "go"),
        )
    }
)
