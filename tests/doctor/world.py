"""Nameservers as an examination meets them, in memory: an offline cluster's, and what may be wrong with one."""

from k8sresolve import ResolverConfig
from k8sresolve._core.wire.reply import read_reply
from k8sresolve.config import Nameserver
from k8sresolve.doctor.exchanges import Heard, _read_chaos
from k8sresolve.doctor.judging import Case, findings
from k8sresolve.doctor.questions import examination
from k8sresolve.doctor.surroundings import Surroundings
from k8sresolve.testing import Cluster

DNS, OTHER = "10.96.0.10", "192.0.2.53"
SEARCH = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
POD = Surroundings("pod", "10.96.0.1")
HOST_POD = Surroundings("host-network pod", "10.96.0.1")
NODE, LAPTOP = Surroundings("node"), Surroundings("elsewhere")
SHOP = "docs/examples/shop.yaml"


def heard(ask, data):
    """What this reply comes to."""
    if data is None:
        return Heard()
    reply = _read_chaos(data) if ask.chaos else read_reply(data, ask.bare(), ask.rdtype)
    return Heard(reply, len(data), 0.5, "")


def coredns(cluster=None, **how):
    """A nameserver of a cluster."""
    cluster = cluster or Cluster.from_manifests(SHOP, **how)
    return lambda ask: heard(ask, cluster.respond(ask.message(), tcp=ask.transport == "tcp"))


def host_resolver(ask):
    """A nameserver that knows one host and no cluster, and does not give padding back."""
    name = ask.bare()[12 : 12 + ask.bare()[12:].index(b"\0") + 5]
    is_host = ask.name == "example.com." and not ask.chaos
    counts = b"\0\x01\0\x01\0\0\0\0" if is_host and ask.rdtype == 1 else b"\0\x01\0\0\0\0\0\0"
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\2\7" if is_host and ask.rdtype == 1 else b""
    code = b"\x80" if is_host else b"\x83"
    return heard(ask, b"\0\0\x81" + code + counts + name + record)


def silent(_ask):
    return Heard()


def refusing(_ask):
    return Heard(problem="connection refused")


def with_rcode(rcode, responder, name=None, rdtype=None, data=()):
    """The same nameserver, but for one kind of question."""

    def respond(ask):
        found = responder(ask)
        if found.reply is None or ask.chaos or (name and ask.name != name) or (rdtype and ask.rdtype != rdtype):
            return found
        return found._replace(reply=found.reply._replace(rcode=rcode, data=data))

    return respond


def truncating(responder, name):
    """The same nameserver, but that no reply over UDP holds what it says to this name."""

    def respond(ask):
        found = responder(ask)
        if ask.name != name or ask.transport == "tcp" or found.reply is None:
            return found
        return found._replace(reply=found.reply._replace(truncated=True, data=()))

    return respond


def losing(responder, is_lost, problem="no reply"):
    """The same nameserver, but that what fits is lost: an ask, and what was heard."""

    def respond(ask):
        found = responder(ask)
        return Heard(problem=problem) if is_lost(ask, found) else found

    return respond


class Examined:
    """What an examination of these nameservers, by their addresses, comes to."""

    def __init__(
        self, servers, around=POD, *, search=SEARCH, external="example.com.", stated=False, beside=(), **config
    ):
        self.config = ResolverConfig(nameservers=list(servers), search=search, **{"ndots": 5, **config})
        self.asks = []
        self.servers = {
            Nameserver.parse(address): responder for address, responder in {**servers, **dict(beside)}.items()
        }
        steps = examination(self.config, "example.com.", in_pod=around.in_pod, api=around.api)
        try:
            asks = next(steps)
            while True:
                asks = steps.send([self.ask(ask) for ask in asks])
        except StopIteration as end:
            self.seen = end.value
        self.case = Case(self.config, self.seen, around, stated)
        self.findings = list(findings(self.case))

    def ask(self, ask):
        self.asks.append(ask)
        return self.servers.get(ask.nameserver, silent)(ask)

    @property
    def rules(self):
        return [(finding.rule, finding.severity) for finding in self.findings]
