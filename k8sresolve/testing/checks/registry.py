"""Every rule, in the order in which it is applied: what is added here is checked."""

from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.rules import (
    backends,
    bare_names,
    corefiles,
    endpoints,
    hiding,
    imports,
    listings,
    names,
    nameserver_domain,
    nameserver_ports,
    nameservers,
    pod_dns,
    pod_names,
    ports,
    probes,
    refusals,
    repeats,
    services,
    twice,
)
from k8sresolve.testing.checks.subjects import NamespaceSubject, Rule, ServiceSubject
from k8sresolve.testing.objects.kinds import ConfigMap, Endpoints, EndpointSlice, Resource, Routing, Secret

OBJECT: tuple[Rule[Resource], ...] = (
    refusals.check_refusals,
    imports.check_served,
    repeats.check_keys,
    names.check_annotations,
)
"""Of any object, as its manifest has it."""

SERVICE: tuple[Rule[ServiceSubject], ...] = (
    services.check_namespace,
    ports.check_declared,
    ports.check_targets,
    ports.check_slices,
    endpoints.check_endpoints,
    services.check_cluster_ips,
    services.check_node_ports,
    services.check_families,
    hiding.check_service_name,
)
"""Of a Service that has addresses of its own."""

ALIAS: tuple[Rule[ServiceSubject], ...] = (
    services.check_namespace,
    services.check_alias,
    names.check_alias_target,
    names.check_alias_loop,
)
"""Of a Service of type ExternalName, which only stands for another name."""

NAMESPACE: tuple[Rule[NamespaceSubject], ...] = (hiding.check_namespace_name,)

ORIGIN: tuple[Rule[Origin], ...] = (
    pod_names.check_subdomain,
    pod_dns.check_policy,
    pod_dns.check_override,
    hiding.check_host_aliases,
    pod_dns.check_options,
    probes.check_probes,
    names.check_containers,
    bare_names.check_bare_names,
    names.check_asked_by_kubelet,
)
"""Of what pods come from: a workload, or a pod of none."""

LISTING: tuple[Rule[EndpointSlice | Endpoints], ...] = (
    listings.check_owner,
    listings.check_kind,
    listings.check_overwritten,
)
"""Of objects that list endpoints."""

DATA: tuple[Rule[ConfigMap | Secret], ...] = (
    names.check_data,
    corefiles.check_key,
    corefiles.check_own_names,
    corefiles.check_loop,
    nameservers.check_starts,
    nameservers.check_forwards,
    nameserver_domain.check_domain,
    nameserver_ports.check_probes,
    nameserver_ports.check_ports,
)
"""Of what containers take texts from, the nameserver among them."""

ROUTING: tuple[Rule[Routing], ...] = (backends.check_backends,)
"""Of what leads to Services from outside."""

TWICE: tuple[Rule[tuple[Resource, Resource]], ...] = (twice.check_twice,)
"""Of two objects of one kind, namespace and name: the earlier, and the later, which holds."""
