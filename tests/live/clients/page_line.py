"""Inside a sandbox: run one line of a page as it stands there; print as JSON what came of it.

The plan is `{"kind": ..., "files": {name: text}, "command": [...]}`, in a copy of the folder `folder` of docs/examples:
`prints` is run to its end; `serves` is asked at port 8000, as `ask` says; beside what `works`, `client` is run
to its end.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.live.sandbox import ROOT

SECONDS = 60.0


def start(command: list[str], folder: Path, output: Any) -> subprocess.Popen[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": f"{folder}:{ROOT}", "HOME": str(folder)}
    environment.pop("PYTHONWARNINGS", None)
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=output, stderr=output, text=True, start_new_session=True
    )


def prints(command: list[str], folder: Path) -> str:
    with (folder / "printed").open("w+") as output:
        status = start(command, folder, output).wait(SECONDS)
        output.seek(0)
        return f"{output.read()}status {status}"


def asked(process: subprocess.Popen[str], method: str = "GET", path: str = "/") -> str | None:
    """What a server answers, once it serves; None where it ends before."""
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            request = urllib.request.Request(f"http://127.0.0.1:8000{path}", method=method)
            with urllib.request.urlopen(request, timeout=20) as reply:
                return str(reply.read().decode())
        except urllib.error.HTTPError as error:
            return str(error)
        except OSError:
            time.sleep(0.05)
    return None


def end(process: subprocess.Popen[str]) -> None:
    """End a server, and all that it has started."""
    process.send_signal(signal.SIGTERM)
    process.wait(SECONDS)


def run(plan: dict[str, Any], folder: Path) -> list[str | None]:
    for name, text in plan["files"].items():
        (folder / name).write_text(text)
    if plan["kind"] == "prints":
        return [prints(plan["command"], folder), ""]
    log = folder / "log"
    with log.open("w") as output:
        process = start(plan["command"], folder, output)
        try:
            said = asked(process, *plan.get("ask", ())) if plan["kind"] == "serves" else prints(plan["client"], folder)
        finally:
            end(process)
    return [said, log.read_text()]


if __name__ == "__main__":
    asked_for = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as made:
        target = Path(made) / "app"
        shutil.copytree(ROOT / "docs/examples" / asked_for.get("folder", "loops"), target)
        json.dump(run(asked_for, target), sys.stdout)
