"""Inside a sandbox: what the C libraries' getaddrinfo, and Python's functions on glibc, give for calls.

Reads `{"programs": {libc: path}, "calls": {libc: [[family, type, protocol, flags, host, service], ...]}, "python":
[[function, arguments], ...]}`; prints `{"calls": {libc: [result, ...]}, "python": [result, ...]}`.
"""

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SOURCES = {"-4": "10.244.0.77", "-6": "fd00:10:244::77"}


def reach_everything() -> None:
    """Let every address seem reachable, from the pod's: that is what the C library sorts by."""
    for family, source in SOURCES.items():
        command = ["ip", family, "route", "replace", "default", "dev", "lo", "src", source]
        subprocess.run(command, check=True, capture_output=True)


def answers(program: str, calls: list[list[Any]]) -> list[Any]:
    text = "".join(f"{' '.join(map(str, hints))}\t{host}\t{service}\n" for *hints, host, service in calls)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True, timeout=90)
    return [json.loads(line) for line in done.stdout.splitlines()]


def python(call: list[Any]) -> Any:
    function, arguments = call
    try:
        return getattr(socket, function)(*(tuple(a) if isinstance(a, list) else a for a in arguments))
    except OSError as error:
        return [type(error).__name__, *error.args]


def main() -> None:
    plan = json.load(sys.stdin)
    reach_everything()
    with ThreadPoolExecutor() as pool:
        programs = plan["programs"]
        asked = {libc: pool.submit(answers, programs[libc], calls) for libc, calls in plan["calls"].items()}
        done = {libc: future.result() for libc, future in asked.items()}
    json.dump({"calls": done, "python": [python(call) for call in plan["python"]]}, sys.stdout)


if __name__ == "__main__":
    main()
