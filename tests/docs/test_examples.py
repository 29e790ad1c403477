"""Every example of the README and of the pages runs, and prints what the page shows."""

import contextlib
import io
import logging
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from k8sresolve import ResolverConfig
from k8sresolve._drivers import sockets
from k8sresolve.cli.main import main
from k8sresolve.testing import Cluster

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SET_UP = "$ python3 -m venv "  # what a clean machine runs; .ci/run does so


class Block(NamedTuple):
    kind: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*match) for match in _FENCE.findall(page.read_text())]


PAGES_WITH_EXAMPLES = [page for page in PAGES if any(block.kind in ("python", "console") for block in blocks(page))]


@pytest.fixture
def pod(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in for a pod of namespace `shop`: every nameserver is the offline cluster on loopback."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    with cluster.serve() as server:
        monkeypatch.setattr(sockets, "address_of", lambda _nameserver: (server.host, server.port))
        config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
        for place in ("k8sresolve", "k8sresolve._system"):  # the former keeps what a page imports from it
            monkeypatch.setattr(f"{place}.load_config", lambda *_args, **_kwargs: config)
        monkeypatch.setattr("k8sresolve._default._made", {})
        # What a page does to the logger is that page's alone.
        logger = logging.getLogger("k8sresolve")
        monkeypatch.setattr(logger, "handlers", [])
        level = logger.level
        yield
        logger.setLevel(level)


@pytest.mark.parametrize("page", PAGES_WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
@pytest.mark.usefixtures("pod")
def test_examples_of_a_page(page: Path) -> None:
    found = blocks(page)
    names: dict[str, object] = {"__name__": "example"}
    for block, following in zip(found, [*found[1:], Block("", "")], strict=True):
        shown = following.text if following.kind == "text" else None
        if block.kind == "python":
            printed = run_python(block.text, names)
            if printed or shown is not None:
                assert printed == shown, block.text
        elif block.kind == "console" and not block.text.startswith(_SET_UP):
            run_console(block.text)


def run_python(source: str, names: dict[str, object]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "<example>", "exec"), names)
    return printed.getvalue()


def parted(part: str) -> tuple[str, str]:
    """Return a command, whose lines may end in a backslash to go on, and what stands below it."""
    command = re.match(r"(.*\\\n)*.*\n", part)
    assert command, part
    return command[0].replace("\\\n", "").rstrip(), part[command.end() :]


def run_console(text: str) -> None:
    """Run each `$ k8sresolve` line; what stands below it, if anything, is what it prints.

    Its end may name the exit status: `# exit status 1`.
    """
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, shown = parted(part)
        program, *arguments = shlex.split(line, comments=True)
        status = re.search(r"# exit status (\d)$", line)
        assert program == "k8sresolve", line
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            assert main(arguments) == (int(status[1]) if status else 0), line
        if shown:
            assert printed.getvalue() == shown


def test_the_quick_start_has_exactly_two_commands() -> None:
    section = (ROOT / "README.md").read_text().partition("## Quick start\n")[2].partition("\n## ")[0]
    consoles = [text for kind, text in _FENCE.findall(section) if kind == "console"]
    assert len(consoles) == 2
    assert all(text.startswith("$ ") and text.count("\n") == 1 for text in consoles)
