"""What kustomize makes of a directory: another program, which is given a minute and no input."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from k8sresolve.errors import ConfigError

_MOST_SECONDS = 60.0  # a base may come from the other end of the world
_MOST_SAID = 4096
_PROGRAMS: tuple[tuple[str, ...], ...] = (("kubectl", "kustomize"), ("kustomize", "build"))


def kustomize(directory: str, most: int) -> bytes:
    """Run `kubectl kustomize DIR`, or `kustomize build DIR` where there is no kubectl.

    Returns what it prints, of which it is ended after `most` octets. Raises `ConfigError` where there is neither
    program, and where it fails or takes over a minute.
    """
    if not directory or not os.path.isdir(directory):  # noqa: PTH112 - Path's raises for what is too long
        raise ConfigError(
            f"-k {directory}: there is no such directory", advice="give one that has a kustomization.yaml"
        )
    for program, act in _PROGRAMS:
        found = shutil.which(program)
        if found is not None:
            return _printed((found, act, "--", directory), f"{program} {act} {directory}", most)
    raise ConfigError(
        f"-k {directory}: there is neither kubectl nor kustomize here",
        advice=f"install one, or give what it prints elsewhere: kubectl kustomize {directory} | k8sresolve -f -",
    )


def _printed(command: Sequence[str], told: str, most: int) -> bytes:
    began = time.monotonic()
    with tempfile.TemporaryFile() as complaints:
        with _started(command, complaints, told) as process:
            timer = threading.Timer(_MOST_SECONDS, _end, (process,))
            timer.start()
            try:
                data = process.stdout.read(most) if process.stdout else b""
                status = process.wait() if len(data) < most else 0
            finally:
                timer.cancel()
                if process.poll() is None:
                    _end(process)
        complaints.seek(0)
        said = complaints.read(_MOST_SAID).decode("utf-8", "replace").strip()
    if time.monotonic() - began >= _MOST_SECONDS:
        raise ConfigError(
            f"{told} did not end within {_MOST_SECONDS:.0f} s", advice="run it, and give what it prints: -f -"
        )
    if status:
        raise ConfigError(f"{told} failed: {'; '.join(said.splitlines()) or f'exit status {status}'}")
    return data


def _started(command: Sequence[str], complaints: IO[bytes], told: str) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - kustomize, of a directory that is given by who runs this
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        )
    except OSError as error:
        raise ConfigError(f"{told} cannot be run: {error.strerror}") from None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it with all that it has started, which may hold its output open when it has ended itself."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
