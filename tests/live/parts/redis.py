"""Redis: a master and a replica, each a pod, in the namespace `data`, and Sentinels. Run with the authority's folder.

| Service | what it is |
|---|---|
| `cache` | headless: `cache-0`, the master, and `cache-1`, the replica |
| `cache-rw` | with an address: the master |
| `sentinel` | headless: `sentinel-0`, `sentinel-1` and `sentinel-2`, who call the master `shop` |

Port 6379 (`redis`), 6380 with TLS (`rediss`), 26379 (`sentinel`); no password. Each pod is certified for its own name
and for the Services `cache` and `cache-rw`.
"""

import sys
from pathlib import Path

from tests.live import kubectl
from tests.live.authority import Authority, service_names
from tests.live.parts.starting import Part
from tests.live.sandbox import Server

PODS = {"10.244.243.1": "cache-0", "10.244.243.2": "cache-1"}
SENTINELS = {f"10.244.243.{3 + number}": f"sentinel-{number}" for number in range(3)}
MASTER, _ = PODS
PORTS = {"redis": 6379, "rediss": 6380}


def cache(part: Part, authority: Authority, address: str, name: str) -> Server:
    services = [each for service in ("cache", "cache-rw") for each in service_names(f"data/{service}")]
    pem = str(authority.issue(f"{name}.cache.data.svc.cluster.local", *services))
    options = {
        "port": "6379",
        "tls-port": "6380",
        "tls-cert-file": pem,
        "tls-key-file": pem,
        "tls-ca-cert-file": str(authority.certificate),
        "tls-auth-clients": "no",
        "save": "",
        "repl-diskless-sync-delay": "0",
        "protected-mode": "no",
    }
    if address != MASTER:
        options["replicaof"] = f"{MASTER} 6379"
        options["replica-announce-ip"] = address  # what it connects from is not its own
    return redis(part, name, address, options)


def redis(part: Part, name: str, address: str, options: dict[str, str], *more: str) -> Server:
    folder = part.folder / name
    folder.mkdir()
    lines = [f'{key} "{value}"' if key == "save" else f"{key} {value}" for key, value in options.items()]
    config = folder / "redis.conf"
    config.write_text("\n".join([f"bind {address}", f"dir {folder}", *lines, ""]))
    # The replica is there when it has what the master has.
    ready = {"sentinel": "Sentinel ID is"}.get(name.partition("-")[0], "Ready to accept connections")
    if "replicaof" in options:
        ready = "MASTER <-> REPLICA sync: Finished with success"
    return Server(["redis-server", str(config), *more], ready)


def sentinel(part: Part, address: str, name: str) -> Server:
    options = {
        "port": "26379",
        "protected-mode": "no",
        "sentinel announce-ip": address,
        "sentinel monitor": f"shop {MASTER} 6379 2",
        "sentinel down-after-milliseconds": "shop 1000",
        "sentinel failover-timeout": "shop 3000",
    }
    return redis(part, name, address, options, "--sentinel")


def main() -> None:
    part, authority = Part("redis"), Authority(Path(sys.argv[1]))
    kubectl.headless("data/cache", PORTS, PODS)
    kubectl.cluster_ip("data/cache-rw", "10.96.243.1", PORTS, {MASTER: PODS[MASTER]})
    kubectl.headless("data/sentinel", {"sentinel": 26379}, SENTINELS)
    part.serve(
        *(cache(part, authority, address, name) for address, name in PODS.items()),
        *(sentinel(part, address, name) for address, name in SENTINELS.items()),
    )


if __name__ == "__main__":
    main()
