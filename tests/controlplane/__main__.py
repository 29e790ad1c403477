"""Record what Kubernetes takes, stores and makes: `python -m tests.controlplane record --kubernetes 1.37.2`.

It needs Go and root, and some minutes to build the control plane, once. The recording is compared with the one in
`tests/golden/apiserver`, and with the offline cluster, by the tests of that folder.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.controlplane import parts, recording
from tests.controlplane.build import programs
from tests.controlplane.compare import Result, compare
from tests.docs.verifying import load
from tests.live.programs import cache
from tests.live.sandbox import ROOT, Sandbox

SECONDS = 1500.0
TESTS = ("test_apiserver.py", "test_apiserver_worlds.py", "test_apiserver_changes.py")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.controlplane", description=__doc__)
    commands = parser.add_subparsers(required=True)
    record = commands.add_parser("record", help="build, run, record and compare")
    record.add_argument("--kubernetes", required=True, metavar="VERSION", help="such as 1.37.2")
    record.add_argument("--out", type=Path, metavar="FOLDER", help="else in the cache")
    record.set_defaults(run=_record)
    beside = commands.add_parser("compare", help="compare a recording that was made")
    beside.add_argument("out", type=Path, metavar="FOLDER")
    beside.set_defaults(run=lambda args: _compare(args.out))
    slices = commands.add_parser("slices", help="measure when a watch on EndpointSlices tells of a pod")
    slices.add_argument("--kubernetes", required=True, metavar="VERSION", help="such as 1.37.2")
    slices.add_argument("--pods", type=int, default=100)
    slices.set_defaults(run=_measure)
    verify = commands.add_parser("verify", help="run docs/verify there, with this machine for its Jobs' pods")
    verify.add_argument("--kubernetes", required=True, metavar="VERSION", help="such as 1.37.2")
    verify.set_defaults(run=_verify)
    args = parser.parse_args()
    return int(args.run(args))


def _record(args: argparse.Namespace) -> int:
    out = args.out or cache() / f"apiserver-{args.kubernetes}"
    made = programs(args.kubernetes)
    wanted = recording.inputs(recording.read(recording.GOLDEN))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        servers = [*parts.control_plane(folder, made), parts.nameserver(folder)]
        with Sandbox(folder, servers, addresses=[f"{parts.ADVERTISED}/32"]) as sandbox:
            got = sandbox.run(
                "tests.controlplane.inside", wanted, resolv_conf="nameserver 127.0.0.1\n", timeout=SECONDS
            )
    recording.write(out, got)
    print(f"recorded in {out}")
    return _compare(out)


def _measure(args: argparse.Namespace) -> int:
    made = programs(args.kubernetes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Sandbox(folder, parts.control_plane(folder, made), addresses=[f"{parts.ADVERTISED}/32"]) as sandbox:
            got = sandbox.run("tests.controlplane.slices", {"pods": args.pods}, resolv_conf="", timeout=SECONDS)
    for what, seconds in got.items():
        ordered = sorted(seconds)
        print(f"{what}: median {ordered[len(ordered) // 2]:.3f} s, worst {ordered[-1]:.3f} s of {len(ordered)}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    made = programs(args.kubernetes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("wheels", "scratch"):
            (folder / part).mkdir()
        load("verify").wheels_of(str(ROOT), folder / "wheels")
        servers = [*parts.control_plane(folder, made), parts.nameserver(folder)]
        given = {
            "wheels": str(folder / "wheels"),
            "scratch": str(folder / "scratch"),
            "kubeconfig": str(folder / "kubeconfig"),
        }
        with Sandbox(folder, servers, addresses=[f"{parts.ADVERTISED}/32"]) as sandbox:
            got = sandbox.run("tests.controlplane.verifying", given, resolv_conf="nameserver 127.0.0.1\n", timeout=900)
    print(got["said"], file=sys.stderr)
    print(got["report"])
    return int(got["status"])


def _compare(out: Path) -> int:
    """Print what differs from the golden recording, and what the offline cluster makes otherwise. 1: something does."""
    result = compare(recording.read(out), recording.read(recording.GOLDEN))
    _print(result)
    tests = [str(ROOT / "tests/golden" / name) for name in TESTS]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    offline = subprocess.run(command, cwd=ROOT, env={**os.environ, "K8SRESOLVE_APISERVER": str(out)}, check=False)
    return int(any(result.differences.values()) or offline.returncode != 0)


def _print(result: Result) -> None:
    for found in result.differences.values():
        for difference in found:
            print(difference)
    for name, count in result.rows.items():
        print(f"{name}: {result.agreeing(name)} of {count} rows agree")


if __name__ == "__main__":
    sys.exit(main())
