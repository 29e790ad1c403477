"""User-mode instructions, by callgrind: of lookups, of what is remembered, of imports (G17, G20).

    python -m tests.bench --instr [--check | --write [--raise]]

They depend neither on the load of the machine nor on its clock. Programs mark their parts by calls of getppid(2), at
which callgrind counts anew, so that start-up and warming up are in no part. Ids and source ports are by chance as ever,
and each program runs in a fresh process with one hash seed: counts of three runs on 2026-11-29, at loads of 2 to 8,
differed by 0.1 % at most, and by 0.5 % where modules had changed that no part uses.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from tests.bench import page, responder
from tests.live.sandbox import ROOT

FILE = Path(__file__).with_suffix(".toml")
YARDSTICK = "raw-sync"
# Nothing of ours is in these, and what else is installed counts: dnspython loads httpx where h2 is there, too.
OTHERS = frozenset({YARDSTICK, "raw-asyncio-1", "raw-asyncio-50", "python", "import-attrs", "import-dns.resolver"})
ALIKE = 0.02  # as far as the yardstick may differ where counts are compared
MORE = 0.03  # as far as a count may be above the file's
PYTHON = "3.11"  # that of the counts in the file

_IN_LOOP = "import asyncio\nasync def main():\n    {}\nasyncio.run(main())"
_SYNC = "from k8sresolve import Resolver; resolver = Resolver()"
_ASYNC = "from k8sresolve import AsyncResolver; resolver = AsyncResolver()"
_FIRST = (
    "import os; from k8sresolve import {0}, ResolverConfig;"
    " resolver = {0}(ResolverConfig.for_cluster('127.0.0.1:PORT', namespace='shop'), family='ipv4');"
    " os.getppid(); {1}resolver.addresses('svc-1'); os.getppid()"
)
STARTS = {
    "python": "pass",
    "import-attrs": "import attrs",
    "import-dns.resolver": "import dns.resolver",
    "import-Resolver": _SYNC,
    "import-Resolver-and-asyncio": f"{_SYNC}\n{_IN_LOOP.format('pass')}",
    "import-AsyncResolver": _IN_LOOP.format(_ASYNC),
    "first-sync": _FIRST.format("Resolver", ""),
    "first-asyncio": _IN_LOOP.format(_FIRST.format("AsyncResolver", "await ")),
}


class Known(NamedTuple):
    """What the file has of a part: instructions as counted last, and those that are the goal, if there is one."""

    counted: int | None = None
    goal: int | None = None


# -- counting ----------------------------------------------------------------------------------------------------------


def count() -> dict[str, int]:
    """Instructions of each part, once."""
    with responder.running() as port:
        found = {}
        for program in ("sync", "tasks"):
            counts, said = callgrind("-m", "tests.bench.counted", program, str(port))
            parts = [line.split() for line in said.splitlines()]
            found |= {name: counts[i] // int(repeats) for i, (name, repeats) in enumerate(parts) if name != "-"}
        codec_and_lookup = sum(found[part] for part in ("layer-lookup", "layer-encode", "layer-read"))
        found["layer-engine-and-driver"] = found["cold-sync"] - codec_and_lookup
        found |= starts(port)
    return found


def starts(port: int) -> dict[str, int]:
    """Instructions of whole processes that import, and of first lookups, which load what is loaded late.

    asyncio's own, beyond what both need, are taken off `import-AsyncResolver`.
    """
    counts = {}
    for name, template in STARTS.items():
        code = template.replace("PORT", str(port))
        subprocess.run([sys.executable, "-s", "-c", code], check=True, cwd=ROOT)  # compiles
        runs, _ = callgrind("-c", code)
        counts[name] = runs[1] if name.startswith("first") else sum(runs)
    counts["import-AsyncResolver"] -= counts.pop("import-Resolver-and-asyncio") - counts["import-Resolver"]
    return counts


def callgrind(*arguments: str) -> tuple[list[int], str]:
    """Run Python under callgrind: instructions between the calls of getppid(2), and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--dump-before=getppid"]
        done = subprocess.run(
            [*command, sys.executable, "-s", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: status {done.returncode}\n{done.stderr}")
        # The part after the last mark is in the file without a number.
        files = [*sorted(Path(folder).glob("out.*"), key=lambda file: int(file.suffix[1:])), out]
        return [total(file.read_text()) for file in files], done.stdout


def total(dump: str) -> int:
    """Instructions of one of callgrind's files."""
    return int(next(line for line in dump.splitlines() if line.startswith("totals:")).split()[1])


# -- the file ----------------------------------------------------------------------------------------------------------


def read(text: str) -> tuple[dict[str, str], dict[str, Known]]:
    """With what was counted, and what is known of each part."""
    told = tomllib.loads(text)
    made_with = told.pop("made-with", {})
    return made_with, {part: Known(**figures) for part, figures in told.items()}


def written(made_with: Mapping[str, str], known: Mapping[str, Known]) -> str:
    """The text of the file."""
    lines = [
        "# User-mode instructions of a lookup, of a whole process that imports, of the first lookup in it:",
        "# `python -m tests.bench --instr --write`. A rise of more than 3 % needs a reason in the commit's message.",
        "",
        "[made-with]",
        *(f'{what} = "{which}"' for what, which in made_with.items()),
    ]
    for part, figures in known.items():
        name = part if "." not in part else f'"{part}"'
        lines += ["", f"[{name}]"]
        lines += [f"{what} = {value:_}" for what, value in figures._asdict().items() if value is not None]
    return "\n".join([*lines, ""])


def lowered(known: Mapping[str, Known], counts: Mapping[str, int], *, up: bool = False) -> dict[str, Known]:
    """What the file is to have: lower counts, new parts, and, if `up`, counts that have risen."""
    new = {}
    for part, counted in counts.items():
        before = known.get(part, Known())
        keeps = before.counted is not None and before.counted < counted and not up
        new[part] = before if keeps else before._replace(counted=counted)
    return new


def risen(known: Mapping[str, Known], counts: Mapping[str, int]) -> list[str]:
    """The parts that may not stand as they are."""
    ours = {part: figures.counted for part, figures in known.items() if figures.counted and part not in OTHERS}
    return [part for part, counted in ours.items() if counts[part] > counted * (1 + MORE)]


def alike(known: Mapping[str, Known], counts: Mapping[str, int]) -> bool:
    """Whether this machine counts as that of the file."""
    before = known.get(YARDSTICK, Known()).counted
    return before is None or abs(counts[YARDSTICK] / before - 1) <= ALIKE


def here() -> dict[str, str]:
    """With what is counted here."""
    said = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout
    packages = {package: version(package) for package in ("attrs", "dnspython")}
    return {"python": platform.python_version(), **packages, "valgrind": said.strip().removeprefix("valgrind-")}


# -- the command -------------------------------------------------------------------------------------------------------


def main(*, check: bool, write: bool, up: bool, on_page: bool) -> int:
    """Count and print; `check` fails where a count is more than 3 % above the file's, `write` takes those that fell.

    With `up` it takes those that rose, too; `on_page` puts what is printed into the page.
    """
    if not shutil.which("valgrind"):
        print("valgrind is not installed, without which no instructions are counted: apt-get install valgrind")
        return 1
    made_with, known = read(FILE.read_text()) if FILE.exists() else ({}, {})
    counts, machine = count(), here()
    comparable = platform.python_version().startswith(f"{PYTHON}.") and alike(known, counts)
    above = risen(known, counts) if comparable else []
    if write and comparable and (up or not above):
        known = lowered(known, counts, up=up)
        FILE.write_text(written(machine, known))
    text = f"{table(known, counts)}\ncounted with {', '.join(f'{what} {which}' for what, which in machine.items())}"
    print(text)
    if on_page:
        page.write("instructions", f"```text\n{text}\n```")
    if not comparable:
        print(f"not compared: the counts of {FILE.name} are those of another Python or machine ({made_with})")
    if not above or up or not (check or write):
        return 0
    print(f"more than {MORE:.0%} above {FILE.name} (counted with {made_with}): {', '.join(above)}")
    print("take instructions off, or write it with --raise and give the reason in the commit's message")
    return 1


def table(known: Mapping[str, Known], counts: Mapping[str, int]) -> str:
    """Each part beside the file and the goal."""
    lines = [f"{'part':28} {'counted':>13} {'in the file':>13} {'':>7} {'goal':>13}"]
    for part, counted in counts.items():
        before, goal = known.get(part, Known())
        change = f"{counted / before - 1:+.1%}" if before else ""
        verdict = "" if goal is None else " reached" if counted <= goal else f" {counted / goal:.2f} of it"
        beside = [f"{figure:,}" if figure else "" for figure in (before, goal)]
        lines.append(f"{part:28} {counted:13,} {beside[0]:>13} {change:>7} {beside[1]:>13}{verdict}".rstrip())
    return "\n".join(lines)
