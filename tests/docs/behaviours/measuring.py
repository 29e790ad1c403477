"""Run the scenarios with the peers, and keep what they did."""

import json
import platform
import queue
import subprocess
import sys
import threading
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.docs.behaviours.asking import PEERS, cannot
from tests.drivers.scenarios import SCENARIOS
from tests.live.sandbox import NAMESPACES

DATA = Path(__file__).with_name("measured.json")
ROOT = Path(__file__).parents[3]
STAGES = 5  # at once; most of a run is waiting


def measure(*, anew: bool) -> None:
    """Run the scenarios that a peer can be asked for, all or those not yet measured.

    Needs root, for namespaces, and the group `clients`.
    """
    names = sorted({s.name for s in SCENARIOS for peer in PEERS if not cannot(s, peer)})
    seen: dict[str, Any] = {} if anew else json.loads(DATA.read_text())["scenarios"]
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in names:
        if name not in seen:
            waiting.put(name)
    threads = [threading.Thread(target=_work, args=(waiting, seen)) for _ in range(STAGES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if missing := set(names) - seen.keys():
        raise SystemExit(f"not measured: {sorted(missing)}")
    told = {
        "how": "python -m tests.docs.behaviours --measure",
        "versions": {
            "dnspython": version("dnspython"),
            "aiodns": f"{version('aiodns')} (pycares {version('pycares')}, c-ares {_c_ares()})",
            "glibc": platform.libc_ver()[1],
            "Python": platform.python_version(),
        },
        "scenarios": {name: seen[name] for name in names},
    }
    DATA.write_text(json.dumps(told, indent=1) + "\n")


def _c_ares() -> str:
    import pycares

    return str(pycares.ARES_VERSION)


def _work(waiting: "queue.SimpleQueue[str]", seen: dict[str, Any]) -> None:
    """Take scenarios, one after another, into namespaces of their own."""
    command = [*NAMESPACES, sys.executable, "-m", "tests.docs.behaviours.stage"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stage:
        assert stage.stdin is not None
        assert stage.stdout is not None
        while True:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                break
            stage.stdin.write(name + "\n")
            stage.stdin.flush()
            line = stage.stdout.readline()
            if not line:
                break
            seen[name] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", **json.loads(line)}
        stage.stdin.close()
