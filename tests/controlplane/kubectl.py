"""Inside a sandbox: kubectl, and the kubelet's part in it, which is not here: this machine is the pod of each Job.

What a Job mounts is written below K8SRESOLVE_SCRATCH, as the API server has it, and its program is run with the
resolv.conf of a pod in its namespace.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRATCH = Path(os.environ["K8SRESOLVE_SCRATCH"])
RESOLV_CONF = """\
nameserver 127.0.0.1
search {0}.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
"""
PROGRAM = """\
import runpy, sys
from pathlib import Path
mounted = Path({mounted!r})
runpy.run_path(str(mounted / "program/in_pod.py"))["main"](sys.argv[1:], mounted, mounted / "library")
"""


def real(words: list[str], given: str | None = None) -> subprocess.CompletedProcess[str]:
    path = os.environ["PATH"].partition(":")[2]
    command = ["kubectl", *words]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )


def config_map(options: list[str], name: str) -> dict[str, bytes]:
    found = json.loads(real([*options, "get", "configmap", name, "--output", "json"]).stdout)
    binary = {key: base64.b64decode(value) for key, value in found.get("binaryData", {}).items()}
    return {**{key: value.encode() for key, value in found.get("data", {}).items()}, **binary}


def run(options: list[str], job: dict[str, Any]) -> None:
    """Do what a kubelet would: mount, write resolv.conf, run."""
    spec = job["spec"]["template"]["spec"]
    mounted = SCRATCH / job["metadata"]["name"]
    for volume in spec["volumes"]:
        sources = volume.get("projected", {}).get("sources") or [volume]
        for name in [source["configMap"]["name"] for source in sources if "configMap" in source]:
            folder = mounted / volume["name"]
            folder.mkdir(parents=True, exist_ok=True)
            for key, octets in config_map(options, name).items():
                (folder / key).write_bytes(octets)
    Path("/etc/resolv.conf").write_text(RESOLV_CONF.format(options[-1]))
    program = PROGRAM.format(mounted=str(mounted))
    (container,) = spec["containers"]
    with (SCRATCH / f"{job['metadata']['name']}.log").open("w") as log:
        command = [sys.executable, "-c", program, *container["command"][2:]]
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def main() -> int:
    at = sys.argv.index("--namespace") + 2
    options, words = sys.argv[1:at], sys.argv[at:]
    if words[0] == "logs":
        log = SCRATCH / f"{words[1].removeprefix('job/')}.log"
        sys.stdout.write(log.read_text() if log.exists() else "")
        return 0
    given = sys.stdin.read() if words[0] == "create" else None
    done = real([*options, *words], given)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    if given is not None and done.returncode == 0:
        for thing in json.loads(given)["items"]:
            if thing["kind"] == "Job":
                run(options, thing)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
