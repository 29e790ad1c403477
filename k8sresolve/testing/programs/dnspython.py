"""The offline cluster as one of dnspython's nameservers, for its blocking, asyncio and trio resolvers."""

from typing import Any

import dns.exception
import dns.message
import dns.nameserver
from dns.message import Message, QueryMessage
from dns.query import BadResponse

from k8sresolve._core.engine.sends import Send
from k8sresolve.config import Nameserver
from k8sresolve.errors import Transport
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.network import Network


class OfflineNameserver(dns.nameserver.AddressAndPortNameserver):
    """The cluster's nameserver for dnspython: no socket is opened. Made by `Cluster.nameserver`.

    Waiting takes no time: a timeout lets `Cluster.clock` go on by as much and raises `dns.exception.Timeout` at once.

    >>> from dns.resolver import Resolver
    >>> from k8sresolve.testing import Cluster
    >>> resolver = Resolver(configure=False)
    >>> resolver.nameservers = [Cluster.from_manifests("docs/examples/shop.yaml").nameserver()]
    >>> print(*resolver.resolve("payments.shop.svc.cluster.local", "A"))
    10.96.20.1
    """

    def __init__(self, address: str, network: Network, clock: Clock) -> None:
        super().__init__(address, 53)
        self._network = network
        self._clock = clock

    def kind(self) -> str:
        """As dnspython's own nameserver of UDP and TCP."""
        return "Do53"

    def query(  # noqa: PLR0917 - dnspython's interface
        self,
        request: QueryMessage,
        timeout: float,
        source: str | None,  # noqa: ARG002
        source_port: int,  # noqa: ARG002
        max_size: bool,
        one_rr_per_rrset: bool = False,
        ignore_trailing: bool = False,
    ) -> Message:
        """Ask the cluster.

        Args:
            request: dnspython's message.
            timeout: Seconds by the cluster's clock.
            source, source_port: Count for nothing.
            max_size: Whether to ask over TCP, and not over UDP.
            one_rr_per_rrset, ignore_trailing: As in `dns.message.from_wire`.

        Raises:
            dns.exception.Timeout: No reply came in time.
            dns.message.Truncated: The reply over UDP is cut.
            OSError: A fault of the network.
        """
        transport: Transport = "tcp" if max_size else "udp"
        start = self._clock.monotonic()
        send = Send(0, Nameserver(self.address), transport, b"")
        arrivals = self._network.exchange(send, request.to_wire())
        for arrival in sorted(arrivals, key=lambda arrival: arrival.delay):
            if arrival.delay > timeout:
                break
            self._clock.reach(start + arrival.delay)
            if arrival.data is None:
                raise ConnectionError(arrival.error)
            try:
                return _reply(
                    request,
                    arrival.data,
                    raise_on_truncation=not max_size,
                    one_rr_per_rrset=one_rr_per_rrset,
                    ignore_trailing=ignore_trailing,
                )
            except dns.message.Truncated:
                raise
            except dns.exception.DNSException:
                # Over UDP dnspython passes over what is no reply to this request, and goes on waiting.
                if max_size:
                    raise
        self._clock.reach(start + timeout)
        raise dns.exception.Timeout(timeout=timeout)  # type: ignore[no-untyped-call]

    async def async_query(  # noqa: PLR0917
        self,
        request: QueryMessage,
        timeout: float,
        source: str | None,
        source_port: int,
        max_size: bool,
        backend: Any,
        one_rr_per_rrset: bool = False,
        ignore_trailing: bool = False,
    ) -> Message:
        """Ask the cluster for a task of asyncio or trio.

        Args:
            request, timeout, source, source_port, max_size, one_rr_per_rrset, ignore_trailing: As in `query`.
            backend: dnspython's.

        Raises:
            OSError: As in `query`.
        """
        await backend.sleep(0)  # other tasks go on, as they would while a socket is waited for
        return self.query(request, timeout, source, source_port, max_size, one_rr_per_rrset, ignore_trailing)


def _reply(request: QueryMessage, data: bytes, **options: Any) -> Message:
    reply = dns.message.from_wire(data, **options)
    if not request.is_response(reply):
        raise BadResponse
    return reply
