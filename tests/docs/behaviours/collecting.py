"""Which tests show which behaviours, as pytest collects them; and, as a plugin of pytest, what tells it.

A test carries codes by `pytest.mark.behaviour`, by the beginning of its docstring (`P3: ...`), by a comment at the end
of its `def` line (`# N1, A7`), or by its name (`test_f7_...`); a scenario by the beginning of its name. What it runs is
told by `pytest.mark.drivers`, by a parameter that is a driver, by its name, or by the file it stands in.
"""

import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
FOLDERS = (
    "tests/bench",
    "tests/cli",
    "tests/core",
    "tests/drivers",
    "tests/fuzz",
    "tests/golden",
    "tests/getaddrinfo",
    "tests/testing",
)
DRIVERS = ("blocking", "asyncio", "trio", "virtual")
BESIDE = ("core", "kit", "command")  # what is shown where no driver differs
TARGET = "K8SRESOLVE_COLLECTED"

_CODE = r"[PMTROXSCANLKF]\d{1,2}"
_LEADING = re.compile(rf"{_CODE}(?:(?:, | and | ){_CODE})*(?=\W|$)")
_COMMENT = re.compile(rf"#\s*({_CODE}(?:, {_CODE})*)\s*$")
_NAMED = re.compile(rf"(?<=_){_CODE}(?=_)", re.IGNORECASE)
_HOMES = {
    "tests/bench/test_soaks": ("blocking", "asyncio", "trio"),
    "tests/drivers/test_asyncio": ("asyncio",),
    "tests/drivers/test_trio": ("trio",),
    "tests/drivers/test_loops": ("asyncio",),
    "tests/drivers/test_blocking": ("blocking",),
    "tests/drivers/test_interruptions": ("blocking",),
    "tests/drivers/test_forks": ("blocking",),
    "tests/core/test_reload": ("blocking",),
    "tests/testing/network/test_virtual_driver": ("virtual",),
    "tests/testing/network/test_faults": ("virtual", "blocking"),
}

_LOOPS = {"uvloop": "asyncio"}

Shown = dict[str, dict[str, list[str]]]
"""By code, by driver: the tests."""


def collected() -> Shown:
    """Let pytest collect the tests, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "collected.json"
        folders = [name for name in FOLDERS if (ROOT / name).is_dir()]
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", __name__, "-p", "no:cacheprovider"]
        command.append("--assert=plain")  # rewriting them would take half of the time
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [*command, *folders],
            cwd=ROOT,
            env=environment | {TARGET: str(target)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stdout[-2000:] + done.stderr)
        return json.loads(target.read_text())


def pytest_collection_finish(session: Any) -> None:
    """Called by pytest when all tests are collected."""
    if TARGET not in os.environ:
        return
    shown: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in session.items:
        for code in codes_of(item):
            for driver in drivers_of(item):
                shown[code][driver].add(item.nodeid)
    told = {code: {driver: sorted(tests) for driver, tests in of.items()} for code, of in sorted(shown.items())}
    Path(os.environ[TARGET]).write_text(json.dumps(told))


def codes_of(item: Any) -> set[str]:
    """The codes that a test carries."""
    codes = {code for mark in item.iter_markers("behaviour") for code in mark.args}
    function = inspect.unwrap(item.function)
    scenario = getattr(item, "callspec", None) and getattr(item.callspec.params.get("scenario"), "name", "")
    named = item.originalname.removeprefix("test_").upper().replace("_", " ")
    for text in (inspect.getdoc(function) or "", named, scenario or ""):
        if found := _LEADING.match(text):
            codes |= set(re.findall(_CODE, found[0]))
    codes |= {code.upper() for code in _NAMED.findall(item.originalname)}
    for line in _head(function):
        if found := _COMMENT.search(line):
            codes |= set(found[1].split(", "))
    return codes


def _head(function: Any) -> list[str]:
    """The lines of a function up to the end of its `def`."""
    lines, _ = inspect.getsourcelines(function)
    start = next((n for n, line in enumerate(lines) if line.lstrip().startswith(("def ", "async def "))), 0)
    end = next((n for n in range(start, len(lines)) if re.search(r":\s*(#.*)?$", lines[n])), start)
    return lines[start : end + 1]


def drivers_of(item: Any) -> set[str]:
    """The drivers that a test runs; `core` where it runs none, but what all of them stand on; kit or command."""
    call = getattr(item, "callspec", None)
    marked = {name for mark in item.iter_markers("drivers") for name in mark.args}
    if call is not None and "scenario" in call.params and marked:
        return marked & set(call.params["scenario"].drivers)
    named = set(call.id.split("-") if call is not None else ()) & {*DRIVERS, *_LOOPS}
    if named:
        return {_LOOPS.get(name, name) for name in named}
    if marked:
        return marked
    home = item.nodeid.partition("::")[0].removesuffix(".py")
    spoken = {driver for driver in DRIVERS if f"_{driver}" in item.originalname}
    if home.startswith("tests/drivers/") and home not in _HOMES and spoken:
        return spoken
    beside = {"tests/testing": "kit", "tests/cli": "command"}.get("/".join(home.split("/")[:2]), "core")
    return set(_HOMES.get(home, (beside,)))
