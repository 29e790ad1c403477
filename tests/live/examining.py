"""Inside a sandbox: `k8sresolve doctor` as a person runs it, on a machine that is broken as the plan says.

Standard input has JSON: `nft`, rules of the machine's own, in place of those before; `node`, whether a kubelet has been
here; `argv`, more of the command's arguments. What is printed: the exit status, the JSON, and the text.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

KUBELET = "mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/kubelet && "


def run(prefix: str, argv: list[str]) -> subprocess.CompletedProcess[str]:
    command = f'{prefix}exec "$@"'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", command, "sh", sys.executable, "-m", "k8sresolve", "doctor", *argv],
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> None:
    plan = json.load(sys.stdin)
    subprocess.run(["nft", "-f", "-"], input=f"flush ruleset\n{plan['nft']}", check=True, text=True)
    prefix = KUBELET if plan["node"] else ""
    with tempfile.NamedTemporaryFile("r") as file:
        done = run(prefix, ["-o", f"json={file.name}", "-o", "text", *plan["argv"]])
        if done.stderr:
            raise SystemExit(done.stderr)
        # It is replaced as a whole, so that what was opened before is another file.
        data = json.loads(Path(file.name).read_text())
    json.dump({"status": done.returncode, "data": data, "text": done.stdout}, sys.stdout)


if __name__ == "__main__":
    main()
