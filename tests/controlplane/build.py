"""The programs of a control plane, built from the Go module proxy and kept outside, in `~/.cache/k8sresolve/`.

The commands of Kubernetes cannot be installed as they are: their go.mod replaces modules of theirs by folders. So
`plane.go` is built with that go.mod, the folders replaced by what was published of them. It takes some minutes, once.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.live.programs import cache
from tests.live.sandbox import SandboxError

SOURCE = Path(__file__).with_name("plane.go")
MODULE = "k8s.io/kubernetes"
KWOK = "v0.8.0"
# Its own fast ones, but for the one that ends a Job's pods.
STAGES = ("node/fast/node-initialize", "pod/fast/pod-ready", "pod/fast/pod-delete")
# Others may measure on this machine.
BUILD = {"CGO_ENABLED": "0", "GOFLAGS": "-p=1"}

_STAGING = re.compile(r"=> \./staging/src/(\S+)")


class Programs(NamedTuple):
    """Where the programs are: `plane` is etcd and each part of Kubernetes, by its first argument.

    `stages` tells kwok what becomes of nodes and pods.
    """

    plane: Path
    kwok: Path
    stages: Path


def programs(kubernetes: str) -> Programs:
    """Return the programs of a version of Kubernetes (`1.37.2`), made if need be."""
    kwok, stages = _kwok()
    return Programs(_plane(kubernetes), kwok, stages)


def go_mod(published: str, kubernetes: str) -> str:
    """Make the go.mod of `plane.go` of the one that Kubernetes was published with."""
    _, _, libraries = kubernetes.partition(".")
    own = re.sub(r"(?m)^module .*$", "module plane", published, count=1)
    replaced = _STAGING.sub(rf"=> \g<1> v0.{libraries}", own)
    return f"{replaced}\nrequire {MODULE} v{kubernetes}\n"


def _plane(kubernetes: str) -> Path:
    target = cache() / f"kubernetes-{kubernetes}/plane"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    module = json.loads(_go("mod", "download", "-json", f"{MODULE}@v{kubernetes}", folder=target.parent))
    work = target.with_name("build")
    work.mkdir(exist_ok=True)
    (work / "go.mod").write_text(go_mod(Path(module["GoMod"]).read_text(), kubernetes))
    shutil.copyfile(Path(module["Dir"]) / "go.sum", work / "go.sum")
    shutil.copyfile(SOURCE, work / "main.go")
    fresh = target.with_name("fresh")
    version = f"-X k8s.io/component-base/version.gitVersion=v{kubernetes}"
    _go("build", "-mod=mod", "-ldflags", f"-s -w {version}", "-o", str(fresh), ".", folder=work)
    fresh.rename(target)
    return target


def _kwok() -> tuple[Path, Path]:
    folder = cache() / f"kwok-{KWOK}"
    program, stages = folder / "kwok", folder / "stages.yaml"
    if not (program.exists() and stages.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        module = json.loads(_go("mod", "download", "-json", f"sigs.k8s.io/kwok@{KWOK}", folder=folder))
        parts = [(Path(module["Dir"]) / "kustomize/stage" / f"{part}.yaml").read_text() for part in STAGES]
        stages.write_text("---\n".join(parts))
        _go("install", f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}", folder=folder, more={"GOBIN": str(folder)})
    return program, stages


def _go(*words: str, folder: Path, more: Mapping[str, str] | None = None) -> str:
    command: Sequence[str] = ("nice", "go", *words)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **BUILD, **(more or {})},
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise SandboxError(f"{' '.join(command)}: {error} {getattr(error, 'stderr', '')[-2000:]}") from error
    return done.stdout
