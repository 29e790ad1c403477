"""Which Services may come of custom resources, of which an operator makes them: by what is known of each kind."""

from collections.abc import Sequence

from k8sresolve.testing.checks.names.words import word_set
from k8sresolve.testing.objects.kinds import CustomResource, CustomWorkload

_NONE = word_set(
    """
    Certificate Issuer ClusterIssuer ServiceMonitor PodMonitor PrometheusRule PrometheusAgent Probe VirtualService
    DestinationRule ServiceEntry Sidecar EnvoyFilter PeerAuthentication AuthorizationPolicy RequestAuthentication
    Telemetry ReferenceGrant BackendTLSPolicy ServiceProfile Server ServerAuthorization Middleware IngressRoute
    IngressRouteTCP TLSOption KafkaTopic KafkaUser ExternalSecret SecretStore ClusterSecretStore SealedSecret
    ScaledObject TriggerAuthentication VerticalPodAutoscaler PodMonitoring ManagedCertificate FrontendConfig
    BackendConfig CiliumNetworkPolicy SecurityContextConstraints Rollout AnalysisTemplate Config ImageStream Route
    """
)
"""Kinds of which no Service comes."""

_NAMED_AFTER = word_set(
    """
    Gateway Prometheus Alertmanager ThanosRuler Kafka KafkaConnect KafkaBridge Elasticsearch Kibana ApmServer
    RabbitmqCluster postgresql PostgresCluster PerconaXtraDBCluster PerconaServerMongoDB MongoDBCommunity CrdbCluster
    Jaeger OpenTelemetryCollector TempoStack LokiStack JobSet LeaderWorkerSet InferenceService SeldonDeployment
    """
)
"""Kinds of which Services of their own names come, or of names that begin so."""

_FIXED = {"prometheus-operated", "alertmanager-operated", "thanos-ruler-operated"}  # prometheus-operator's own

_DELIVER = word_set("Application ApplicationSet HelmRelease HelmChart HelmChartConfig Kustomization Package")
"""Kinds that bring objects of any kind, into any namespace."""


class Makers:
    """The custom resources of all namespaces."""

    def __init__(self, resources: Sequence[CustomResource | CustomWorkload]) -> None:
        self._deliver = any(item.kind in _DELIVER for item in resources)
        self._named = {(item.namespace, item.name) for item in resources if item.kind in _NAMED_AFTER}
        known = _NONE | _NAMED_AFTER | _DELIVER
        self._unknown = {item.namespace for item in resources if item.kind not in known}

    def may_make(self, namespace: str, service: str) -> bool:
        """Whether a Service of that name may come of one of them."""
        return self._deliver or namespace in self._unknown or self.makes(namespace, service)

    def makes(self, namespace: str, service: str) -> bool:
        """Whether a Service of that name is one that comes of a kind that is known."""
        of_it = [name for where, name in self._named if where == namespace]
        return bool(of_it) and (service in _FIXED or any(f"{service}-".startswith(f"{name}-") for name in of_it))
