"""The real servers that the live tests run, and their configuration."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from k8sresolve.testing.versions import DEFAULT_COREDNS
from tests.live.sandbox import API_PORT, SandboxError, Server

COREDNS_VERSION = DEFAULT_COREDNS.text

KUBERNETES = f"""\
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        endpoint http://127.0.0.1:{API_PORT}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
"""


def corefile(*plugins: str) -> str:
    """The kubernetes plugin with kubeadm's options, and behind it the plugins given, a line each."""
    behind = "".join(f"    {plugin}\n" for plugin in plugins)
    return f".:53 {{\n    errors\n{KUBERNETES}{behind}}}\n"


ALONE = corefile()

# The `coredns` ConfigMap that `kubeadm init` makes, with the API's address added and the upstream on loopback.
KUBEADM = f"""\
.:53 {{
    errors
    health {{
       lameduck 5s
    }}
    ready
{KUBERNETES}\
    prometheus :9153
    forward . 127.0.0.1:5301 {{
       max_concurrent 1000
    }}
    cache 30 {{
       disable success cluster.local
       disable denial cluster.local
    }}
    loop
    reload
    loadbalance
}}
"""


def coredns_binary(version: str = COREDNS_VERSION) -> str:
    """Find CoreDNS in the cache that `.ci/run` fills; the default version by `K8SRESOLVE_COREDNS` or the path, too."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cached = cache / f"k8sresolve/coredns-{version}/coredns"
    others = (os.environ.get("K8SRESOLVE_COREDNS"), "coredns") if version == COREDNS_VERSION else (None, None)
    for place in (others[0], cached, others[1]):
        if place and (found := shutil.which(str(place))):
            return found
    raise SandboxError(f"CoreDNS {version} is not here: run .ci/run, or set K8SRESOLVE_COREDNS")


def coredns(folder: Path, corefile: str, version: str = COREDNS_VERSION) -> Server:
    """CoreDNS with a Corefile; ready once it has listed and watches everything."""
    path = folder / "Corefile"
    path.write_text(corefile)
    return Server([coredns_binary(version), "-conf", str(path)], f"CoreDNS-{version}", "unsynced")


def knot(folder: Path, listen: str, zones: Sequence[tuple[str, Path]]) -> Server:
    """Knot DNS, authoritative for the zones given, at `ADDRESS@PORT`."""
    (folder / "knot").mkdir()
    lines = [
        "server:",
        f'    rundir: "{folder}/knot"',
        f'    listen: "{listen}"',
        "    udp-workers: 1",
        "    tcp-workers: 1",
        "log:",
        "  - target: stdout",
        "    any: info",
        "database:",
        f'    storage: "{folder}/knot"',
        "zone:",
    ]
    for name, path in zones:
        lines += [f"  - domain: {name}", f'    file: "{path}"', "    zonefile-sync: -1", "    journal-content: none"]
    config = folder / "knot.conf"
    config.write_text("\n".join(lines) + "\n")
    return Server(["knotd", "-c", str(config)], "server started")


def unbound(folder: Path, listen: str, root: str) -> Server:
    """Unbound, a caching resolver at `ADDRESS`, which takes `ADDRESS@PORT` for the root's nameserver."""
    lines = [
        "server:",
        f"    interface: {listen}",
        "    access-control: 127.0.0.0/8 allow",
        "    do-daemonize: no",
        "    do-not-query-localhost: no",
        '    module-config: "iterator"',
        "    edns-buffer-size: 1232",
        "    max-udp-size: 1232",
        "    num-threads: 1",
        '    username: ""',
        '    chroot: ""',
        '    pidfile: ""',
        f'    directory: "{folder}"',
        "    use-syslog: no",
        "    verbosity: 1",
        "stub-zone:",
        '    name: "."',
        f"    stub-addr: {root}",
        "remote-control:",
        "    control-enable: no",
    ]
    config = folder / "unbound.conf"
    config.write_text("\n".join(lines) + "\n")
    return Server(["unbound", "-d", "-c", str(config)], "start of service")
