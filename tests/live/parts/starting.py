"""How a part of a `Kube` starts its servers, which end with the sandbox."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.live import inside
from tests.live.sandbox import Server


def as_user(owner: str, *argv: str) -> list[str]:
    """Tell how to run this as a user, for servers that are not to run as root."""
    return ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups", *argv]


class Part:
    """A part by its name, and the folder for what it writes, which is its user's."""

    def __init__(self, name: str, owner: str = "root") -> None:
        self.name = name
        self.folder = Path(inside.SCRATCH) / name
        self.folder.mkdir()
        shutil.chown(self.folder, owner)

    def start(self, server: Server) -> "subprocess.Popen[bytes]":
        """Start one server, and wait until it serves."""
        return inside.start(server._asdict(), self.folder)

    def serve(self, *servers: Server) -> None:
        """Start what there is, one after the other, say so, and stay."""
        for server in servers:
            self.start(server)
        sys.stdout.write(f"{self.name} serves")
        sys.stdout.flush()
        signal.pause()
