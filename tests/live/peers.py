"""The zones that Knot serves and Unbound asks for: CNAME chains, negative answers, large RRsets, a cluster's names."""

from pathlib import Path

SOA = "@ 300 IN SOA ns.corp.example. admin.corp.example. 1 7200 3600 1209600 60\n@ 300 IN NS ns.corp.example.\n"


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def big(count: int) -> list[str]:
    """Distinct addresses, in order."""
    return [f"198.18.{number // 250}.{number % 250}" for number in range(count)]


CORP = SOA + _lines(
    "ns A 127.0.0.2",
    "www CNAME web",
    "web CNAME Edge.corp.example.",
    "edge CNAME node.site",
    "node.site A 192.0.2.80",
    "node.site AAAA 2001:db8::80",
    *(f"chain{number} CNAME chain{number - 1}" for number in range(1, 10)),
    "chain0 A 192.0.2.81",
    "circle CNAME back",
    "back CNAME circle",
    "dangling CNAME gone",
    "silent CNAME text",
    'text TXT "one" "two"',
    "only4 A 192.0.2.4",
    "only6 AAAA 2001:db8::6",
    "*.wild A 192.0.2.99",
    "mail MX 10 only4",
    *(f"big A {address}" for address in big(100)),
    *(f"huge A {address}" for address in big(3000)),
    *(f"_peer._udp SRV 0 1 {9000 + number} peer{number}" for number in range(60)),
    *(f"peer{number} A 192.0.2.{number}" for number in range(60)),
)

CLUSTER = SOA + _lines(
    "payments.shop.svc A 10.96.20.1",
    "payments.shop.svc AAAA fd00:10:96::1",
    "_http._tcp.payments.shop.svc SRV 0 100 80 payments.shop.svc",
    "_closed._tcp.payments.shop.svc SRV 0 0 0 .",
    "ring.data.svc A 10.244.2.10",
    "ring.data.svc A 10.244.2.11",
    "ring-0.ring.data.svc A 10.244.2.10",
    "ring-1.ring.data.svc A 10.244.2.11",
    "_api._tcp.ring.data.svc SRV 0 50 8080 ring-0.ring.data.svc",
    "_api._tcp.ring.data.svc SRV 0 50 18080 ring-1.ring.data.svc",
    "alias.shop.svc CNAME www.corp.example.",
)

ZONES = {".": SOA, "corp.example": CORP, "cluster.example": CLUSTER}


def write(folder: Path) -> list[tuple[str, Path]]:
    """Write the zone files; returns (zone, file)."""
    files = []
    for number, (zone, text) in enumerate(ZONES.items()):
        path = folder / f"{number}.zone"
        path.write_text(f"$ORIGIN {zone.rstrip('.')}.\n$TTL 300\n{text}")
        files.append((zone, path))
    return files
