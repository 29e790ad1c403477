"""RabbitMQ: one broker, a pod in the namespace `data`: `mq`, headless, and `mq-rw`, with an address.

Port 5672 (`amqp`); user and password `guest`, from anywhere.
"""

import os

from tests.live import kubectl
from tests.live.parts.starting import Part, as_user
from tests.live.sandbox import Server

ADDRESS = "10.244.244.1"
PORTS = {"amqp": 5672}
OWNER = "rabbitmq"
CONFIG = f"""\
listeners.tcp.1 = {ADDRESS}:5672
loopback_users.guest = false
log.console = true
log.console.level = info
log.file = false
"""


def main() -> None:
    part = Part("rabbitmq", OWNER)
    (part.folder / "rabbitmq.conf").write_text(CONFIG)
    os.environ.update(
        HOME=str(part.folder),
        RABBITMQ_NODENAME="rabbit@localhost",
        RABBITMQ_CONFIG_FILE=str(part.folder / "rabbitmq.conf"),
        RABBITMQ_MNESIA_BASE=str(part.folder / "mnesia"),
        RABBITMQ_LOG_BASE=str(part.folder / "log"),
        RABBITMQ_PID_FILE=str(part.folder / "pid"),
        RABBITMQ_ENABLED_PLUGINS_FILE=str(part.folder / "plugins"),
        # One scheduler starts sooner than those of all CPUs, and idles.
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none",
    )
    kubectl.headless("data/mq", PORTS, {ADDRESS: "mq-0"})
    kubectl.cluster_ip("data/mq-rw", "10.96.244.1", PORTS, {ADDRESS: "mq-0"})
    part.serve(Server(as_user(OWNER, "/usr/lib/rabbitmq/bin/rabbitmq-server"), "Server startup complete"))


if __name__ == "__main__":
    main()
