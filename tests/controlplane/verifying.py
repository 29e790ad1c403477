"""Inside a sandbox with a control plane: run docs/verify, with this machine for the pods of its Jobs.

Reads `{"wheels": FOLDER, "kubeconfig": FILE, "scratch": FOLDER}`; prints the exit status, the report, and what it said.
"""

import contextlib
import io
import json
import os
import stat
import sys
import time
from pathlib import Path

from tests.controlplane.api import Api
from tests.controlplane.inside import BUILT_IN_SECONDS, NODES
from tests.docs.verifying import load
from tests.live.sandbox import ROOT


def main() -> None:
    given = json.load(sys.stdin)
    scratch, verify = Path(given["scratch"]), load("verify")
    with Api() as api:
        api.wait()
        time.sleep(BUILT_IN_SECONDS)
        for node in NODES:
            labels = {**node["metadata"]["labels"], "kubernetes.io/os": "linux"}  # as each kubelet says of itself
            api.create({**node, "metadata": {**node["metadata"], "labels": labels}})
    kubectl = scratch / "kubectl"
    kubectl.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.controlplane.kubectl "$@"\n')
    kubectl.chmod(kubectl.stat().st_mode | stat.S_IXUSR)
    os.environ |= {
        "PATH": f"{scratch}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "KUBECONFIG": given["kubeconfig"],
        "K8SRESOLVE_SCRATCH": str(scratch),
    }
    verify.wheels_of = lambda _source, _folder: sorted(Path(given["wheels"]).glob("*.whl"))
    report, said = scratch / "report.md", io.StringIO()
    with contextlib.redirect_stderr(said):
        status = verify.main(["--output", str(report)])
    text = report.read_text() if report.exists() else ""
    json.dump({"status": status, "report": text, "said": said.getvalue()}, sys.stdout)


if __name__ == "__main__":
    main()
