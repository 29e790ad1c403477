"""Runs `k8sresolve probe` in a sandbox, where pods are listeners and nftables stand for kube-proxy and a NetworkPolicy.

On standard input are the file with the key and certificate of the pod `secure-0`, the folder to run in, and command
lines; what each came to, as exit status and JSON, is printed.
"""

import contextlib
import io
import json
import socket
import ssl
import subprocess
import sys
import threading

import yaml

from k8sresolve.cli.main import main
from tests.live.plane import rules
from tests.live.sandbox import ROOT

MANIFESTS = ROOT / "tests/live/probed.yaml"
# kube-proxy (mode nftables) rejects what is for a Service without endpoints; a NetworkPolicy drops.
MORE_RULES = """\
table ip more {
chain output {
type filter hook output priority 0; policy accept;
ip daddr 10.96.1.2 tcp dport 80 reject
}
chain input {
type filter hook input priority 0; policy accept;
ip daddr 10.244.1.3 tcp dport 5432 drop
}
}
"""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def serve(address: str, port: int, pem: str = "") -> None:
    """Let a pod answer, until this process ends."""
    listening = socket.create_server((address, port))
    context = None
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    threading.Thread(target=_serve, args=(listening, context), daemon=True).start()


def _serve(listening: socket.socket, context: ssl.SSLContext | None) -> None:
    while True:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            over = context.wrap_socket(connection, server_side=True) if context else connection
            with over:
                if over.recv(1000):
                    over.sendall(OK)


def run() -> None:
    given = json.load(sys.stdin)
    objects = list(yaml.safe_load_all(MANIFESTS.read_text()))
    subprocess.run(["nft", "-f", "-"], input=rules(objects) + MORE_RULES, check=True, text=True)
    for address, port in (("10.244.1.1", 5432), ("10.244.1.3", 5432), ("10.244.2.1", 8080)):
        serve(address, port)
    serve("10.244.3.1", 8443, given["pem"])
    told = []
    for argv in given["commands"]:
        printed, complained = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(given["folder"]),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(complained),
        ):
            status = main(argv)
        told.append({"status": status, "told": printed.getvalue(), "error": complained.getvalue()})
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    run()
