"""Find the lowest version of a client with which tests pass: `python -m tests.contrib.lowest CLIENT TEST...`.

Releases of this Python are installed in an environment of their own, halving what is left of them, and each is tried by
pytest. Both ends stand in docs/reference/clients.csv, which `.ci/run` tries again.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Environment:
    """A virtual environment with what the tests need, and one release of the client after the other."""

    def __init__(self, folder: str, client: str, tests: list[str]) -> None:
        venv.create(folder, with_pip=True)
        self._python = f"{folder}/bin/python"
        self._client, self._tests = client, tests
        for more in (["pip>=25.1"], ["-e", ".[yaml]", "--group", "test", "--group", "clients"]):
            self._run("-m", "pip", "install", "-q", *more).check_returncode()

    def releases(self) -> list[str]:
        """All that the index has, oldest first."""
        told = self._run("-m", "pip", "index", "versions", self._client)
        told.check_returncode()
        (line,) = (line for line in told.stdout.splitlines() if line.startswith("Available versions: "))
        return line.partition(": ")[2].split(", ")[::-1]

    def passes(self, release: str) -> bool:
        wanted = f"{self._client}=={release}"
        installed = self._run("-m", "pip", "install", "-q", "--only-binary", ":all:", wanted)
        if installed.returncode:
            print(f"{wanted}: {installed.stderr.splitlines()[-1]}")  # noqa: T201
            return False
        done = self._run("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *self._tests)
        print(f"{wanted}: {done.stdout.splitlines()[-1]}", flush=True)  # noqa: T201
        return done.returncode == 0

    def _run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self._python, *argv], cwd=ROOT, check=False, capture_output=True, text=True)


def main(client: str, *tests: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = Environment(folder, client, list(tests))
        releases = environment.releases()
        if not environment.passes(releases[-1]):
            sys.exit(f"not even {client} {releases[-1]} passes")
        fails, passes = -1, len(releases) - 1
        while passes - fails > 1:
            middle = (fails + passes) // 2
            if environment.passes(releases[middle]):
                passes = middle
            else:
                fails = middle
    print(f"{client},{releases[passes]},{releases[-1]}")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
