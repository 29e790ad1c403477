"""The nameservers among the manifests: Corefiles in ConfigMaps, and what runs CoreDNS with them."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import attrs

from k8sresolve.errors import ManifestError
from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.telling import finding_in
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.coredns.corefile import Directive, ServerBlock, parse_corefile
from k8sresolve.testing.objects.kinds import ConfigMap, Secret
from k8sresolve.testing.objects.texts import ContainerTexts

CONFIG = ("kube-system", "coredns")
"""Namespace and name of the ConfigMap of the cluster's own nameserver."""
_KEY = "Corefile"
# CoreDNS as its makers and clusters give it: others may have plugins of their own.
_IMAGE = re.compile(
    r"(?:(?:^|/)(?:coredns|eks|kubernetes|google_containers|k8s\.gcr\.io|registry\.k8s\.io)/|^|mirrored-coredns-)"
    r"coredns(?=[:@]|$)(?::v?(?P<major>\d+)\.(?P<minor>\d+))?"
)
_OLD = (1, 8)
"""Before, there were options that CoreDNS does not know any more."""
_PORT_FLAG = re.compile(r"-?-(?:dns\.port|p)(?:=|$)")
# Of what is put in before CoreDNS reads it, or stands in files beside, not all is known.
_IN_PART = re.compile(r"\{[$%]|\{\{|__\w+__|^\s*import\s", re.MULTILINE)


class Nameserver(NamedTuple):
    """A Corefile, the key of a ConfigMap, and what makes the pods that run CoreDNS with it."""

    config: ConfigMap
    key: str
    origins: Sequence[Origin]

    @property
    def is_current(self) -> bool:
        """Whether it is for a CoreDNS as it is known here, or nothing tells that it is for another."""
        return not self.origins or any(map(_is_current, self.origins))

    @property
    def blocks(self) -> Sequence[ServerBlock]:
        """Its server blocks, none where it is not whole, or no Corefile, or a flag of the command changes its ports."""
        text = self.config.data[self.key]
        if _IN_PART.search(text) or any(_PORT_FLAG.match(word.text) for each in self.containers for word in each.words):
            return ()
        try:
            return parse_corefile(text)
        except ManifestError:
            return ()

    @property
    def directives(self) -> Iterator[Directive]:
        """All directives of its server blocks."""
        return (directive for block in self.blocks for directive in block.directives)

    @property
    def containers(self) -> Iterator[ContainerTexts]:
        """The containers in which CoreDNS runs."""
        return (each for origin in self.origins for each in coredns_containers(origin))

    def finding(self, rule: str, severity: Severity, line: int | None, problem: str, advice: str) -> Finding:
        """Find something about the Corefile, in one of its lines."""
        field = f"data[{self.key}]"
        written = self.config.written
        found = finding_in(
            written, titled(self.config), rule, severity=severity, field=field, problem=problem, advice=advice
        )
        return found if line is None else attrs.evolve(found, line=written.line(f"{field}[{line}]"))


class Nameservers:
    """Which ConfigMap has the Corefile of which pods."""

    def __init__(self, origins: Iterable[Origin]) -> None:
        self._origins: Mapping[tuple[str, str], list[Origin]] = defaultdict(list)
        for origin in origins:
            if not origin.is_custom and any(True for _ in coredns_containers(origin)):
                for mounted in origin.written.texts.mounted:
                    if mounted.kind == "ConfigMap":
                        self._origins[origin.namespace, mounted.name].append(origin)

    def of(self, config: ConfigMap | Secret) -> Nameserver | None:
        """Tell which nameserver has its Corefile there; None where none has, as in a Secret."""
        if isinstance(config, Secret):
            return None
        place = (config.namespace, config.name)
        origins = self._origins.get(place, ())
        keys = {_corefile_of(each) for origin in origins for each in coredns_containers(origin)}
        key = next((key for key in sorted(keys) if key in config.data), _KEY)
        return Nameserver(config, key, origins) if key in config.data and (origins or place == CONFIG) else None


def coredns_containers(origin: Origin) -> Iterator[ContainerTexts]:
    """Walk over the containers of a pod in which CoreDNS runs."""
    return (each for each in origin.written.texts.containers if _IMAGE.search(each.image))


def _corefile_of(container: ContainerTexts) -> str:
    """Tell what the file is called with which CoreDNS starts."""
    words = [word.text for word in container.words]
    named = next((after for flag, after in pairwise(words) if flag.lstrip("-") == "conf"), "")
    joined = next((word.partition("=")[2] for word in words if word.lstrip("-").startswith("conf=")), "")
    return posixpath.basename(named or joined) or _KEY


def _is_current(origin: Origin) -> bool:
    versions = [_IMAGE.search(each.image) for each in coredns_containers(origin)]
    return any(
        found is not None and (found["major"] is None or (int(found["major"]), int(found["minor"])) >= _OLD)
        for found in versions
    )
