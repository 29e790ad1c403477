"""Stands for kubectl and a cluster behind it: `kubectl create`, `get`, `logs` and what else docs/verify calls.

The folder K8SRESOLVE_FAKE_KUBECTL has `plan.json`: the logs of each Job, and what goes wrong. `calls.jsonl` and
`created.jsonl` come to have what was called and created.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.docs.verifying import listed

FOLDER = Path(os.environ["K8SRESOLVE_FAKE_KUBECTL"])
PLAN = json.loads((FOLDER / "plan.json").read_text())


def append(name: str, *things: Any) -> None:
    with (FOLDER / name).open("a") as file:
        file.writelines(json.dumps(thing) + "\n" for thing in things)


def read(name: str) -> list[Any]:
    path = FOLDER / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def items(kind: str, namespace: str) -> list[Any]:
    restarted = any("restart" in words for words in read("calls.jsonl"))
    found = listed(namespace, read("created.jsonl"), 2 if restarted else 1)
    made = [thing for thing in found if f"{thing['kind'].lower()}s" == kind]
    if kind == "pods" and PLAN.get("waiting"):
        state = {"state": {"waiting": {"reason": PLAN["waiting"], "message": "no such image"}}}
        made[0]["status"]["containerStatuses"] = [state]
    return made


def answer(words: list[str], namespace: str) -> str:
    match words:
        case ["create", *_]:
            append("created.jsonl", *json.load(sys.stdin)["items"])
        case ["get", "job", *_]:
            return json.dumps({"status": PLAN.get("job", {})})
        case ["get", "pods", "--namespace", place, *_]:
            return "registry.example/team/coredns:v1.14.7@sha256:0" if place == "kube-system" else ""
        case ["get", "events", *_]:
            return "Pod   web-0   0/1 nodes are available\n"
        case ["get", kind, *_]:
            return json.dumps({"items": items(kind, namespace)})
        case ["logs", job, *_]:
            return str(PLAN["logs"].get(job.removeprefix("job/"), ""))
        case ["version", *_]:
            return json.dumps({"serverVersion": {"gitVersion": "v1.37.2"}})
        case ["api-versions"]:
            return "\n".join(["v1", *PLAN.get("api", [])])
    return ""


def main() -> int:
    *options, namespace = sys.argv[1 : sys.argv.index("--namespace") + 2]
    words = sys.argv[len(options) + 2 :]
    append("calls.jsonl", words)
    if PLAN.get("interrupt") == words[0]:
        os.kill(os.getppid(), signal.SIGTERM)
    if PLAN.get("refuse") == words[0]:
        sys.stderr.write("Error from server (Forbidden)\n")
        return 1
    sys.stdout.write(answer(words, namespace))
    return 0


if __name__ == "__main__":
    sys.exit(main())
