"""The examples of the pages about clients run, each in a process of its own, and print what the page shows below."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.live.clients.pods import Run, Shell
from tests.live.clients.snippet import blocks
from tests.live.sandbox import ROOT

pytestmark = pytest.mark.live

# `k8sresolve` and `python3` are those of this environment.
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
PAGES = tuple(f"docs/how-to/{name}.md" for name in ("clients", "like-a-pod", "other-languages", "serve"))
KNOWN = {"console", "python", "text"}  # run by the tests of the documentation, and shown


class Example(NamedTuple):
    """A block of a page, by its number, and what the block below it shows."""

    page: str
    number: int
    kind: str
    text: str
    shown: str

    def __str__(self) -> str:
        return f"{Path(self.page).stem} {self.number} {self.kind}"


def examples() -> Iterator[Example]:
    for page in PAGES:
        found = blocks(ROOT / page)
        for number, (kind, text) in enumerate(found):
            if kind not in KNOWN:
                below, shown = found[number + 1]
                assert below == "text", text
                yield Example(page, number, kind, text, shown)


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_example(run: Run, shell: Shell, tmp_path: Path, example: Example) -> None:
    if example.kind == "py":
        assert run("snippet", example.page, str(example.number)) == example.shown
    else:
        [[status, output, errors]] = shell([command(example, tmp_path)], NAMESERVER="127.0.0.1:53", PATH=PATH)
        assert (status, output, errors) == (0, example.shown, "")


def command(example: Example, folder: Path) -> list[str]:
    """Tell how an example is run, in a folder that has the documentation's examples."""
    source = folder / f"example.{example.kind}"
    source.write_text(example.text)
    if example.kind == "go":
        program = folder / "example"
        environment = {**os.environ, "CGO_ENABLED": "0"}
        subprocess.run(["go", "build", "-o", program, source], check=True, env=environment, timeout=90)
        return [str(program)]
    if example.kind == "sh":
        (folder / "docs").symlink_to(ROOT / "docs")
        return ["env", f"--chdir={folder}", "bash", "-eu", str(source)]
    assert example.kind == "js"
    return ["node", str(source)]
