"""The parts of a control plane, as servers of a sandbox: their commands, and the files that they read.

Everything is on loopback: etcd, an API server for two families and one for IPv4 alone, the controllers, the scheduler,
kwok for the kubelets, and CoreDNS.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.controlplane.build import Programs
from tests.live.sandbox import Server
from tests.live.servers import coredns

TOKEN = "recorder"
# What the API server tells of itself: an address of the sandbox, as loopback is none that it advertises.
ADVERTISED = "10.0.0.1"
PORT, SINGLE_STACK_PORT = 6443, 6444
SERVICE_CIDRS = {PORT: "10.96.0.0/12,fd00:10:96::/108", SINGLE_STACK_PORT: "10.96.0.0/12"}
QUICK = ("--kube-api-qps=500", "--kube-api-burst=1000")
COREFILE = """\
.:53 {{
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods verified
        ttl 30
    }}
}}
"""


def control_plane(folder: Path, programs: Programs) -> list[Server]:
    """Say how to start each part, in this order. Its files are written to `folder`."""
    kubeconfig = _files(folder)
    etcd = [
        *(str(programs.plane), "etcd", f"--data-dir={folder}/etcd", "--unsafe-no-fsync"),
        *("--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379"),
        *("--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380"),
        "--initial-cluster=default=http://127.0.0.1:2380",
    ]
    by_kubeconfig = ("--kubeconfig", str(kubeconfig))
    managed = ("--authentication-skip-lookup", "--leader-elect=false", "--bind-address=127.0.0.1", *QUICK)
    controllers = [
        *(str(programs.plane), "kube-controller-manager", *by_kubeconfig, *managed),
        *("--allocate-node-cidrs=false", f"--service-account-private-key-file={folder}/key.pem"),
        "--node-monitor-grace-period=24h",
    ]
    scheduler = [str(programs.plane), "kube-scheduler", *by_kubeconfig, *managed]
    kwok = [str(programs.kwok), *by_kubeconfig, f"--config={programs.stages}", "--manage-all-nodes"]
    return [
        Server(etcd, "ready to serve client requests"),
        *(Server(_api_server(folder, programs, port), "Serving securely") for port in SERVICE_CIDRS),
        Server(controllers, "Serving securely"),
        Server(scheduler, "Serving securely"),
        Server(kwok, "Watch all nodes"),
    ]


def nameserver(folder: Path) -> Server:
    """CoreDNS, beside the API server."""
    return coredns(folder, COREFILE.format(kubeconfig=folder / "kubeconfig"))


def _api_server(folder: Path, programs: Programs, port: int) -> Sequence[str]:
    return [
        *(str(programs.plane), "kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", f"--etcd-prefix=/{port}"),
        *("--bind-address=127.0.0.1", f"--advertise-address={ADVERTISED}", f"--secure-port={port}"),
        *(f"--cert-dir={folder}/certificates-{port}", f"--service-cluster-ip-range={SERVICE_CIDRS[port]}"),
        *(f"--token-auth-file={folder}/tokens", "--authorization-mode=RBAC"),
        *("--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={folder}/key.pem"),
        f"--service-account-signing-key-file={folder}/key.pem",
    ]


def _files(folder: Path) -> Path:
    (folder / "tokens").write_text(f'{TOKEN},recorder,1,"system:masters"\n')
    key = ("openssl", "genrsa", "-out", str(folder / "key.pem"), "2048")
    subprocess.run(key, check=True, capture_output=True)
    cluster = {"server": f"https://127.0.0.1:{PORT}", "insecure-skip-tls-verify": True}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plane",
        "clusters": [{"name": "plane", "cluster": cluster}],
        "users": [{"name": "recorder", "user": {"token": TOKEN}}],
        "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "recorder"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(kubeconfig))
    return path
