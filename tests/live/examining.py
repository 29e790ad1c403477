"""Inside a sandbox: the command as a person runs it, on a machine that is broken as the plan says.

Standard input has JSON: `nft`, rules of the machine's own, in place of those before; `node`, whether a kubelet has been
here; `argv`, the command's arguments; `confined`, whether to run as a user without privilege on a machine where
nothing can be written, and then only for the text. What is printed: the exit status, the JSON, and the text.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

KUBELET = "mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/kubelet && "
CONFINED = (
    "mount -o remount,bind,ro / && "
    "exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --no-new-privs "
)


def run(prefix: str, argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{prefix} "$@"', "sh", sys.executable, "-m", "k8sresolve", *argv],
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> None:
    plan = json.load(sys.stdin)
    subprocess.run(["nft", "-f", "-"], input=f"flush ruleset\n{plan['nft']}", check=True, text=True)
    data = None
    if plan.get("confined"):
        done = run(CONFINED, plan["argv"])
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "told.json"
            prefix = f"{KUBELET if plan['node'] else ''}exec"
            done = run(prefix, [*plan["argv"], "-o", f"json={path}", "-o", "text"])
            if not done.stderr:
                data = json.loads(path.read_text())
    if done.stderr:
        raise SystemExit(done.stderr)
    json.dump({"status": done.returncode, "data": data, "text": done.stdout}, sys.stdout)


if __name__ == "__main__":
    main()
