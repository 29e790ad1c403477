"""The shells themselves: what they make of a line when the tab key is pressed."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from k8sresolve.cli.completing import SCRIPTS

pytestmark = pytest.mark.live

BOUND = 30  # seconds, of what hangs

# The command tells the words that the shell gives it, and answers the script as ever.
TOLD = """\
k8sresolve() {
    if [ "$1" = __complete ]; then command k8sresolve "$@"; else printf '<%s>' "$@"; echo; fi
}
"""
COMPINIT = "PS1='ready> '; autoload -U compinit; compinit -D -u"
# How each shell is started, and what it reads then: the script, or, of zsh, a file of it among its functions.
STARTS = {
    "bash": ("bash --norc --noprofile -i", "PS1='ready> '; source <(command k8sresolve completion bash)"),
    "zsh": ("zsh -f -i", f"{COMPINIT}; source <(command k8sresolve completion zsh)"),
    "zsh, by fpath": ("zsh -f -i", f"command k8sresolve completion zsh >_k8sresolve; fpath=($PWD $fpath); {COMPINIT}"),
}

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "payments", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.20.1", "ports": [{"port": 80}]},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Directories and files to be named, one with a space."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/my shop.yaml").write_text("")
    (tmp_path / "description").write_text("")
    (tmp_path / "service.json").write_text(json.dumps(SERVICE))
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "TERM": "dumb", "HISTFILE": "/dev/null"}


class Terminal:
    """A shell in a terminal, on which one types."""

    def __init__(self, how: str, folder: Path, environment: dict[str, str]) -> None:
        started, script = STARTS[how]
        (folder / ".start").write_text(f"{script}\n{TOLD}")
        self._screen, its = pty.openpty()
        self._shown = ""
        self._shell = subprocess.Popen(
            started.split(" "), stdin=its, stdout=its, stderr=its, cwd=folder, env=environment, start_new_session=True
        )
        os.close(its)
        self.type(" source ./.start; echo started-$((1+1))\n")
        self._wait_for("started-2")
        self._wait_for("ready> ")

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def words(self, line: str) -> str:
        """Tell the words of the line that a tab at its end makes."""
        self.type(f"{line}\t")
        # The shell reads on when it has completed: what follows is of the same line.
        self.type("\n")
        shown = self._wait_for(">\r\n")
        told = shown[shown.rindex("\n<", 0, shown.rindex(">\r\n")) + 1 : -2]
        self._wait_for("ready> ")
        return told

    def _wait_for(self, text: str) -> str:
        end = time.monotonic() + BOUND
        while text not in self._shown:
            ready, _, _ = select.select([self._screen], [], [], max(0, end - time.monotonic()))
            assert ready, self._shown
            self._shown += os.read(self._screen, 4096).decode(errors="replace")
        before, _, self._shown = self._shown.partition(text)
        return before + text

    def close(self) -> None:
        self._shell.kill()
        self._shell.wait()
        os.close(self._screen)


@pytest.fixture
def terminal(folder: Path, environment: dict[str, str]) -> Iterator[Callable[[str], Terminal]]:
    opened: list[Terminal] = []

    def call(how: str) -> Terminal:
        opened.append(Terminal(how, folder, environment))
        return opened[-1]

    yield call
    for one in opened:
        one.close()


LINES = [
    ("k8sresolve candi", "<candidates>"),
    ("k8sresolve service payments --cluster-d", "<service><payments><--cluster-domain>"),
    ("k8sresolve explain --policy gl", "<explain><--policy><glibc>"),
    ("k8sresolve explain --policy=gl", "<explain><--policy=glibc>"),
    ("k8sresolve -f des", "<-f><description>"),
    ("k8sresolve --manifests=des", "<--manifests=description>"),
    ("k8sresolve -f deploy/", "<-f><deploy/my shop.yaml>"),
    ("k8sresolve -f service.json svc pay", "<-f><service.json><svc><payments.shop>"),
    ("k8sresolve -k d", "<-k><deploy/>"),  # of which zsh takes the sign off as the line ends
    ("k8sresolve explain --compare glibc,k", "<explain><--compare><glibc,kubernetes>"),
]


@pytest.mark.parametrize("how", sorted(STARTS))
def test_a_tab_completes(terminal: Callable[[str], Terminal], how: str) -> None:
    opened = terminal(how)
    for line, completed in LINES:
        assert opened.words(line).replace("/>", ">") == completed.replace("/>", ">"), line


@pytest.fixture
def fish(folder: Path, environment: dict[str, str]) -> Callable[[str], list[str]]:
    """What fish offers for a line."""

    def ask(line: str) -> list[str]:
        asked = "k8sresolve completion fish | source; complete -C $argv[1]"
        done = subprocess.run(
            ["fish", "--no-config", "-c", asked, line],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=BOUND,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    return ask


def test_fish_completes(fish: Callable[[str], list[str]]) -> None:
    for line, completed in LINES:
        [told] = fish(line)
        assert completed.endswith(f"<{told.partition(chr(9))[0]}>"), line


def test_every_shell_of_the_command_is_here() -> None:
    assert all(map(shutil.which, SCRIPTS))
