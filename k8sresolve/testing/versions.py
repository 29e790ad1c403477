"""What differs between versions of CoreDNS, and of Kubernetes, as far as DNS shows it: the one list of that.

To add a version, name it in `COREDNS_VERSIONS` or `KUBERNETES_VERSIONS` and list what it brings in `DIFFERENCES`;
whatever answers asks `version.has(DIFFERENCE)`. Nothing stands here that was not recorded from both versions, or read
in their sources.
"""

from collections.abc import Mapping
from typing import Literal, NoReturn, TypeAlias

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError

Program: TypeAlias = Literal["CoreDNS", "Kubernetes"]

COREDNS_VERSIONS: tuple[str, ...] = ("1.14.7", "1.15.0")
"""The versions of CoreDNS that are known, the oldest first.

>>> from k8sresolve.testing import COREDNS_VERSIONS
>>> COREDNS_VERSIONS
('1.14.7', '1.15.0')
"""

KUBERNETES_VERSIONS: tuple[str, ...] = ("1.36", "1.37", "1.38")
"""The versions of Kubernetes that are known, the oldest first.

>>> from k8sresolve.testing import KUBERNETES_VERSIONS
>>> KUBERNETES_VERSIONS
('1.36', '1.37', '1.38')
"""


_KNOWN: Mapping[Program, tuple[str, ...]] = {"CoreDNS": COREDNS_VERSIONS, "Kubernetes": KUBERNETES_VERSIONS}


@attrs.frozen
class Difference:
    """One thing that a version does otherwise than those before it.

    >>> from k8sresolve.testing import DIFFERENCES
    >>> DIFFERENCES[0].name, DIFFERENCES[0].since, DIFFERENCES[0].sources
    ('stored-aa', '1.15.0', ('coredns/coredns#8419',))
    """

    name: str
    """What it is called here."""

    program: Program
    """`"CoreDNS"` or `"Kubernetes"`."""

    since: str
    """The first version that does it."""

    sources: tuple[str, ...]
    """The changes that brought it, or the files that have it."""

    what: str
    """What a client sees."""

    who: str
    """Whom it concerns."""

    advice: str
    """What to do about it."""

    special: bool = False
    """Whether clients alone see it that ask what no libc asks."""


def _coredns(name: str, sources: str, what: str, who: str, advice: str, *, special: bool = False) -> Difference:
    """Make one of CoreDNS 1.15.0, by the numbers of pull requests or else by files of its source."""
    told_of = tuple(f"coredns/coredns#{source}" if source.isdecimal() else source for source in sources.split())
    return Difference(name, "CoreDNS", "1.15.0", told_of, what, who, advice, special)


STORED_AA = _coredns(
    "stored-aa",
    "8419",
    "what `cache` gives from memory has the flag AA that the reply had when it came, and not AA whatever it was",
    "who asks names outside the cluster and looks at AA, such as stub resolvers of 2014 and tests of flags",
    "expect AA 0 for names that are forwarded; a client that needs AA asks an authoritative server",
)
NO_OPTIONS = _coredns(
    "no-options",
    "8514",
    "EDNS options of the query (NSID, EXPIRE, COOKIE, TCP-KEEPALIVE, PADDING) are not sent back, and take no room",
    "clients that send such options, as `dig` does with a COOKIE",
    "expect no option in replies; a client that checks cookies takes a reply without one",
    special=True,
)
POD_IPS = _coredns(
    "pod-ips",
    "8635",
    "with `pods verified` and `autopath @kubernetes`, a pod is known by each of its `podIPs`, and not just by `podIP`",
    "dual-stack pods: their second address",
    "nothing: names of second addresses begin to exist; with `autopath` such a client gets other answers",
)
FAILURES_KEPT = _coredns(
    "failures-kept",
    "8629",
    "`cache` keeps SERVFAIL that comes of an error, such as an upstream out of reach, for `servfail` (5 s)",
    "who asks again within these seconds: it is not tried anew",
    "set `servfail 0` in `cache` to have it as before",
)
HOSTS_LINES = _coredns(
    "hosts-lines",
    "8496 8516 8551",
    "`hosts` reads lines of any length, drops words of more than 1,024 octets, and parts words at ASCII blanks only; "
    "before, a line of 65,536 octets ended the file, and other blanks parted words as well",
    "names behind a very long line, and names written with a no-break space or the like",
    "write hosts files with plain spaces, and short lines",
)
NOTIFY_PASSED = _coredns(
    "notify-passed",
    "plugin/cache/handler.go",
    "`cache` passes a NOTIFY on, and leaves its TTL; before, it answered one from memory",
    "who sends NOTIFY to the cluster's nameserver",
    "nothing, as a cluster's nameserver has no secondaries",
    special=True,
)
SELF_ALIAS = _coredns(
    "self-alias",
    "8475",
    "`file` says SERVFAIL of an alias of itself; before, it gave the alias, and no address",
    "zone files with a CNAME that is its own target, and ExternalName Services that lead to it",
    "take the record out: it never led anywhere",
)
SOA_OWNER = _coredns(
    "soa-owner",
    "8555",
    "CoreDNS does not start with a zone file in which an SOA's owner is not the zone",
    "zone files of `file` with an SOA of another name, or a second one below the zone",
    "write `@` as the owner of the SOA, and one SOA a file",
)
NO_REPLY = _coredns(
    "no-reply",
    "8506 8517",
    "`minimal` and `autopath` pass on that a plugin behind them wrote no reply; before, they crashed into SERVFAIL",
    "names that no zone of `file` holds, behind `minimal` or `autopath`: REFUSED in place of SERVFAIL",
    "expect REFUSED, at which a stub resolver asks the next nameserver",
)
REWRITE_METADATA = _coredns(
    "rewrite-metadata",
    "8665",
    "`rewrite name regex FROM TO metadata` puts metadata into names; before, CoreDNS did not start with it",
    "Corefiles that use it",
    "use it only where every CoreDNS that reads the Corefile has it",
)
NEW_WORDS = _coredns(
    "new-words",
    "core/dnsserver/zdirectives.go",
    "the plugins `dynupdate` and `siit`, and new options of others; before, CoreDNS did not start with them",
    "Corefiles that use them",
    "use them only where every CoreDNS that reads the Corefile has them",
)
SERVICE_NAMES = Difference(
    "service-names",
    "Kubernetes",
    "1.37",
    ("kubernetes/enhancements#5311",),
    "the name of a Service may start with a digit (RelaxedServiceNameValidation)",
    "Services such as `7days`, which older API servers refuse",
    "use such names only where every API server takes them",
)
NEW_FIELDS = Difference(
    "new-fields",
    "Kubernetes",
    "1.37",
    ("api/openapi-spec/swagger.json",),
    "`httpGet.protocol` and `grpc.mode` of probes, `evictionResponders` of pods, `scheduling` of Jobs are fields",
    "manifests that have them: to older API servers they are unknown, which kubectl lets them refuse",
    "use them only where every API server takes them",
)
NODE_NAMESERVERS = Difference(
    "node-nameservers",
    "Kubernetes",
    "1.38",
    ("pkg/kubelet/network/dns/dns.go",),
    "a pod with the node's settings and a network of its own takes over only nameservers that are IP addresses without "
    "a zone, and loopback where none is left",
    "pods with `dnsPolicy: Default`, or with ClusterFirst where there is no cluster DNS, on nodes with nameservers "
    "such as fe80::1%eth0",
    "give the kubelet a --resolv-conf with nameservers that pods can reach, or such pods a dnsConfig",
)

DIFFERENCES: tuple[Difference, ...] = (
    STORED_AA,
    NO_OPTIONS,
    POD_IPS,
    FAILURES_KEPT,
    HOSTS_LINES,
    NOTIFY_PASSED,
    SELF_ALIAS,
    SOA_OWNER,
    NO_REPLY,
    REWRITE_METADATA,
    NEW_WORDS,
    SERVICE_NAMES,
    NEW_FIELDS,
    NODE_NAMESERVERS,
)
"""Each known difference, in the order of the tables on this page.

>>> from k8sresolve.testing import DIFFERENCES
>>> [one.name for one in DIFFERENCES if one.program == "Kubernetes"]
['service-names', 'new-fields', 'node-nameservers']
"""


@attrs.frozen
class Version:
    """A version of a program. `Cluster.coredns` and `Cluster.kubernetes` are such.

    >>> from k8sresolve.testing import DIFFERENCES, Cluster
    >>> version = Cluster.from_objects([], coredns="1.15.0").coredns
    >>> print(version, version.has(DIFFERENCES[0]))
    CoreDNS 1.15.0 True
    """

    program: Program
    """`"CoreDNS"` or `"Kubernetes"`."""

    text: str
    """As it is written: `1.15.0`."""

    differences: frozenset[Difference] = attrs.field(repr=False)
    """What it does otherwise than the oldest one that is known."""

    def has(self, difference: Difference) -> bool:
        """Whether this version does something the newer way.

        Args:
            difference: One of `DIFFERENCES`.

        Raises:
            ConfigError: It is no difference.
        """
        if not isinstance(difference, Difference):
            raise ConfigError(f"{told(difference)} is no difference", advice="give one of DIFFERENCES")
        return difference in self.differences

    def __str__(self) -> str:
        return f"{self.program} {self.text}"


def coredns(text: object) -> Version:
    """Find a version of CoreDNS. Raises `ConfigError` for one that is not known."""
    return find_version("CoreDNS", text)


def kubernetes(text: object) -> Version:
    """Find a version of Kubernetes. Raises `ConfigError` for one that is not known."""
    return find_version("Kubernetes", text)


def find_version(program: Program, text: object) -> Version:
    """Find a version of a program. Raises `ConfigError` for one that is not known."""
    known = _KNOWN.get(program, ()) if isinstance(program, str) else ()
    if not known:
        raise ConfigError(f"no versions of {told(program)} are known here", advice=f"name one of {', '.join(_KNOWN)}")
    if isinstance(text, Version) and text.program == program:
        return text
    if not isinstance(text, str) or text not in known:
        _refuse(program, known, text)
    here = known[: known.index(text) + 1]
    return Version(program, text, frozenset(one for one in DIFFERENCES if one.program == program and one.since in here))


def _refuse(program: Program, known: tuple[str, ...], text: object) -> NoReturn:
    raise ConfigError(f"{program} {told(text)} is not known here", advice=f"give one of {', '.join(known)}")


DEFAULT_COREDNS = coredns("1.14.7")
"""The version that kubeadm of Kubernetes 1.37 ships."""
DEFAULT_KUBERNETES = kubernetes("1.37")
"""The newest version that was released when this was written; its API server's answers are in `tests/golden`."""
