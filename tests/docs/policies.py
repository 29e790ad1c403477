"""The table of policies in `docs/explanation/why-names-resolve-differently.md`, worked out by the policies themselves.

`python -m tests.docs.policies` writes it anew into the page.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

from k8sresolve._core.questions import AAAA, SRV, A, Empty, Failed, Found, NxDomain, Question, Result, SrvData
from k8sresolve._core.search.rules import PolicyRules
from k8sresolve._core.search.walk import Search, Walked, policy
from k8sresolve.config import ResolverConfig, dialect_of

PAGE = Path(__file__).parents[2] / "docs/explanation/why-names-resolve-differently.md"
BLOCK = re.compile(r"(?<=<!-- policies -->\n).*?(?=<!-- /policies -->)", re.DOTALL)
ORDER = ("glibc", "musl", "musl-1.2.3", "go", "kubernetes")

FOUND = Found((IPv4Address("10.96.0.1"),), 30, 30.0)
FOUND_SRV = Found((SrvData(0, 0, 80, "t."),), 30, 30.0)
NOTHING = NxDomain(30.0)
NO_DATA = Empty(30.0)
ALIAS_OF_NOTHING = Empty(30.0, chain=("nowhere.",))

# `x.y` stands for a Service and its namespace: two candidates under the cluster domain have the shape of a name.
POD = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
FIRST, SECOND, TYPED = "x.y.shop.svc.cluster.local.", "x.y.svc.cluster.local.", "x.y."
REPORTS = {"nxdomain": "no such name", "nodata": "no data", "temporary": "temporary", "failed": "permanent failure"}
Pair = tuple[Result, Result] | Result
Cell = Callable[[PolicyRules], str]


def walked(
    policy: PolicyRules,
    name: str,
    answers: dict[str, Pair],
    config: ResolverConfig = POD,
    rdtypes: tuple[int, ...] = (A, AAAA),
) -> tuple[Walked, list[str]]:
    """Walk where these names have these answers, one for each type or one for all, and no other exists."""

    def known(question: Question) -> Result:
        answer = answers.get(question.name, NOTHING)
        return answer[rdtypes.index(question.rdtype)] if isinstance(answer, tuple) else answer

    end, asked = Search(config, policy).rehearse(name, rdtypes, known)
    return end, [question.name for question in asked]


def order_of(name: str) -> Cell:
    """Tell which names are asked, and in which order, if none exists."""
    config = ResolverConfig(search=("a.test", "b.test"), ndots=2)

    def cell(policy: PolicyRules) -> str:
        _, asked = walked(policy, name, {}, config)
        return ", ".join(f"`{name}`" for name in dict.fromkeys(asked))

    return cell


def questions_for(name: str, target: str) -> Cell:
    """Count the questions until a name is found in a pod."""
    return lambda policy: str(len(walked(policy, name, {target: FOUND})[1]))


def after(first: Pair) -> Cell:
    """Tell what follows an outcome of the first candidate, where the second would be found."""

    def cell(policy: PolicyRules) -> str:
        end, asked = walked(policy, "x.y", {FIRST: first, SECOND: FOUND})
        if end.found is not None:
            return "goes on" if end.found.step.name == SECOND else "is found"
        return "leaves the list" if TYPED in asked else "stops"

    return cell


def reported(first: Pair) -> Cell:
    """Tell how a lookup is reported whose first candidate failed, where nothing else exists."""
    return lambda policy: REPORTS[walked(policy, "x.y", {FIRST: first})[0].failure or ""]


def searched(policy: PolicyRules) -> str:
    end, _ = walked(policy, "_http._tcp.x", {f"_http._tcp.{FIRST.replace('x.y', 'x')}": FOUND_SRV}, rdtypes=(SRV,))
    return "yes" if end.found else "no"


def the_root(policy: PolicyRules) -> str:
    config = ResolverConfig(search=("a.test", ".", "b.test"), ndots=1)
    end, asked = walked(policy, "x", {"x.b.test.": FOUND}, config)
    if end.found is None:
        return "the lookup fails"
    return "the name as typed, at this place" if "x." in asked else "passed over"


def long_list(policy: PolicyRules) -> str:
    config = ResolverConfig(search=("a.test", *(f"{'x' * 60}{n}.test" for n in range(4))), ndots=1)
    end, _ = walked(policy, "x", {"x.a.test.": FOUND}, config)
    return "is searched" if end.found else "is ignored"


ROWS: dict[str, Cell] = {
    "reads resolv.conf as": lambda policy: dialect_of(policy.name),
    "`x.y`, fewer dots than `ndots:2`, asks": order_of("x.y"),
    "`x.y.z`, `ndots:2` dots, asks": order_of("x.y.z"),
    "questions for `payments` in its own namespace": questions_for("payments", "payments.shop.svc.cluster.local."),
    "questions for `payments.data`": questions_for("payments.data", "payments.data.svc.cluster.local."),
    "questions for `payments.data.svc.cluster.local`": questions_for(
        "payments.data.svc.cluster.local", "payments.data.svc.cluster.local."
    ),
    "questions for `api.example.com`": questions_for("api.example.com", "api.example.com."),
    "after NXDOMAIN": after(NOTHING),
    "after NODATA": after(NO_DATA),
    "after an alias of nothing": after(ALIAS_OF_NOTHING),
    "after SERVFAIL": after(Failed("servfail")),
    "after REFUSED": after(Failed("refused")),
    "after FORMERR": after(Failed("formerr")),
    "after a timeout": after(Failed("timeout")),
    "A is there, AAAA is SERVFAIL": after((FOUND, Failed("servfail"))),
    "A is there, AAAA is lost": after((FOUND, Failed("timeout"))),
    "A is lost, AAAA is there": after((Failed("timeout"), FOUND)),
    "SERVFAIL, then nothing: reported as": reported(Failed("servfail")),
    "timeout, then nothing: reported as": reported(Failed("timeout")),
    "NODATA, then nothing: reported as": reported(NO_DATA),
    "SRV is searched": searched,
    "the search domain `.` is": the_root,
    "a search line of over 254 bytes": long_list,
}


def table() -> str:
    """Write the table in Markdown."""
    lines = [f"| | {' | '.join(f'`{name}`' for name in ORDER)} |", "|---" * (len(ORDER) + 1) + "|"]
    lines += [f"| {what} | {' | '.join(cell(policy(name)) for name in ORDER)} |" for what, cell in ROWS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(BLOCK.sub(lambda _: table(), PAGE.read_text(), count=1))
