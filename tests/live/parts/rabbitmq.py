"""RabbitMQ: one broker, a pod in the namespace `data`: `mq`, headless, and `mq-rw`, with an address.

Port 5672 (`amqp`); user and password `guest`, from anywhere.
"""

from pathlib import Path

from tests.live import kubectl
from tests.live.parts.starting import Part, as_user
from tests.live.sandbox import Server

ADDRESS = "10.244.244.1"
PORTS = {"amqp": 5672}
OWNER = "rabbitmq"
CONFIG = """\
listeners.tcp.1 = {address}:5672
loopback_users.guest = false
log.console = true
log.console.level = info
log.file = false
"""


def broker(folder: Path, address: str, name: str = "rabbit", distribution: int = 25672) -> Server:
    """Tell how to run one in a folder; of several, each has a name and a port for its kind."""
    (folder / "rabbitmq.conf").write_text(CONFIG.format(address=address))
    environment = {
        "HOME": folder,
        "RABBITMQ_NODENAME": f"{name}@localhost",
        "RABBITMQ_DIST_PORT": distribution,
        "RABBITMQ_CONFIG_FILE": folder / "rabbitmq.conf",
        "RABBITMQ_MNESIA_BASE": folder / "mnesia",
        "RABBITMQ_LOG_BASE": folder / "log",
        "RABBITMQ_PID_FILE": folder / "pid",
        "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
        # One scheduler starts sooner than those of all CPUs, and idles.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
    }
    settings = [f"{key}={value}" for key, value in environment.items()]
    return Server(
        ["env", *settings, *as_user(OWNER, "/usr/lib/rabbitmq/bin/rabbitmq-server")], "Server startup complete"
    )


def main() -> None:
    part = Part("rabbitmq", OWNER)
    kubectl.headless("data/mq", PORTS, {ADDRESS: "mq-0"})
    kubectl.cluster_ip("data/mq-rw", "10.96.244.1", PORTS, {ADDRESS: "mq-0"})
    part.serve(broker(part.folder, ADDRESS))


if __name__ == "__main__":
    main()
