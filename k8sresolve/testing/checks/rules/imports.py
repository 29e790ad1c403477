"""Services of other clusters: a ServiceImport, and the Corefile that is to serve it (KEP-1645)."""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import finding_in
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import ConfigMap, Resource, ServiceImport

# The option of the plugin, and the zone that another nameserver of several clusters is asked for.
_SERVES = ("multicluster", "clusterset")


def check_served(item: Resource, around: AllObjects) -> Iterator[Finding]:
    """Whether the Corefile serves it, where one is among the manifests."""
    if isinstance(item, ServiceImport) and _serves_none(around):
        yield finding_in(
            item.written,
            titled(item),
            "import-not-served",
            severity="warning",
            field="kind",
            problem="the Corefile of ConfigMap kube-system/coredns serves no ServiceImport: DNS answers NXDOMAIN",
            advice="list the zone in it as in `kubernetes clusterset.local { multicluster clusterset.local }`",
        )


def _serves_none(around: AllObjects) -> bool:
    configs = [item for item in around.store.all("ConfigMap") if isinstance(item, ConfigMap)]
    texts = [text for config in configs for text in config.data.values()]
    has_corefile = any("Corefile" in config.data for config in configs)
    return has_corefile and not any(word in text for text in texts for word in _SERVES)
