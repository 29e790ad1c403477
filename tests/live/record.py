"""Record what a version of CoreDNS answers: `python -m tests.live.record [VERSION]`, as root.

Of the default version that is `tests/golden/own/kubeadm.jsonl`. Of another it is, in `tests/golden/coredns-VERSION`,
the worlds of `tests/golden/stepped.py` that need no upstream and do not change, with the answers of this version beside
those of others. Its CoreDNS is to be in the cache, as `.ci/run` puts it there.
"""

import gzip
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.golden import stepped
from tests.golden.own import rows
from tests.live import compare, servers
from tests.live.sandbox import API_PORT, ROOT, Sandbox

COREDNS = ROOT / "tests/golden/coredns"
# The golden data were recorded with a zone of the world outside in the same server, at the address of CoreDNS's pod.
COREFILE = servers.corefile(f"file {COREDNS}/example.com.db example.com")


def recorder(folder: Path, objects: list[rows.Row], version: str = servers.COREDNS_VERSION) -> Sandbox:
    """A CoreDNS as the one that the golden data come from."""
    return Sandbox(folder, [servers.coredns(folder, COREFILE, version)], objects, ["10.244.0.2/32"])


def answers(sandbox: Sandbox, questions: list[tuple[str, str, str]]) -> list[rows.Row]:
    return list(sandbox.run("tests.live.ask", questions, resolv_conf="nameserver 127.0.0.1\n"))


def replayable(version: str) -> list[stepped.World]:
    """The worlds that CoreDNS alone can be asked about, those with which this version does not start apart."""
    return [
        world
        for world in stepped.worlds().values()
        if "forward" not in world["corefile"]
        and all(step.keys() & {"q", "wait"} for step in world["steps"])
        and world.get("starts", {}).get(version, True)
    ]


def replayed(folder: Path, worlds: Sequence[stepped.World], version: str) -> list[list[rows.Row]]:
    """Ask one CoreDNS with a server block for each world, at a port of its own."""
    blocks = [_block(folder / f"world-{number}", number, world) for number, world in enumerate(worlds)]
    server = servers.coredns(folder, "\n".join(blocks), version)
    asked = [[compare.FIRST_PORT + number, world["steps"]] for number, world in enumerate(worlds)]
    objects = [world["objects"] for world in worlds]
    (folder / "hosts").write_text(compare.POD_HOSTS)
    with Sandbox(folder, [server], addresses=["10.244.0.2/32"], worlds=objects) as sandbox:
        how = {"resolv_conf": "nameserver 127.0.0.1\n", "hosts": compare.POD_HOSTS}
        return list(sandbox.run("tests.live.replay", asked, **how))


def _block(folder: Path, number: int, world: stepped.World) -> str:
    folder.mkdir()
    for name, text in world.get("files", {}).items():
        (folder / name).write_bytes(text.encode())
    api = f"endpoint http://127.0.0.1:{API_PORT}/world-{number}"
    text = re.sub(r"(?m)^( *kubernetes .*\{)$", rf"\1\n        {api}", world["corefile"])
    text = text.replace("/etc/coredns/", f"{folder}/")
    return text.replace(":53 {", f":{compare.FIRST_PORT + number} {{")


def main(version: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if version == servers.COREDNS_VERSION:
            _record_own(Path(folder))
        else:
            _record_worlds(Path(folder), version)


def _record_own(folder: Path) -> None:
    world = rows.objects()
    with recorder(folder, world) as sandbox:
        recorded = answers(sandbox, rows.questions(world))
    lines = [json.dumps(row, separators=(",", ":")) + "\n" for row in recorded]
    (rows.FOLDER / "kubeadm.jsonl").write_text("".join(lines))


def _record_worlds(folder: Path, version: str) -> None:
    worlds = replayable(version)
    for world, found in zip(worlds, replayed(folder, worlds, version), strict=True):
        for step, answer in zip([step for step in world["steps"] if "q" in step], found, strict=True):
            step[version] = {key: value for key, value in answer.items() if key not in ("q", "t", "via")}
    path = stepped.FOLDER / f"coredns-{version}" / "replayed.jsonl.gz"
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wt") as lines:
        lines.writelines(json.dumps(world) + "\n" for world in worlds)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else servers.COREDNS_VERSION)
