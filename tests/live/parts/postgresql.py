"""PostgreSQL: a writer and a standby, each a pod, in the namespace `data`. Run with the authority's folder.

| Service | what it is |
|---|---|
| `db` | headless: `db-0`, which writes, and `db-1`, the standby |
| `db-rw`, `db-ro` | with an address: the writer, and the standby |

Port 5432 (`sql`), user `postgres` without a password, database `postgres`. TLS is there for whoever wants it: each
pod is certified for its own name and for the three Services'.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.live import kubectl
from tests.live.authority import Authority, service_names
from tests.live.parts.starting import Part, as_user
from tests.live.sandbox import Server

PODS = {"10.244.242.1": "db-0", "10.244.242.2": "db-1"}
WRITER, STANDBY = PODS
PORTS = {"sql": 5432}
OWNER = "postgres"
SETTINGS = """\
unix_socket_directories = ''
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.pem'
fsync = off
dynamic_shared_memory_type = mmap
hot_standby = on
listen_addresses = '{address}'
"""
ACCESS = "host all all all trust\nhost replication all all trust\n"


def programs() -> Path:
    """Where Debian keeps those of the newest version that is here."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"))


def certify(folder: Path, authority: Authority, name: str) -> None:
    services = [each for service in ("db", "db-rw", "db-ro") for each in service_names(f"data/{service}")]
    pem = folder / "server.pem"
    shutil.copy(authority.issue(f"{name}.db.data.svc.cluster.local", *services), pem)
    pem.chmod(0o600)
    shutil.chown(pem, OWNER)


def server(folder: Path, ready: str) -> Server:
    return Server(as_user(OWNER, str(programs() / "postgres"), "-D", str(folder)), ready)


def main() -> None:
    part, authority = Part("postgresql", OWNER), Authority(Path(sys.argv[1]))
    writer, standby = part.folder / "db-0", part.folder / "db-1"
    initdb = as_user(
        OWNER, str(programs() / "initdb"), "-N", "-A", "trust", "--locale=C", "-E", "UTF8", "-D", str(writer)
    )
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL)
    (writer / "pg_hba.conf").write_text(ACCESS)
    # One that has been ended well, or never run, is a base backup as it stands.
    subprocess.run(["cp", "-a", writer, standby], check=True)
    for folder, (address, name) in zip((writer, standby), PODS.items(), strict=True):
        with (folder / "postgresql.conf").open("a") as file:
            file.write(SETTINGS.format(address=address))
        certify(folder, authority, name)
    with (standby / "postgresql.conf").open("a") as file:
        file.write(f"primary_conninfo = 'host={WRITER} user={OWNER}'\n")
    (standby / "standby.signal").touch()
    kubectl.headless("data/db", PORTS, PODS)
    kubectl.cluster_ip("data/db-rw", "10.96.242.1", PORTS, {WRITER: "db-0"})
    kubectl.cluster_ip("data/db-ro", "10.96.242.2", PORTS, {STANDBY: "db-1"})
    part.serve(
        server(writer, "ready to accept connections"),
        server(standby, "ready to accept read-only connections"),
    )


if __name__ == "__main__":
    main()
