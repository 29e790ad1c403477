"""A Service of a thousand pods: its SRV answer fits no DNS message, so CoreDNS truncates it even over TCP."""

from typing import Any

import pytest

from tests.live.expected import DOMAIN, World
from tests.live.sandbox import Sandbox

pytestmark = pytest.mark.live

RESOLV_CONF = f"search data.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}\nnameserver 127.0.0.1\noptions ndots:5\n"


@pytest.mark.parametrize("mode", ["sync", "asyncio"])
def test_a_port_of_a_thousand_pods(alone: Sandbox, objects: list[Any], mode: str) -> None:
    """What fits is all targets and half of the glue; the other targets' addresses are asked for."""
    want = World(objects, {}).port("huge", "data", "peer", "tcp").outcome
    job = {"family": "ipv4", "call": "port", "args": ["huge", "peer"]}
    (got,) = alone.run("tests.live.client", {"mode": mode, "jobs": [job]}, resolv_conf=RESOLV_CONF)
    # The nameserver said that it cut something, and nothing tells what.
    assert got["outcome"].pop("incomplete") is True
    assert len(want["targets"]) == 1000
    assert got["outcome"] == want
    service = f"_peer._tcp.huge.data.svc.{DOMAIN}."
    assert got["sends"][:2] == [["udp", f"SRV {service}"], ["tcp", f"SRV {service}"]]
    assert len(got["questions"]) < 600
