"""Probing: what to look up, what to try at each endpoint, what a reply says, and what failures usually mean.

Pure: it yields steps, which a driver takes.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from errno import ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EPIPE, ETIMEDOUT
from typing import Any, NamedTuple, TypeAlias, get_args

from k8sresolve._core.connecting import ADVICE, Destination, lookup_of
from k8sresolve._core.lookups import services
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.watching.waiting import Look
from k8sresolve._escaping import escaped, few, told
from k8sresolve.config import check_seconds
from k8sresolve.errors import ConfigError, Error, InvalidName, NoData, NotFound
from k8sresolve.names import ServiceName
from k8sresolve.reachability import Certificate, ProbedEndpoint, ProbeStage, Reachability, Scheme, failures
from k8sresolve.records import Addresses, Port, Service

AT_ONCE = 32
"""Endpoints that are tried at the same time."""

MOST_REPLY = 4096
"""Octets in which a reply's first line must end, with what is informational before it."""

REJECTED = "connection refused by ICMP"
"""What a connection comes to that something on the way refuses, and not the host that has the address."""

UNVERIFIED = "not verified: "
"""What stands before why a certificate is not trusted."""

_TO_LEARN = 1.0  # seconds, at most, in which to ask what is only good to know
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: ([^\r\n]*))?\r?\n")
_INFORMATIONAL = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d\s")  # RFC 9110, section 15.2: nothing but 101 is final
_HEAD_END = re.compile(rb"\n\r?\n")
_TLS_ALERT = b"\x15\x03"
_REFUSES_HANDSHAKE = (
    "the server speaks TLS and refuses this handshake: usually it wants a certificate of its client (mutual TLS, as in "
    "a mesh), or other ciphers"
)
_OLD_TLS = "the server speaks a version of TLS that this machine does not, usually an old one"
_WANTS_CERTIFICATE = "the server wants a certificate of its client (mutual TLS, as in a mesh), and was shown none"
_TLS_REASONS = (
    ("certificate required", _WANTS_CERTIFICATE),
    ("bad certificate", _WANTS_CERTIFICATE),
    ("handshake failure", _REFUSES_HANDSHAKE),
    (
        "no application protocol",
        "the server speaks TLS and no HTTP/1.1 over it, but HTTP/2 alone, as of gRPC: probe it by tls",
    ),
    ("unrecognized name", "the server speaks TLS, and not for this name (SNI): connect by a name that it knows"),
    ("protocol version", _OLD_TLS),
    ("unsupported protocol", _OLD_TLS),
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Talk(NamedTuple):
    """Try each endpoint, so many seconds in all: what came of them is sent back, in their order.

    `host` is the name that a certificate must be valid for, and `request` what is asked by HTTP.
    """

    endpoints: tuple[Aim, ...]
    scheme: Scheme
    host: str
    request: bytes
    seconds: float

    @property
    def share(self) -> float:
        """The seconds that each endpoint has, so that silent ones leave time for those after them."""
        return self.seconds / -(-len(self.endpoints) // AT_ONCE)


class Aim(NamedTuple):
    """An endpoint, and the name that has the address, where that is known."""

    to: Destination
    target: str


Steps: TypeAlias = Generator["Look | Talk", Any, Reachability]


def begin(  # noqa: PLR0917 - what is probed
    setting: Setting, name: str | ServiceName, port: str | int, scheme: Scheme, path: str, timeout: float
) -> Steps:
    """Begin to probe. Raises `InvalidName` or `ConfigError` for what cannot be probed."""
    if isinstance(name, str) and "/" in name:
        name = setting.service_name(name)
    if scheme not in get_args(Scheme):
        raise ConfigError(f"there is no scheme {told(scheme)}", advice=f"use one of {', '.join(get_args(Scheme))}")
    if not isinstance(path, str) or not re.fullmatch(r"/[!-~]*", path):
        raise ConfigError(
            f"path={told(path)} is no path of a URL", advice="give one like '/healthz', with other letters as %XX"
        )
    check_seconds("timeout", timeout, 0)
    call = lookup_of(name, port)
    return _probe(setting, call, port, scheme, path, timeout)


def _probe(  # noqa: PLR0917 - as above
    setting: Setting, call: tuple[Any, ...], port: str | int, scheme: Scheme, path: str, timeout: float
) -> Steps:
    began = setting.now()
    found = yield Look(call, timeout)
    if isinstance(found, NotFound):
        found = yield from _by_other_protocols(found, call, timeout - (setting.now() - began))
    if isinstance(found, Error):
        raise found
    took = setting.now() - began
    name = str(call[1])
    host = name.partition("%")[0].removesuffix(".")
    left = timeout - took
    known = yield from _learn(found, setting, left / 2)
    aims = _aims(found, port, known)
    if not aims:
        raise NoData(name, f"port {port!r} has no address to connect to")
    left = timeout - (setting.now() - began)
    request = _request(host, aims[0].to.port, path, scheme)
    endpoints: tuple[ProbedEndpoint, ...] = yield Talk(aims, scheme, host, request, max(0.0, left))
    about = _About(found, known, port)
    return Reachability(
        name, port, scheme, took * 1000, endpoints, about.headless, tuple(dict.fromkeys(_advice(endpoints, about)))
    )


def _by_other_protocols(error: NotFound, call: tuple[Any, ...], seconds: float) -> Generator[Look, Any, NotFound]:
    """Ask whether a port that the Service has not by TCP is one of another protocol."""
    if "the Service has no port" in error.problem and seconds > 0:
        for protocol in ("udp", "sctp"):
            other = yield Look((*call[:-1], protocol), min(seconds / 3, _TO_LEARN))
            if isinstance(other, Port):
                advice = f"port {other.name!r} is of {protocol.upper()}, and probe connects by TCP alone"
                return type(error)(error.name, error.problem, attempts=error.attempts, advice=advice)
    return error


def _learn(
    found: Addresses | Service | Port, setting: Setting, seconds: float
) -> Generator[Look, Any, tuple[Port, ...]]:
    """Ask which ports a Service has, and what targets, where a number did not tell; nothing comes of it as a rule."""
    place = None if isinstance(found, Port) or found.cname else _place(found, setting)
    if place is None or seconds <= 0:
        return ()
    ports = yield Look((services.ports, place), min(seconds, _TO_LEARN))
    return () if isinstance(ports, Error) else ports


def _place(found: Addresses | Service, setting: Setting) -> ServiceName | None:
    if isinstance(found, Service):
        return found.name
    domain = setting.config.cluster_domain
    if domain is None or not found.candidate.lower().endswith(f".svc.{domain}."):
        return None
    try:
        place = ServiceName.parse(found.candidate)
    except InvalidName:  # a pod's own name, for one
        return None
    return place if place.cluster_domain == domain else None


def _aims(found: Addresses | Service | Port, port: str | int, known: tuple[Port, ...]) -> tuple[Aim, ...]:
    """List the endpoints in canonical order, each once."""
    if isinstance(found, Port):
        each = [Aim(Destination(ip, target.port), target.name) for target in found.targets for ip in target.addresses]
    else:
        names = {ip: target.name for one in known for target in one.targets for ip in target.addresses}
        each = [Aim(Destination(ip, int(port)), names.get(ip, "")) for ip in found.addresses]
    first = {aim.to: aim for aim in reversed(each)}
    return tuple(sorted(first.values(), key=lambda aim: (aim.to.address.version, int(aim.to.address), aim.to.port)))


# -- HTTP --------------------------------------------------------------------------------------------------------------


def _request(host: str, port: int, path: str, scheme: Scheme) -> bytes:
    """Write a request (RFC 9112). As a kubelet's it is a GET: many servers know no HEAD."""
    told = f"[{host}]" if ":" in host else host
    if port != _DEFAULT_PORTS.get(scheme):
        told += f":{port}"
    lines = (f"GET {path} HTTP/1.1", f"Host: {told}", "User-Agent: k8sresolve", "Accept: */*", "Connection: close")
    return "\r\n".join([*lines, "", ""]).encode()


def is_whole(reply: bytes) -> bool:
    """Whether the first line of a reply is there, or will not come any more."""
    final = _final(reply)
    return b"\n" in final or len(reply) >= MOST_REPLY or not b"HTTP/".startswith(final[:5])


def _final(reply: bytes) -> bytes:
    """Pass over what is informational before the final reply (RFC 9110, section 15.2)."""
    while _INFORMATIONAL.match(reply):
        end = _HEAD_END.search(reply)
        reply = reply[end.end() :] if end else b""
    return reply


class Replied(NamedTuple):
    """What a reply's first line says."""

    ok: bool
    outcome: str
    status: int | None = None


def read_reply(reply: bytes) -> Replied:
    """Read the first line of a reply (RFC 9112, section 4), of the final one where that came."""
    found = _STATUS.match(_final(reply) or reply)
    if found is not None:
        status = int(found[1])
        reason = escaped((found[2] or b"").decode("latin-1").strip(), 60)
        # kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes: from 200 on, below 400.
        return Replied(200 <= status < 400, f"{status} {reason}".rstrip(), status)
    if not reply:
        return Replied(False, "closed without a reply")
    if reply.startswith(_TLS_ALERT):
        return Replied(False, "an alert of TLS in place of HTTP")
    return Replied(False, "no HTTP/1.1 in the reply")


# -- advice ------------------------------------------------------------------------------------------------------------


class _About:
    """What DNS tells about who has the endpoints."""

    def __init__(self, found: Addresses | Service | Port, known: tuple[Port, ...], port: str | int) -> None:
        offers = (found,) if isinstance(found, Port) else known
        self.headless = any(offer.headless for offer in offers) if offers else None
        self.service = offers[0].service if offers else None
        self.port = port
        self.numbers = sorted({target.port for offer in known for target in offer.targets})

    @property
    def unknown_number(self) -> str:
        """What is wrong with the port's number, as far as DNS tells; empty where nothing is."""
        if not self.numbers or self.port in self.numbers:
            return ""
        numbers = few(self.numbers)
        if self.headless:
            return (
                f"the pods of this headless Service have no port {self.port} but {numbers}, as DNS tells: clients "
                "connect to the pods' own port, the targetPort, which nothing translates"
            )
        return f"the Service has no port {self.port} but {numbers}, as DNS tells: compare with its spec.ports[].port"

    @property
    def or_other_protocol(self) -> str:
        """What else a number may be: at a Service's own name SRV tells no protocols."""
        return f", or that port {self.port} is of UDP or SCTP alone" if isinstance(self.port, int) else ""

    @property
    def slices(self) -> str:
        """The command that lists who is ready."""
        place = self.service
        if place is None:
            return ""
        return f"kubectl -n {place.namespace} get endpointslices -l kubernetes.io/service-name={place.service}"


def _advice(endpoints: tuple[ProbedEndpoint, ...], about: _About) -> Iterator[str]:
    for endpoint, stage in failures(endpoints):
        match stage.name:
            case "tcp":
                yield from _of_tcp(stage, about)
            case "tls":
                yield from _of_tls(endpoint, stage)
            case _:
                yield from _of_http(endpoint, stage)


def _of_tcp(stage: ProbeStage, about: _About) -> Iterator[str]:
    if stage.errno in (ECONNREFUSED, ETIMEDOUT) and about.unknown_number:
        yield about.unknown_number
    elif stage.errno == ECONNREFUSED:
        yield _rejected(about) if stage.outcome == REJECTED else _refused(about)
    elif stage.errno == ETIMEDOUT:
        yield _silent(about)
    elif stage.errno in (EHOSTUNREACH, ENETUNREACH) or stage.errno in ADVICE:
        yield ADVICE[stage.errno]


def _rejected(about: _About) -> str:
    if about.headless is not False:
        return (
            "refused by ICMP usually means that a firewall, or a NetworkPolicy of a kind that rejects, stands in the "
            "way: it is not the host that says so"
        )
    return (
        "refused by ICMP at a ClusterIP usually means that no pod is ready behind it, as kube-proxy says it"
        f"{about.or_other_protocol}: compare the Service's spec.selector with the pods' labels, and see their "
        "readinessProbe; "
        f"`{about.slices}` lists the ready ones"
    )


def _refused(about: _About) -> str:
    if about.headless:
        return (
            "refused by a pod usually means that nothing listens on that port there, or on 127.0.0.1 alone: compare "
            "the Service's spec.ports[].targetPort with the container's ports[].containerPort, and with the address "
            "that the program binds"
        )
    if about.headless is None:
        return "refused usually means that nothing listens on that port there, or that a firewall rejects it"
    return (
        "refused at a ClusterIP usually means that the pods behind it do not listen on the Service's "
        "spec.ports[].targetPort (compare with the container's ports[].containerPort), or on 127.0.0.1 alone"
        f"{about.or_other_protocol}; with some service proxies also that no pod is ready: `{about.slices}` lists the "
        "ready ones"
    )


def _silent(about: _About) -> str:
    if about.headless:
        return (
            "no answer from a pod usually means that a NetworkPolicy drops it (see spec.ingress of those that select "
            "the pod, spec.egress of those that select this one), that the pod or its node is gone, or that this "
            "machine is outside the pods' network"
        )
    if about.headless is None:
        return "no answer usually means that a firewall, or a NetworkPolicy's spec.egress, drops it, or a host is gone"
    return (
        "no answer from a ClusterIP usually means that a NetworkPolicy drops it (see spec.ingress of those that select "
        "the pods behind it, spec.egress of those that select this one), that this machine is outside the cluster's "
        f"network{about.or_other_protocol}, or, with some service proxies, that no pod is ready: `{about.slices}` "
        "lists the ready ones"
    )


def _of_tls(endpoint: ProbedEndpoint, stage: ProbeStage) -> Iterator[str]:
    if stage.outcome.startswith(UNVERIFIED):
        yield from _of_certificate(stage.outcome.removeprefix(UNVERIFIED), endpoint.certificate)
    elif stage.errno == ETIMEDOUT:
        yield "the connection is there, and no answer of TLS: usually the server waits for another protocol"
    elif any(reason in stage.outcome for reason in ("wrong version number", "record layer failure")):
        yield "what answers speaks no TLS, as a port of plain HTTP does: probe it without TLS, or take another port"
    elif stage.errno in (ECONNRESET, EPIPE) or "eof" in stage.outcome:
        yield "the server ended the handshake: usually it speaks no TLS there, or wants another name (SNI)"
    else:
        yield from _of_alert(stage)


def _of_alert(stage: ProbeStage) -> list[str]:
    """Tell what one who speaks TLS wants, by the reason of OpenSSL."""
    return [advice for reason, advice in _TLS_REASONS if reason in stage.outcome][:1]


def _of_certificate(problem: str, certificate: Certificate | None) -> Iterator[str]:
    if "expired" in problem:
        yield "renew the certificate; a server goes on with the old one until it reads the new one, as by a restart"
    elif "not yet valid" in problem:
        yield "the certificate is of a time to come: compare this machine's clock with that of who issued it"
    elif "mismatch" in problem:
        names = [name for name in certificate.names if "*" not in name] if certificate else []
        by = f"one of its names, {few(names)}" if names else "a name that it is valid for"
        others = f"other names than {certificate.host}" if certificate else "other names"
        yield f"the certificate is for {others}: connect by {by}, or add this one"
    else:
        yield (
            "this machine does not trust who issued the certificate: name the file of that CA in SSL_CERT_FILE, and "
            "tell the clients of it, too"
        )


def _of_http(endpoint: ProbedEndpoint, stage: ProbeStage) -> Iterator[str]:
    status = endpoint.status
    if status is not None:
        if status == 404:
            yield "the server answers and has no such path: compare with readinessProbe.httpGet.path"
        elif 500 <= status < 600:
            yield "the server answers and says that it cannot serve: see its log, or that of the proxy in front of it"
    elif of_alert := _of_alert(stage):
        yield from of_alert
    elif stage.outcome.startswith("an alert of TLS"):
        yield "the port speaks TLS: probe it by https"
    elif stage.errno == ETIMEDOUT:
        yield "the connection is there, and no reply to HTTP: usually the server speaks another protocol, or hangs"
    else:
        yield "what answers speaks no HTTP/1.1 there: another protocol, HTTP/2 alone as of gRPC, or TLS"
