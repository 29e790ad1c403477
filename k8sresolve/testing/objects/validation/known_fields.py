"""The fields of each type of the API that has to do with names, addresses, ports or labels, as far as these lead down.

Source: `api/openapi-spec/swagger.json` of Kubernetes 1.36.4 and 1.37.2; for routes kubernetes-sigs/gateway-api, of
which versions differ in all but the references.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

# NAME = FIELD... A field is followed by `:TYPE`, of it or of each item, where that is in the table as well, and by
# `@VERSION` of Kubernetes where that was the first to have it. `*` says that others may be there.
_TEXT = """
Service = apiVersion kind metadata:ObjectMeta spec:ServiceSpec status
ObjectMeta = annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName
    generation labels managedFields name namespace ownerReferences resourceVersion selfLink uid
ServiceSpec = allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy
    healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP
    loadBalancerSourceRanges ports:ServicePort publishNotReadyAddresses selector sessionAffinity
    sessionAffinityConfig:SessionAffinityConfig trafficDistribution type
ServicePort = appProtocol name nodePort port protocol targetPort
SessionAffinityConfig = clientIP:ClientIPConfig
ClientIPConfig = timeoutSeconds
Endpoints = apiVersion kind metadata:ObjectMeta subsets:EndpointSubset
EndpointSubset = addresses:EndpointAddress notReadyAddresses:EndpointAddress ports:EndpointPort
EndpointAddress = hostname ip nodeName targetRef
EndpointPort = appProtocol name port protocol
EndpointSlice = addressType apiVersion endpoints:SliceEndpoint kind metadata:ObjectMeta ports:SlicePort
SliceEndpoint = addresses conditions:EndpointConditions deprecatedTopology hints hostname nodeName targetRef zone
EndpointConditions = ready serving terminating
SlicePort = appProtocol name port protocol
Pod = apiVersion kind metadata:ObjectMeta spec:PodSpec status
PodSpec = activeDeadlineSeconds affinity automountServiceAccountToken containers:Container dnsConfig:PodDNSConfig
    dnsPolicy enableServiceLinks ephemeralContainers evictionResponders@1.37 hostAliases:HostAlias hostIPC hostNetwork
    hostPID hostUsers hostname hostnameOverride imagePullSecrets initContainers:Container nodeName nodeSelector os
    overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims resources restartPolicy
    runtimeClassName schedulerName schedulingGates schedulingGroup securityContext serviceAccount serviceAccountName
    setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations
    topologySpreadConstraints volumes
Container = args command env:EnvVar envFrom:EnvFromSource image imagePullPolicy lifecycle:Lifecycle
    livenessProbe:Probe name ports:ContainerPort readinessProbe:Probe resizePolicy resources restartPolicy
    restartPolicyRules securityContext startupProbe:Probe stdin stdinOnce terminationMessagePath
    terminationMessagePolicy tty volumeDevices volumeMounts workingDir
EnvVar = name value valueFrom:EnvVarSource
EnvVarSource = configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef resourceFieldRef
    secretKeyRef:SecretKeySelector
ConfigMapKeySelector = key name optional
ObjectFieldSelector = apiVersion fieldPath
SecretKeySelector = key name optional
EnvFromSource = configMapRef:ConfigMapEnvSource prefix secretRef:SecretEnvSource
ConfigMapEnvSource = name optional
SecretEnvSource = name optional
Lifecycle = postStart:LifecycleHandler preStop:LifecycleHandler stopSignal
LifecycleHandler = exec httpGet:HTTPGetAction sleep tcpSocket:TCPSocketAction
HTTPGetAction = host httpHeaders:HTTPHeader path port protocol@1.37 scheme
HTTPHeader = name value
TCPSocketAction = host port
Probe = exec failureThreshold grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds periodSeconds successThreshold
    tcpSocket:TCPSocketAction terminationGracePeriodSeconds timeoutSeconds
GRPCAction = mode@1.37 port service
ContainerPort = containerPort hostIP hostPort name protocol
PodDNSConfig = nameservers options:PodDNSConfigOption searches
PodDNSConfigOption = name value
HostAlias = hostnames ip
Deployment = apiVersion kind metadata:ObjectMeta spec:DeploymentSpec status
DeploymentSpec = minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector:LabelSelector
    strategy template:PodTemplateSpec
LabelSelector = matchExpressions:LabelSelectorRequirement matchLabels
LabelSelectorRequirement = key operator values
PodTemplateSpec = metadata:ObjectMeta spec:PodSpec
ReplicaSet = apiVersion kind metadata:ObjectMeta spec:ReplicaSetSpec status
ReplicaSetSpec = minReadySeconds replicas selector:LabelSelector template:PodTemplateSpec
DaemonSet = apiVersion kind metadata:ObjectMeta spec:DaemonSetSpec status
DaemonSetSpec = minReadySeconds revisionHistoryLimit selector:LabelSelector template:PodTemplateSpec updateStrategy
StatefulSet = apiVersion kind metadata:ObjectMeta spec:StatefulSetSpec status
StatefulSetSpec = minReadySeconds ordinals:StatefulSetOrdinals persistentVolumeClaimRetentionPolicy
    podManagementPolicy replicas revisionHistoryLimit selector:LabelSelector serviceName template:PodTemplateSpec
    updateStrategy volumeClaimTemplates
StatefulSetOrdinals = start
ReplicationController = apiVersion kind metadata:ObjectMeta spec:ReplicationControllerSpec status
ReplicationControllerSpec = minReadySeconds replicas selector template:PodTemplateSpec
Job = apiVersion kind metadata:ObjectMeta spec:JobSpec status
JobSpec = activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy manualSelector
    maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy scheduling@1.37 selector:LabelSelector
    successPolicy suspend template:PodTemplateSpec ttlSecondsAfterFinished
CronJob = apiVersion kind metadata:ObjectMeta spec:CronJobSpec status
CronJobSpec = concurrencyPolicy failedJobsHistoryLimit jobTemplate:JobTemplateSpec schedule startingDeadlineSeconds
    successfulJobsHistoryLimit suspend timeZone
JobTemplateSpec = metadata:ObjectMeta spec:JobSpec
Ingress = apiVersion kind metadata:ObjectMeta spec:IngressSpec status
IngressSpec = defaultBackend:IngressBackend ingressClassName rules:IngressRule tls:IngressTLS
IngressBackend = resource service:IngressServiceBackend
IngressServiceBackend = name port:ServiceBackendPort
ServiceBackendPort = name number
IngressRule = host http:HTTPIngressRuleValue
HTTPIngressRuleValue = paths:HTTPIngressPath
HTTPIngressPath = backend:IngressBackend path pathType
IngressTLS = hosts secretName
ConfigMap = apiVersion binaryData data immutable kind metadata:ObjectMeta
Namespace = apiVersion kind metadata:ObjectMeta spec status
ValidatingWebhookConfiguration = apiVersion kind metadata:ObjectMeta webhooks:ValidatingWebhook
ValidatingWebhook = admissionReviewVersions clientConfig:WebhookClientConfig failurePolicy matchConditions matchPolicy
    name namespaceSelector:LabelSelector objectSelector:LabelSelector rules sideEffects timeoutSeconds
WebhookClientConfig = caBundle service:ServiceReference url
ServiceReference = name namespace path port
MutatingWebhookConfiguration = apiVersion kind metadata:ObjectMeta webhooks:MutatingWebhook
MutatingWebhook = admissionReviewVersions clientConfig:WebhookClientConfig failurePolicy matchConditions matchPolicy
    name namespaceSelector:LabelSelector objectSelector:LabelSelector reinvocationPolicy rules sideEffects
    timeoutSeconds
APIService = apiVersion kind metadata:ObjectMeta spec:APIServiceSpec status
APIServiceSpec = caBundle group groupPriorityMinimum insecureSkipTLSVerify service:APIServiceReference version
    versionPriority
APIServiceReference = name namespace port
CustomResourceDefinition = apiVersion kind metadata:ObjectMeta spec:CustomResourceDefinitionSpec status
CustomResourceDefinitionSpec = conversion:CustomResourceConversion group names preserveUnknownFields scope versions
CustomResourceConversion = strategy webhook:WebhookConversion
WebhookConversion = clientConfig:CRDWebhookClientConfig conversionReviewVersions
CRDWebhookClientConfig = caBundle service:CRDServiceReference url
CRDServiceReference = name namespace path port
HTTPRoute = * spec:HTTPRouteSpec
HTTPRouteSpec = * rules:HTTPRouteRule
HTTPRouteRule = * backendRefs:HTTPBackendRef
HTTPBackendRef = filters group kind name namespace port weight
OtherRoute = * spec:OtherRouteSpec
OtherRouteSpec = * rules:OtherRouteRule
OtherRouteRule = * backendRefs:BackendRef
BackendRef = group kind name namespace port weight
"""

_OF_KINDS = """
= Service Endpoints Pod ReplicationController ConfigMap Namespace
apps = Deployment ReplicaSet DaemonSet StatefulSet
batch = Job CronJob
discovery.k8s.io = EndpointSlice
networking.k8s.io = Ingress
admissionregistration.k8s.io = ValidatingWebhookConfiguration MutatingWebhookConfiguration
apiextensions.k8s.io = CustomResourceDefinition
apiregistration.k8s.io = APIService
gateway.networking.k8s.io = HTTPRoute GRPCRoute:HTTPRoute TLSRoute:OtherRoute TCPRoute:OtherRoute UDPRoute:OtherRoute
"""


class Field(NamedTuple):
    """A field's type, empty where it is not in the table, and the first version that has it, empty where all have."""

    type: str
    since: str


class Type(NamedTuple):
    """A type's fields by name; one that is `open` may have others."""

    fields: Mapping[str, Field]
    open: bool


def _lines(text: str) -> list[tuple[str, list[str]]]:
    return [
        (name.strip(), below.split()) for name, below in re.findall(r"^([\w.-]*) ?=((?:.|\n +)*)$", text, re.MULTILINE)
    ]


def _type(words: list[str]) -> Type:
    named = [re.fullmatch(r"(\w+)(?::(\w+))?(?:@([\d.]+))?", word) for word in words]
    return Type({one[1]: Field(one[2] or "", one[3] or "") for one in named if one}, "*" in words)


TYPES: Mapping[str, Type] = {name: _type(words) for name, words in _lines(_TEXT)}
"""By a name that is the API's own, or made of the API's group where it has two of one name."""

KINDS: Mapping[tuple[str, str], str] = {
    (group, kind): type_ or kind
    for group, kinds in _lines(_OF_KINDS)
    for kind, _, type_ in (one.partition(":") for one in kinds)
}
"""The type of each kind, by its API group and kind, in version v1."""
