"""Record what CoreDNS answers for `tests/golden/own/world.yaml`: `python -m tests.live.record`, as root."""

import json
import tempfile
from pathlib import Path

from tests.golden.own import rows
from tests.live import servers
from tests.live.sandbox import ROOT, Sandbox

COREDNS = ROOT / "tests/golden/coredns"
# The golden data were recorded with a zone of the world outside in the same server, at the address of CoreDNS's pod.
COREFILE = servers.corefile(f"file {COREDNS}/example.com.db example.com")


def recorder(folder: Path, objects: list[rows.Row]) -> Sandbox:
    """A CoreDNS as the one that the golden data come from."""
    return Sandbox(folder, [servers.coredns(folder, COREFILE)], objects, ["10.244.0.2/32"])


def answers(sandbox: Sandbox, questions: list[tuple[str, str, str]]) -> list[rows.Row]:
    return list(sandbox.run("tests.live.ask", questions, resolv_conf="nameserver 127.0.0.1\n"))


def main() -> None:
    world = rows.objects()
    with tempfile.TemporaryDirectory() as folder, recorder(Path(folder), world) as sandbox:
        recorded = answers(sandbox, rows.questions(world))
    lines = [json.dumps(row, separators=(",", ":")) + "\n" for row in recorded]
    (rows.FOLDER / "kubeadm.jsonl").write_text("".join(lines))


if __name__ == "__main__":
    main()
