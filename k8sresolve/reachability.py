"""What came of a probe: of each endpoint how far a connection gets, what answers there, and how long that took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import attrs

from k8sresolve._escaping import escaped, few, placed
from k8sresolve._value import Value
from k8sresolve.names import IPAddress

Scheme: TypeAlias = Literal["tcp", "tls", "http", "https"]
"""What is tried at each endpoint: a connection, and over it a TLS handshake, a request of HTTP, or both.

>>> from typing import get_args
>>> from k8sresolve import Scheme
>>> get_args(Scheme)
('tcp', 'tls', 'http', 'https')
"""


@attrs.frozen(eq=False, repr=False)
class ProbeStage(Value):
    """One stage of a connection, and what became of it.

    >>> import errno
    >>> from k8sresolve import ProbeStage
    >>> print(ProbeStage("tcp", False, "connection refused", errno.ECONNREFUSED, 0.21))
    tcp: connection refused in 0.2 ms
    """

    name: Literal["tcp", "tls", "http"]
    """The stage: a connection, a handshake, or a request."""
    ok: bool
    """Whether it came to what it should."""
    outcome: str
    """What it came to in words, as `"connection refused"`, `"no answer"` or `"200 OK"`."""
    errno: int | None
    """What the operating system said of one that failed, as the module `errno` names it, ETIMEDOUT where nothing was
    heard in time; None for any other.
    """
    milliseconds: float
    """The time that the stage took."""

    def __str__(self) -> str:
        return escaped(f"{self.name}: {self.outcome} in {self.milliseconds:.1f} ms")


@attrs.frozen(eq=False, repr=False)
class Certificate(Value):
    """The certificate that a server showed.

    >>> from k8sresolve import Certificate
    >>> names, begin, end = ("web.shop.svc",), 1764547200, 1767225600
    >>> print(Certificate("CN=web", "CN=Acme CA", names, begin, end, "web", "it is for others"))
    certificate of web.shop.svc by CN=Acme CA, until 2026-01-01, not verified for web: it is for others
    """

    subject: str
    """Whom it is for: a distinguished name, the most specific part last, as the certificate has it."""
    issuer: str
    """Who issued it, in the same form."""
    names: tuple[str, ...]
    """What it is valid for, of its subjectAltName (RFC 6125): hosts, addresses and URIs."""
    starts_at: float
    """Unix time from which it is valid."""
    expires_at: float
    """Unix time until which it is valid."""
    host: str
    """The name that a client wants it to be valid for."""
    problem: str = ""
    """Why it is not trusted for that, in the words of OpenSSL. Empty where it is verified."""

    @property
    def verified(self) -> bool:
        """Whether this machine trusts it for the host."""
        return not self.problem

    def __str__(self) -> str:
        owner = few(self.names) or self.subject or "nobody"
        verified = f"not verified for {self.host}: {self.problem}" if self.problem else f"verified for {self.host}"
        return escaped(f"certificate of {owner} by {self.issuer or 'nobody'}, until {day(self.expires_at)}, {verified}")


def day(seconds: float) -> str:
    """Write the day of a Unix time, as ISO 8601 does."""
    from datetime import UTC, datetime, timedelta

    # Beyond what datetime.fromtimestamp() takes on some systems lies 9999-12-31, of certificates without an end.
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        return (epoch + timedelta(seconds=seconds)).date().isoformat()
    except OverflowError:  # as of year 0000, which a certificate can have
        return "before year 1" if seconds < 0 else "after year 9999"


@attrs.frozen(eq=False, repr=False)
class ProbedEndpoint(Value):
    """One address that a name has, and how far a connection to it gets.

    >>> from ipaddress import ip_address
    >>> from k8sresolve import ProbedEndpoint, ProbeStage
    >>> tcp = ProbeStage("tcp", True, "connected", None, 0.2)
    >>> http = ProbeStage("http", False, "503 Busy", None, 1.94)
    >>> print(ProbedEndpoint(ip_address("10.244.1.7"), 8080, "", (tcp, http), status=503))
    10.244.1.7:8080 tcp: connected in 0.2 ms, http: 503 Busy in 1.9 ms
    """

    address: IPAddress
    """The address."""
    port: int
    """The port's number."""
    target: str
    """The name that has the address, as SRV tells it. Empty where that is not known."""
    stages: tuple[ProbeStage, ...]
    """The stages that were tried, in order: none comes after one that failed, but that HTTP is asked of a server whose
    certificate is not trusted, too.
    """
    certificate: Certificate | None = None
    """What a server showed. None where there was no TLS."""
    status: int | None = None
    """That of an HTTP reply (RFC 9110, section 15). None where there was none."""

    @property
    def ok(self) -> bool:
        """Whether each stage came to what it should; of HTTP that is a status from 200 to 399, as for a kubelet."""
        return all(stage.ok for stage in self.stages)

    @property
    def failure(self) -> ProbeStage | None:
        """The first stage that failed."""
        return next((stage for stage in self.stages if not stage.ok), None)

    @property
    def place(self) -> str:
        """The address and port, as URLs have them."""
        return placed(self.address, self.port)

    def __str__(self) -> str:
        return escaped(f"{self.place} {', '.join(map(str, self.stages))}")


@attrs.frozen(eq=False, repr=False)
class Reachability(Value):
    """What a name and port lead to: each address that DNS has, and what answers there.

    >>> from ipaddress import ip_address
    >>> from k8sresolve import ProbedEndpoint, ProbeStage, Reachability
    >>> refused = ProbeStage("tcp", False, "connection refused", 111, 0.21)
    >>> endpoint = ProbedEndpoint(ip_address("10.96.1.1"), 80, "", (refused,))
    >>> print(Reachability("web.shop", 80, "tcp", 0.9, (endpoint,)))
    web.shop, port 80: the only endpoint fails: 10.96.1.1:80 tcp: connection refused in 0.2 ms
    """

    name: str
    """The name as it was asked for."""
    port: str | int
    """The port as it was asked for."""
    scheme: Scheme
    """What was tried."""
    milliseconds: float
    """The time that the lookup took."""
    endpoints: tuple[ProbedEndpoint, ...]
    """Each address that DNS has, in canonical order."""
    headless: bool | None = None
    """Whether the endpoints are pods; False for a ClusterIP, None where DNS does not tell."""
    advice: tuple[str, ...] = ()
    """A sentence for each kind of failure: what it usually means, and what to compare."""

    @property
    def ok(self) -> bool:
        """Whether all endpoints answer."""
        return all(endpoint.ok for endpoint in self.endpoints)

    @property
    def verdict(self) -> str:
        """How many endpoints answer, in words."""
        return _share(len(failures(self.endpoints)), len(self.endpoints))

    def __str__(self) -> str:
        told = f"{self.name}, port {self.port}: {self.verdict}"
        failed = [endpoint for endpoint, _ in failures(self.endpoints)]
        return escaped(f"{told}: {few(failed, 3)}" if failed else told)


def _share(failed: int, count: int) -> str:
    if count == 1:
        return "the only endpoint fails" if failed else "the only endpoint answers"
    if not failed:
        return f"all {count} endpoints answer"
    return f"{failed} of {count} endpoints fail{'s' * (failed == 1)}"


def failures(endpoints: Sequence[ProbedEndpoint]) -> list[tuple[ProbedEndpoint, ProbeStage]]:
    """Pair each endpoint that fails with the stage that does."""
    return [(endpoint, stage) for endpoint in endpoints if (stage := endpoint.failure) is not None]
