"""The first process of a sandbox: it makes the machine, starts the servers, then runs what it is told to.

Run by `sandbox.py` as process 1 of new mount, network and process namespaces, so that the end of this process is the
end of everything in there. It reads lines of JSON and answers each with one: first the plan, then a command at a time.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.live import kube_api

LOCALHOST = "127.0.0.1\tlocalhost\n::1\tlocalhost\n"  # servers ask for it before there is a client
FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf")
SCRATCH = "/srv"  # for servers that write; it goes with the sandbox, and users other than root get there
START_SECONDS = 120.0  # a busy machine takes its time
STARTING = (OSError, RuntimeError, subprocess.SubprocessError)


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    folder = Path(plan["folder"])
    try:
        make_machine(folder, plan["addresses"])
        if plan["worlds"]:
            kube_api.serve(plan["worlds"], plan["api_port"])
        for server in plan["servers"]:
            start(server, folder)
    except STARTING as error:
        reply(not_ready(error))
        return
    reply({"ready": True})
    for line in sys.stdin:
        job = json.loads(line)
        if "start" not in job:
            reply(run(job, folder))
            continue
        try:
            start(job["start"], folder)
            reply({"ready": True})
        except STARTING as error:
            reply(not_ready(error))


def not_ready(error: Exception) -> dict[str, Any]:
    return {"ready": False, "error": f"{error} {getattr(error, 'stderr', None) or ''}"}


def reply(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def make_machine(folder: Path, addresses: list[str]) -> None:
    """Bring the loopback interface up, and put files of our own where the C library looks for its configuration."""
    command("ip", "link", "set", "lo", "up")
    for address in addresses:
        command("ip", "address", "add", address, "dev", "lo")
    command("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", SCRATCH)
    for path in FILES:
        ours = folder / Path(path).name
        if not ours.exists():
            ours.write_text(LOCALHOST if ours.name == "hosts" else "")
        command("mount", "--bind", str(ours), path)


def command(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def start(server: dict[str, Any], folder: Path) -> subprocess.Popen[bytes]:
    """Start one server, and return it when its log says that it serves."""
    log = folder / f"server-{len(list(folder.glob('server-*.log')))}.log"
    with log.open("w") as out:
        process = subprocess.Popen(server["argv"], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + START_SECONDS
    while server["ready"] not in (text := log.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{server['argv'][0]} does not serve: {text}")
        time.sleep(0.02)
    if server["unready"] and server["unready"] in text:
        raise RuntimeError(f"{server['argv'][0]} serves before it is ready: {text}")
    return process


def run(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run one command to its end, with the configuration files as it wants them."""
    for path, text in job["files"].items():
        # Written in place: a bind mount holds on to the file, not to its name.
        (folder / Path(path).name).write_text(text)
    try:
        done = subprocess.run(
            job["argv"],
            input=job["input"],
            capture_output=True,
            text=True,
            timeout=job["timeout"],
            check=False,
            env={**os.environ, **job["env"]},
        )
    except subprocess.TimeoutExpired as expired:
        return {"status": None, "stdout": str(expired.stdout), "stderr": f"{expired}: {expired.stderr}"}
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


if __name__ == "__main__":
    main()
