"""What stands outside the cluster, and answers what its nameserver forwards."""

from collections.abc import Mapping

from k8sresolve._core.questions import SOA
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.chain import Chain, Reply, Request
from k8sresolve.testing.coredns.plugins.file import Zones


class Upstream:
    """A resolver that knows the names of some zones and refuses all others, or the `authoritative` server of them.

    That of a cluster is `Cluster.upstream`. A resolver says RA and not AA, and of the authority section only what
    denies a name.

    Args:
        zones: The texts of zone files, by their origins.
        authoritative: Whether it answers as the zones' own nameserver, and not as a resolver.

    Raises:
        ConfigError: A zone file cannot be used.

    >>> from k8sresolve import LookupTimeout
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_objects([], upstream={"example.com.": "www 300 IN A 192.0.2.7"})
    >>> cluster.upstream.reachable = False
    >>> with cluster.resolver() as resolver:
    ...     try:
    ...         resolver.addresses("www.example.com")
    ...     except LookupTimeout:
    ...         print("nobody answers")
    ...
    nobody answers
    """

    reachable: bool
    """Whether anybody answers; True, until False is put in its place."""

    echoing: bool
    """Whether the query's EDNS options are sent back; False, until True is put in its place."""

    def __init__(self, zones: Mapping[str, str], *, authoritative: bool = False) -> None:
        if not isinstance(zones, Mapping) or not all(isinstance(text, str) for pair in zones.items() for text in pair):
            raise ConfigError("zones map origins to texts", advice="give each origin the text of its zone file")
        self.reachable = True
        self.echoing = False
        self._zones = Zones(zones, whole=not authoritative)
        self._authoritative = authoritative

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer as a plugin does, the last one."""
        if not self.reachable:
            return Reply(sender="nobody")
        reply = self._zones.answer(request, rest)
        if self.echoing:
            reply = reply.marked(options=request.options)
        if self._authoritative or reply.sender != "plugin":
            return reply
        # RFC 2308, section 3: the SOA record says for how long there is nothing.
        authority = [record for record in reply.authority if record.rdtype == SOA]
        return reply._replace(authoritative=False, authority=authority).marked(recursion_available=True)
