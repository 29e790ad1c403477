"""A machine of its own for real servers and a client: new namespaces, torn down as a whole.

In there 127.0.0.1:53 is free, /etc/resolv.conf, /etc/hosts and /etc/nsswitch.conf are the test's, and nothing reaches
the outside. Root is needed (or CAP_SYS_ADMIN), and `unshare`, `mount` and `ip`.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).resolve().parents[2]
NAMESPACES = ("unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"
HOSTS = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"
API_PORT = 8001


class Server(NamedTuple):
    """One server: its command, the text in its log that says it serves, and the text that says it does so too early."""

    argv: Sequence[str]
    ready: str
    unready: str = ""


class SandboxError(Exception):
    """A sandbox could not be made, or what ran in it failed."""


class Sandbox:
    """Servers that run in namespaces of their own, and a place to run client scripts beside them.

    `objects` are Kubernetes objects for the API stand-in at `http://127.0.0.1:8001`, and `worlds` more such, each at
    `http://127.0.0.1:8001/world-INDEX`. `addresses` are added to the loopback interface; `folder` takes the logs and
    configuration files.
    """

    def __init__(
        self,
        folder: Path,
        servers: Sequence[Server],
        objects: Sequence[Mapping[str, Any]] = (),
        addresses: Sequence[str] = (),
        worlds: Sequence[Sequence[Mapping[str, Any]]] = (),
    ) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [*NAMESPACES, sys.executable, "-m", "tests.live.inside"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        plan = {
            "folder": str(folder),
            "worlds": {
                **({"": list(objects)} if objects else {}),
                **{f"world-{number}": list(world) for number, world in enumerate(worlds)},
            },
            "api_port": API_PORT,
            "addresses": list(addresses),
            "servers": [server._asdict() for server in servers],
        }
        try:
            self._start(plan)
        except BaseException:
            self.close()
            raise

    def start(self, server: Server) -> None:
        """Start one more server."""
        self._start({"start": server._asdict()})

    def _start(self, plan: Mapping[str, Any]) -> None:
        started = self._ask(plan)
        if not started["ready"]:
            raise SandboxError(started["error"])

    def run(
        self,
        module: str,
        value: object = None,
        *args: str,
        resolv_conf: str,
        hosts: str = HOSTS,
        env: Mapping[str, str] | None = None,
        timeout: float = 100.0,
    ) -> Any:
        """Run `python -m module args` in there with `value` as JSON on standard input; return the JSON that it prints.

        Anything on its standard error, a warning about an open socket among it, is a failure.
        """
        job = {
            "argv": [sys.executable, "-W", "error", "-m", module, *args],
            "input": json.dumps(value),
            "files": {"/etc/resolv.conf": resolv_conf, "/etc/hosts": hosts, "/etc/nsswitch.conf": NSSWITCH},
            "env": dict(env or {}),
            "timeout": timeout,
        }
        done = self._ask(job)
        if done["status"] != 0 or done["stderr"]:
            raise SandboxError(f"{module} ended with {done['status']}: {done['stderr']}")
        return json.loads(done["stdout"])

    def _ask(self, value: object) -> dict[str, Any]:
        with self._lock:
            try:
                self._stdin.write(json.dumps(value) + "\n")
                self._stdin.flush()
                line = self._stdout.readline()
            except BrokenPipeError:
                line = ""
            except BaseException:
                # An answer that nobody waited for would be taken for the next one's.
                self._process.kill()
                raise
        if not line:
            raise SandboxError(f"the sandbox ended with status {self._process.wait()}")
        return dict(json.loads(line))

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    @property
    def _stdout(self) -> Any:
        return self._process.stdout

    def close(self) -> None:
        """End everything in there: process 1 ends with its input, and the kernel ends the rest with process 1."""
        self._stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
