"""`docs/explanation/behaviours.md`: what is shown, on which drivers, and what the peers do on the same scenarios."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.docs.behaviours.asking import PEERS, alike, cannot, verdict
from tests.docs.behaviours.collecting import BESIDE, DRIVERS, Shown
from tests.docs.behaviours.measuring import DATA
from tests.docs.behaviours.rules import BEHAVIOURS, CLUSTERS, FOUND, LATER, Group
from tests.drivers.scenarios import SCENARIOS, Scenario

PAGE = Path(__file__).parents[3] / "docs/explanation/behaviours.md"
BLOCK = re.compile(r"(?<=<!-- behaviours -->\n).*?(?=<!-- /behaviours -->)", re.DOTALL)
BAR = "\\|"  # what a table takes for a letter
MOST = 2  # ways to differ that a cell tells of


def page(shown: Shown) -> str:
    """Write what is generated of the page, in Markdown."""
    measured = json.loads(DATA.read_text())
    sections = [_section(group, shown, measured["scenarios"]) for group in (*BEHAVIOURS, CLUSTERS, FOUND)]
    return "\n".join([_opening(shown), _measured(measured), *sections])


def rules() -> dict[str, str]:
    """Every code with its rule."""
    return {code: rule for group in (*BEHAVIOURS, CLUSTERS, FOUND) for code, rule in group.rules.items()}


def missing(shown: Shown) -> list[str]:
    """The codes of the list that no test shows."""
    return [code for group in BEHAVIOURS for code in group.rules if code not in shown]


def _opening(shown: Shown) -> str:
    codes = [code for group in BEHAVIOURS for code in group.rules]
    held = [code for code in codes if code in shown]
    by = [(sum(driver in shown[code] for code in held), driver) for driver in DRIVERS]
    below = sum(set(shown[code]).isdisjoint(DRIVERS) for code in held)
    lacking = "; ".join(f"{code} ({LATER.get(code, 'no test')})" for code in codes if code not in shown)
    drivers = ", ".join(f"{count} on {name}" for count, name in by if count)
    return (
        f"**{len(held)} of {len(codes)} behaviours are shown by tests: {drivers}, and {below} below the drivers, in "
        f"the core that all of them run. Not shown: {lacking or 'none'}.**\n"
    )


def _measured(measured: dict[str, Any]) -> str:
    seen = measured["scenarios"]
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    told = [f"{peer} in {_alike(peer, seen)}" for peer in PEERS]
    return (
        f"In the same scenarios others come to the same records or class of error: {', '.join(told)} that they can be "
        f"asked. Measured on {max(one['date'] for one in seen.values())}: {versions}.\n"
    )


def _alike(peer: str, seen: dict[str, Any]) -> str:
    asked = [s for s in SCENARIOS if not cannot(s, peer) and s.name in seen]
    return f"{sum(alike(s, seen[s.name][peer]) for s in asked)} of {len(asked)}"


def _section(group: Group, shown: Shown, seen: dict[str, Any]) -> str:
    peers = [peer for peer in PEERS if any(peer_cell(code, peer, seen) for code in group.rules)]
    lines = [_row(["", "rule", "shown on", *peers]), "|---" * (3 + len(peers)) + "|"]
    for code, rule in group.rules.items():
        lines.append(_row([code, rule, _drivers(code, shown), *(peer_cell(code, peer, seen) for peer in peers)]))
    return "\n".join([f"## {group.title}", "", *lines, ""])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


def _drivers(code: str, shown: Shown) -> str:
    if code not in shown:
        return LATER.get(code, "**no test**")
    names = [driver for driver in DRIVERS if driver in shown[code]]
    if len(names) == len(DRIVERS):
        return "all"
    return ", ".join(names or [place for place in BESIDE if place in shown[code]])


def scenarios_of(code: str) -> list[Scenario]:
    return [scenario for scenario in SCENARIOS if code in scenario.codes]


def peer_cell(code: str, peer: str, seen: dict[str, Any]) -> str:
    """Say in few words how a peer's results compare in the scenarios of a code."""
    scenarios = scenarios_of(code)
    asked = [s for s in scenarios if not cannot(s, peer) and peer in seen.get(s.name, {})]
    if not asked:
        reasons = dict.fromkeys(filter(None, (cannot(s, peer) for s in scenarios)))
        return "; ".join(f"({reason})" for reason in reasons)
    told = [verdict(s, seen[s.name][peer]) for s in asked]
    differing = list(dict.fromkeys(text for text in told if text != "same"))
    if not differing:
        return "same"
    same = told.count("same")
    head = [f"same in {same} of {len(told)}"] if same else []
    rest = ["…"] if len(differing) > MOST else []
    return "; ".join([*head, *differing[:MOST], *rest])
