"""Inside a sandbox: pods ask for names, one pod after the other, each from its own address and by its own resolv.conf.

Reads `[{"address": ..., "resolv_conf": ..., "program": PATH, "lookups": [[call, name], ...]}, ...]`, with `"program"`
null for this library, whose calls are `addresses`; prints null.
"""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

NAMESERVER = "10.96.0.10"


def ask_from(address: str) -> None:
    """Let questions to the nameserver leave from a pod's address."""
    command = ["ip", "route", "replace", "local", NAMESERVER, "dev", "lo", "src", address, "table", "local"]
    subprocess.run(command, check=True, capture_output=True)


def theirs(program: str, lookups: list[list[str]]) -> None:
    # One after the other, as the log is to be the same each time.
    for call, name in lookups:
        subprocess.run([program], input=f"{call} {name}\n", capture_output=True, text=True, check=True, timeout=60)


def ours(lookups: list[list[str]], absolute: list[str]) -> None:
    import attrs

    from k8sresolve import NoSuchName, Resolver, load_config

    config = attrs.evolve(load_config(), absolute=absolute)
    with Resolver(config, family="both") as both, Resolver(config, family="ipv4") as ipv4:
        for call, name in lookups:
            with suppress(NoSuchName):
                (ipv4 if call == "inet" else both).addresses(name)


def main() -> None:
    pods: list[dict[str, Any]] = json.load(sys.stdin)
    for pod in pods:
        ask_from(pod["address"])
        Path("/etc/resolv.conf").write_text(pod["resolv_conf"])
        if pod["program"] is None:
            ours(pod["lookups"], pod.get("absolute", []))
        else:
            theirs(pod["program"], pod["lookups"])
    json.dump(None, sys.stdout)


if __name__ == "__main__":
    main()
