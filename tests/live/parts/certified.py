"""Services that speak TLS on port 443, and for whom their pods are certified: the same ones, whatever serves them.

| Service | kind | certified for |
|---|---|---|
| `payments` | ClusterIP | the Service, by all its names |
| `ledger` | headless, `ledger-0` and `ledger-1` | each pod's own name, `ledger-0.ledger.NAMESPACE.svc.cluster.local` |
| `wrong` | ClusterIP | another Service, `other` |
"""

from pathlib import Path

from tests.live import kubectl
from tests.live.authority import Authority, service_names
from tests.live.parts.web import Spec

PORTS = {"https": 443}


def declare(folder: Path, place: str, network: int) -> list[Spec]:
    """Have the Services in a namespace, and return their pods, in 10.244.NETWORK.0/24."""
    authority = Authority(folder)
    ledgers = [(f"ledger-{number}", (f"ledger-{number}.ledger.{place}.svc.cluster.local",)) for number in range(2)]
    wanted = [
        ("payments-0", service_names(f"{place}/payments")),
        ("wrong-0", service_names(f"{place}/other")),
        *ledgers,
    ]
    specs = [
        Spec(name, f"10.244.{network}.{number}", 443, pem=str(authority.issue(*names)))
        for number, (name, names) in enumerate(wanted, 1)
    ]
    addresses = {spec.address: spec.name for spec in specs}
    payments, wrong, *ledger = addresses.items()
    kubectl.cluster_ip(f"{place}/payments", f"10.96.{network}.1", PORTS, dict([payments]))
    kubectl.cluster_ip(f"{place}/wrong", f"10.96.{network}.2", PORTS, dict([wrong]))
    kubectl.headless(f"{place}/ledger", PORTS, dict(ledger))
    return specs
