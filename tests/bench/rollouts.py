"""CoreDNS goes and comes back under load: with a second replica beside it, behind one address, and alone (K3, F18)."""

import contextlib
import time
from collections.abc import Iterator, Sequence

from tests.bench import clients, machine
from tests.bench.clients import Setting
from tests.bench.faults import Faults
from tests.bench.machine import COREDNS, REPLICA, CoreDNS, Proxies
from tests.bench.tables import Table
from tests.bench.ways import ALL

CALLERS = 50
SERVICES = 100  # few, so that CoreDNS starts soon; their TTL is 0, which nobody remembers
PAUSE = 0.05  # seconds of each caller between its lookups: less than 1,000 lookups a second in all
BALANCED = "127.0.0.1"
ABSENCE = 1.3  # seconds without CoreDNS before it is started again; it takes some tenths to serve
BEFORE = 2.0  # seconds: clients start, and all is well


def rollout(rounds: int, count: int, seed: int) -> None:
    """CoreDNS is restarted so many times under load: one of two, one of two behind one address, and a lone one."""
    machine.serve_api(SERVICES)
    table = Table()
    absent: list[float] = []
    peers = [client for client in ALL if client not in clients.left_out()]
    for _ in range(rounds):
        for client in peers:
            with CoreDNS(COREDNS, ttl=0) as first, CoreDNS(REPLICA, ttl=0) as second:
                figures = _under_load(client, [COREDNS, REPLICA], [first, second], count, absent)
                table.add("two nameservers, one restarted", client, figures)
                with _balanced(seed):
                    figures = _under_load(client, [BALANCED], [first, second], count, absent)
                table.add("one address before two, one restarted", client, figures)
            with CoreDNS(COREDNS, ttl=0) as first:
                figures = _under_load(client, [COREDNS], [first], count, absent)
                table.add("a lone one, restarted", client, figures)
    table.latencies()
    table.errors()
    print(f"\n{len(absent)} restarts, CoreDNS absent for {min(absent):.2f} to {max(absent):.2f} s each")


@contextlib.contextmanager
def _balanced(seed: int) -> Iterator[None]:
    """One address before both, each source port having its own, as kube-proxy does; what goes to a dead one is lost."""
    with Proxies([BALANCED], [COREDNS, REPLICA], seed) as proxies:
        proxies.change(Faults())
        yield


def _under_load(
    client: str, nameservers: Sequence[str], replicas: Sequence[CoreDNS], count: int, absent: list[float]
) -> dict[str, object]:
    machine.write_resolv_conf(nameservers)
    seconds = BEFORE + count * 4.0
    process = machine.begun(
        client,
        "crowd",
        Setting(nameservers=nameservers),
        callers=CALLERS,
        seconds=seconds,
        pause=PAUSE,
        different=SERVICES,
    )
    time.sleep(BEFORE)
    for number in range(count):
        replica = replicas[number % len(replicas)]
        replica.stop()
        gone = time.monotonic()
        time.sleep(ABSENCE)
        replica.start()
        absent.append(time.monotonic() - gone)
        time.sleep(max(0.0, 4.0 - absent[-1]))
    return machine.awaited(process)
