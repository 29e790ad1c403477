"""Files that anyone may have written: resolv.conf, hosts, manifests, Corefiles. Read, or refused by a typed error."""

import json
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

import yaml

from k8sresolve import ConfigError, ManifestError
from k8sresolve._core.files.dialects import DIALECTS
from k8sresolve._core.files.hosts import parse_hosts
from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve.testing import Cluster
from tests.core.files import test_mutated_files
from tests.fuzz.telling import told

_ROOT = Path(__file__).parents[2]

HOSTS = [
    b"127.0.0.1 localhost\n::1 localhost ip6-localhost\n10.244.0.7\tweb-0.web.shop.svc.cluster.local\tweb-0\n",
    b"# Kubernetes-managed hosts file.\n10.1.2.3 a b c # d\nfe80::1%eth0 e\n127.1 f\n::ffff:1.2.3.4 G\n",
]
MANIFESTS = [
    document.strip().encode()
    for file in ("docs/examples/shop.yaml", "docs/examples/orders.yaml", "tests/golden/own/world.yaml")
    for document in re.split(r"(?m)^---$", (_ROOT / file).read_text())
]
COREFILES = [
    b"""\
.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
""",
    b"""\
(common) {
    cache 30 {
        success 100 60
        denial 10 5
    }
}
example.com:53 shop.test {
    import common
    rewrite name exact a.test "b.test"
    hosts {
        10.0.0.1 a.test
        fallthrough
    }
    template IN A {
        answer "{{ .Name }} 60 IN A 1.2.3.4"
    }
}
cluster.local {
    kubernetes cluster.local {$ZONES} {
        endpoint_pod_names
        namespaces shop
    }
    minimal
}
""",
]
WORDS = (
    b"{|}|(|)|---\n|- |: |&a |*a|<<: *a|!!binary |\"|'|\\|\t|\n| |\0|\xff|\xef\xbb\xbf|\xf0\x9f\x90\x99|null|true|~|"
    b"0x10|.inf|1e999|-1|65536|99999999999999999999|[|]|[[[[|,|#|?|%YAML 9|kind: List|items:|name: ''|clusterIP: None|"
    b"::|10.96.0.999|port: 0|{$HOME}|{%PATH%}|import |import *|0s|9999999h|.|..|*|\xe2\x80\xae|\x1b[31m|::error::|a.b"
).split(b"|")


def mutated(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """Change a text in one to six places."""
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.choice((1, 1, 4, 30, 200)))
        start = rng.randint(0, len(other))
        match rng.randrange(7):
            case 0:
                data = data[:at] + bytes((rng.randrange(256),)) + data[at + 1 :]
            case 1 | 2:
                data = data[:at] + rng.choice(WORDS) + data[at:]
            case 3:
                data = data[:at] + data[end:]
            case 4:
                data = data[:end] + data[at:end] * rng.choice((1, 2, 20)) + data[end:]
            case 5:
                data = data[:at] + other[start : start + 100] + data[end:]
            case 6:
                data = data[:at]
    return data


def _resolv_conf(data: bytes) -> bool:
    for dialect in DIALECTS:
        test_mutated_files.check(parse_resolv_conf(data, interfaces={"eth0": 2}, dialect=dialect), data, dialect)
    return True


def _hosts(data: bytes) -> bool:
    for name, addresses in parse_hosts(data):
        assert name
        assert name.encode("latin-1") == name.encode("latin-1").lower()  # of ASCII
        assert addresses
        assert all(str(ip_address(address)) == address for address in addresses)
    return True


def _cluster(data: bytes, suffix: str) -> bool:
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        return _taken(lambda: Cluster.from_manifests(file.name))


def _taken(make: Callable[[], Cluster]) -> bool:
    """Make a cluster; False if it is refused. What is said of it is one line that a terminal can show."""
    with told() as lines:
        try:
            make().respond(_QUERY)
        except (ManifestError, ConfigError) as error:
            lines.append(str(error))
            return False
        finally:
            assert all(line and line.isprintable() for line in lines), lines
    return True


_QUERY = bytes.fromhex("0001010000010000000000000870617973756d7301610373766307636c7573746572056c6f63616c0000ff0001")


def _yaml(data: bytes) -> bool:
    return _cluster(data, ".yaml")


def _json(data: bytes) -> bool:
    return _cluster(data, ".json")


def _corefile(data: bytes) -> bool:
    return _taken(lambda: Cluster.from_objects([], corefile=data.decode("utf-8", "replace")))


def _as_json(document: bytes) -> bytes:
    return json.dumps(yaml.safe_load(document), indent=1).encode()


KINDS: dict[str, tuple[Sequence[bytes], Callable[[bytes], bool]]] = {
    "resolv.conf": (test_mutated_files.FILES, _resolv_conf),
    "hosts": (HOSTS, _hosts),
    "manifests in YAML": (MANIFESTS, _yaml),
    "manifests in JSON": ([_as_json(document) for document in MANIFESTS], _json),
    "Corefiles": (COREFILES, _corefile),
}


def draw(rng: random.Random, kind: str) -> bytes:
    """Make a changed file of a kind."""
    files, _ = KINDS[kind]
    if kind == "resolv.conf":
        return test_mutated_files.mutated(rng)
    return mutated(rng, rng.choice(files), rng.choice(files))


def check_file(kind: str, data: bytes) -> bool:
    """Read a file; False if a typed error refuses it. Raises whatever else comes."""
    _, read = KINDS[kind]
    return read(data)
