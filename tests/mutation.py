"""Mutation testing of a module of the core by its own tests: how many small changes of it turn a test red.

    python -m tests.mutation k8sresolve/_core/engine/health.py
    python -m tests.mutation --every 5 k8sresolve/_core/wire/reply.py

poodle makes the changes and the report: a changed number, operator, comparison, word, return value or call at a time.
What it leaves to a project is here: which tests judge a module, and a run of them that takes half a second, being a
fork of a process that has loaded pytest and hypothesis. `--every` takes a sample of a large module; what follows the
modules that is not for here is for poodle (`-w 1` for one worker).
"""

import argparse
import ast
import os
import resource
import shlex
import sys
from functools import cache
from pathlib import Path

os.environ["CI"] = "true"  # hypothesis gives each run the same examples, and keeps none

import dns.message  # noqa: F401 - loaded once for all runs, as the three below
import hypothesis.strategies  # noqa: F401
import poodle.core
import pytest
import trio  # noqa: F401
from poodle.cli import main
from poodle.data_types import Mutant, MutantTrialResult, PoodleConfig, PoodleWork
from poodle.mutate import create_mutants_for_all_mutators

TESTS = Path("tests")
LONG = "reasonable_time"  # tests of large files take seconds, and see nothing that the others do not
# Modules that are judged by the tests of what is made of them, too.
SEARCHES = ("tests/golden/test_search.py",)
LOOKUPS = ("tests/core/lookups/test_services.py", "tests/core/lookups/test_hosts.py")
MORE = {
    "files/dialects": ("tests/core/files/test_resolv_conf.py", "tests/golden/test_resolvconf.py"),
    "files/statements": ("tests/core/files/test_resolv_conf.py",),
    "lookups/endpoints": LOOKUPS,
    "search/glibc": SEARCHES,
    "search/go": SEARCHES,
    "search/musl": SEARCHES,
    "wire/fallback": ("tests/core/wire/test_reply.py",),
    "wire/rules": ("tests/core/wire/test_reply.py",),
}


def tests_of(module: Path) -> list[str]:
    """`k8sresolve/_core/engine/health.py` is judged by `tests/core/engine/test_health*.py`, and by those listed."""
    folder = TESTS.joinpath("core", *module.parent.parts[2:])
    own = sorted(map(str, folder.glob(f"test_{module.stem}*.py")))
    return [*own, *MORE.get("/".join(module.with_suffix("").parts[2:]), ())]


def run(
    config: PoodleConfig, run_folder: Path, mutant: Mutant, timeout: float | None, **_: object
) -> MutantTrialResult:
    """Judge one mutant, which lies in `run_folder`; poodle calls this, and first for no mutant at all."""
    modules = [mutant.source_file] if mutant.source_file else [Path("k8sresolve", only) for only in config.only_files]
    tests = [test for module in modules for test in tests_of(module)]
    child = os.fork()
    if not child:
        _judge(run_folder.resolve(), tests, int(timeout or 600))
    _, status = os.waitpid(child, 0)
    found = status != 0
    return MutantTrialResult(found, MutantTrialResult.RC_FOUND if found else MutantTrialResult.RC_NOT_FOUND)


def _judge(folder: Path, tests: list[str], seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))  # what computes for ever is found, too
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    status = 70  # for what goes wrong outside pytest
    try:
        path = shlex.join([str(folder), "."])
        options = ["-xq", "--assert=plain", "-pno:cacheprovider", f"--timeout={seconds}", "-o", f"pythonpath={path}"]
        ended = pytest.main([*options, "-k", f"not {LONG}", *tests])
        assert Path(sys.modules["k8sresolve"].__file__ or "").is_relative_to(folder)
        status = int(ended)
    finally:
        os._exit(status)


def sample(every: int) -> None:
    """Let poodle try each `every`-th change only, in the order of the source: evenly over it, the same each time."""

    def sampled(work: PoodleWork) -> list[Mutant]:
        mutants = [mutant for mutant in create_mutants_for_all_mutators(work) if not _is_type(mutant)]
        mutants.sort(key=lambda mutant: (str(mutant.source_file), mutant.lineno, mutant.col_offset))
        tried = mutants[::every]
        work.echo(f"Trying {len(tried)} of {len(mutants)} mutants")
        return tried

    poodle.core.create_mutants_for_all_mutators = sampled


def _is_type(mutant: Mutant) -> bool:
    """Whether the change is inside an annotation or a type alias: type checkers notice it, tests need not."""
    assert mutant.source_file is not None
    start, end = (mutant.lineno, mutant.col_offset), (mutant.end_lineno, mutant.end_col_offset)
    return any(first <= start and end <= last for first, last in _types(mutant.source_file))


@cache
def _types(source: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where the types of a module stand, from line and column to line and column."""
    types: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source.read_bytes())):
        match node:
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
                types.append(node.value)
            case ast.AnnAssign() | ast.arg():
                types.append(node.annotation)
            case ast.FunctionDef():
                types.append(node.returns)
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)) for node in types if node
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("modules", nargs="+", type=Path)
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="try each Nth change, evenly over the modules"
    )
    arguments, others = parser.parse_known_args()
    for module in arguments.modules:
        if not tests_of(module):
            sys.exit(f"{module}: no test is of its name")
    sample(arguments.every)
    main(
        [*(part for module in arguments.modules for part in ("--only", str(module.relative_to("k8sresolve")))), *others]
    )
