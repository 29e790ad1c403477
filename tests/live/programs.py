"""The programs that look names up as glibc, musl and Go do, built from `lookup.c` and `lookup.go` and kept outside.

They are built once and kept in `~/.cache/k8sresolve` (or XDG_CACHE_HOME) by what they are made of. Needed are `cc`,
`musl-gcc` (Debian's musl-tools: musl 1.2.3), `go`, and `ziglang` from PyPI (its `zig cc` brings musl 1.2.5).
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.live.sandbox import SandboxError

HERE = Path(__file__).parent
ZIG_VERSION = "0.15.2"
CFLAGS = ("-O1", "-Wall", "-Werror", "-pthread")


class Recipe(NamedTuple):
    """How one program is made: its source, and from (source, output) the command."""

    source: str
    command: Callable[[str, str], Sequence[str]]


RECIPES = {
    "glibc": Recipe("lookup.c", lambda source, out: ("cc", *CFLAGS, "-o", out, source, "-lresolv")),
    "musl": Recipe(
        "lookup.c",
        lambda source, out: (
            *(sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl", "-static"),
            *(*CFLAGS, "-o", out, source),
        ),
    ),
    "musl-1.2.3": Recipe("lookup.c", lambda source, out: ("musl-gcc", "-static", *CFLAGS, "-o", out, source)),
    "go": Recipe("lookup.go", lambda source, out: ("go", "build", "-o", out, source)),
}


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "k8sresolve"


def program(policy: str) -> str:
    """Return the program that looks names up as `policy` says, made if need be."""
    recipe = RECIPES[policy]
    source = HERE / recipe.source
    parts = (policy, ZIG_VERSION, *CFLAGS, source.read_text())
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    target = cache() / "programs" / f"{policy}-{digest}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")
        _build(recipe.command(str(source), str(fresh)))
        fresh.rename(target)
    return str(target)


def _build(command: Sequence[str]) -> None:
    # ziglang may be installed in this environment, or with `pip install --target` where the other tools are kept.
    path = os.pathsep.join(filter(None, (str(cache() / f"ziglang-{ZIG_VERSION}"), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "CGO_ENABLED": "0", "PYTHONPATH": path}
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SandboxError(f"{' '.join(command)}: {error} {getattr(error, 'stderr', '')}") from error
