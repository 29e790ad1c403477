"""Fields in places where no API server has them: `strict decoding error: unknown field`, kubectl's since 1.27."""

import pytest

from k8sresolve.testing.objects.validation.refusals import refusals
from k8sresolve.testing.versions import NEW_FIELDS
from tests.testing.checks.objects import config_map, deployment, pod, port, service, slice_of, stateful


def unknown(obj, until=None):
    group = obj["apiVersion"].rpartition("/")[0]
    found = [each for each in refusals(group, obj["kind"], obj) if each.rule == "unknown-field"]
    return [(each.path, each.advice) for each in found if each.until is until]


def in_spec(kind, **fields):
    made = deployment(kind=kind)
    made["spec"] |= fields
    return made


def in_template(**fields):
    made = deployment()
    made["spec"]["template"] |= fields
    return made


def in_container(**fields):
    main = {"name": "main", "image": "a", "ports": [port(8080, "http")], **fields}
    return deployment(pod={"containers": [main]})


def ingress(rule=None, backend=None, **spec):
    backend = {"service": {"name": "web", "port": {"number": 80}}} if backend is None else backend
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rules = [{"host": "a.example", "http": {"paths": [path]}, **(rule or {})}]
    meta = {"name": "it", "namespace": "shop"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": {"rules": rules, **spec}}


def route(kind="HTTPRoute", version="v1", **backend):
    rules = [{"backendRefs": [{"name": "web", "port": 80, **backend}], "whatIsNew": {}}]
    return {
        "apiVersion": f"gateway.networking.k8s.io/{version}",
        "kind": kind,
        "metadata": {"name": "it", "namespace": "shop"},
        "spec": {"hostnames": ["a.example"], "rules": rules},
    }


def endpoints(**address):
    subset = {"addresses": [{"ip": "192.0.2.1", **address}], "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "web"}, "subsets": [subset]}


def edited(obj, **fields):
    return {**obj, **fields}


POD = "spec.template.spec"
MAIN = f"{POD}.containers[0]"


@pytest.mark.parametrize(
    ("obj", "path", "advice"),
    [
        (service(clusterip="None"), "spec.clusterip", "write clusterIP"),
        (service(ports=[{"port": 80, "targetport": 8080}]), "spec.ports[0].targetport", "write targetPort"),
        (service(ports=[{"port": 80, "target_port": 8080}]), "spec.ports[0].target_port", "write targetPort"),
        (service(prots=[]), "spec.prots", "write ports"),
        (edited(service(), spec={"prots": []}), "spec.prots", "write ports"),
        (
            ingress(backend={"service": {"name": "a"}}) | {"spec": {"backend": {}}},
            "spec.backend",
            "write defaultBackend",
        ),
        (service(nodePort=30080), "spec.nodePort", "put it into ports"),
        (service(labels={}), "spec.labels", "put it into metadata"),
        (edited(service(), ports=[]), "ports", "put it into spec"),
        (
            service(sessionAffinityConfig={"clientIP": {"timeout": 1}}),
            "spec.sessionAffinityConfig.clientIP.timeout",
            "",
        ),
        (deployment(pod={"dnsConfig": {"search": ["a.example"]}}), f"{POD}.dnsConfig.search", "write searches"),
        (deployment(pod={"dnsConfig": {"options": [{"key": "ndots"}]}}), f"{POD}.dnsConfig.options[0].key", ""),
        (deployment(pod={"dnspolicy": "None"}), f"{POD}.dnspolicy", "write dnsPolicy"),
        (deployment(pod={"hostName": "a"}), f"{POD}.hostName", "write hostname"),
        (deployment(pod={"searches": []}), f"{POD}.searches", "put it into dnsConfig"),
        (
            deployment(pod={"hostAliases": [{"ip": "::1", "hosts": []}]}),
            f"{POD}.hostAliases[0].hosts",
            "leave it out, or see kubectl explain deployment.spec.template.spec.hostAliases",
        ),
        (deployment(pod={"ports": []}), f"{POD}.ports", "put it into containers"),
        (in_template(labels={"app": "web"}), "spec.template.labels", "put it into metadata"),
        (in_template(containers=[]), "spec.template.containers", "put it into spec"),
        (deployment(dnsPolicy="None"), "spec.dnsPolicy", "put it into template.spec"),
        (deployment(selector={"app": "web"}), "spec.selector.app", "put it into matchLabels"),
        (in_container(dnsPolicy="None"), f"{MAIN}.dnsPolicy", "put it into spec.template.spec"),
        (in_container(port=80), f"{MAIN}.port", "write ports"),
        (in_container(ports=[{"port": 80, "containerPort": 8080}]), f"{MAIN}.ports[0].port", ""),
        (in_container(livenessProbe={"httpget": {"port": 80}}), f"{MAIN}.livenessProbe.httpget", "write httpGet"),
        (in_container(readinessProbe={"port": 80}), f"{MAIN}.readinessProbe.port", "put it into "),
        (in_container(readinessProbe={"tcpSocket": {"number": 80}}), f"{MAIN}.readinessProbe.tcpSocket.number", ""),
        (in_container(env=[{"name": "A", "vale": "b"}]), f"{MAIN}.env[0].vale", "write value"),
        (stateful(servicename="db"), "spec.servicename", "write serviceName"),
        (stateful(start=1), "spec.start", "put it into ordinals"),
        (
            in_spec("DaemonSet", replicas=1),
            "spec.replicas",
            "leave it out, or see kubectl explain daemonset.spec",
        ),
        (deployment(serviceName="web"), "spec.serviceName", "leave it out, or see kubectl explain deployment.spec"),
        (pod(hostnam="a"), "spec.hostnam", "write hostname"),
        (edited(slice_of("web", "192.0.2.1"), addresses=[]), "addresses", "put it into endpoints"),
        (edited(slice_of("web", "192.0.2.1"), endpoint=[]), "endpoint", "write endpoints"),
        (endpoints(IP="192.0.2.1"), "subsets[0].addresses[0].IP", "write ip"),
        (endpoints(port=80), "subsets[0].addresses[0].port", "put it into "),
        (ingress({"hostname": "a.example"}), "spec.rules[0].hostname", "write host"),
        (
            ingress(backend={"serviceName": "web"}),
            "spec.rules[0].http.paths[0].backend.serviceName",
            "write service.name",
        ),
        (
            ingress(backend={"service": {"name": "web", "port": {"numer": 80}}}),
            "spec.rules[0].http.paths[0].backend.service.port.numer",
            "write number",
        ),
        (ingress(host="a.example"), "spec.host", "put it into rules"),
        (ingress(backend={}, tls=[{"host": []}]), "spec.tls[0].host", "write hosts"),
        (route(portNumber=80), "spec.rules[0].backendRefs[0].portNumber", "write port"),
        (route(version="v1beta1", servicename="a"), "spec.rules[0].backendRefs[0].servicename", "write name"),
        (route("GRPCRoute", ns="b"), "spec.rules[0].backendRefs[0].ns", ""),
        (route("TCPRoute", version="v1alpha2", filters=[]), "spec.rules[0].backendRefs[0].filters", ""),
        (config_map({}, stringData={"A": "b"}), "stringData", "write data"),
        ({**config_map({}), "metadata": {"name": "a", "lables": {}}}, "metadata.lables", "write labels"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_field_that_is_not_there_tells_the_one_that_is_meant(obj, path, advice):
    [(found, told)] = unknown(obj)
    assert dotted(found) == path
    assert told.startswith(advice)


def dotted(path):
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


@pytest.mark.parametrize(
    "obj",
    [
        service(clusterIP="None", ports=[{"port": 80, "targetPort": 8080, "appProtocol": "http", "nodePort": 0}]),
        service(selector={"clusterip": "a", "targetport": "b"}),
        deployment(pod={"dnsConfig": {"searches": [], "options": [{"name": "ndots", "value": "2"}]}}),
        deployment(pod={"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a"]}], "volumes": [{"any": {"thing": 1}}]}),
        in_container(readinessProbe={"httpGet": {"port": 80, "httpHeaders": [{"name": "Host", "value": "a"}]}}),
        in_container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
        in_container(resources={"limits": {"example.com/gpu": 1}}, **{"$patch": "replace", "(length(ports))": 1}),
        stateful(serviceName="db", ordinals={"start": 1}, volumeClaimTemplates=[{"spec": {"any": 1}}]),
        edited(service(), status={"loadBalancer": {"anything": []}}),
        slice_of("web", "192.0.2.1"),
        endpoints(hostname="a", nodeName="b", targetRef={"kind": "Pod"}),
        ingress(tls=[{"hosts": ["a.example"], "secretName": "a"}], defaultBackend={"resource": {"kind": "A"}}),
        route(weight=1, filters=[], namespace="b", kind="Service", group=""),
        config_map({"anything": "at all"}),
        # Kustomize turns this into a StatefulSet before an API server has it.
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"serviceName": "web"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": None},
        # The version before v1 had these fields.
        edited(ingress(backend={"serviceName": "web", "servicePort": 80}), apiVersion="networking.k8s.io/v1beta1"),
        edited(service(), apiVersion="example.com/v1", spec={"ports": [{"any": 1}]}),
    ],
)
def test_of_fields_that_are_there_nothing_is_said(obj):
    assert unknown(obj) == []


def test_each_level_is_told_of():
    made = deployment(pod={"dnspolicy": "None", "dnsConfig": {"search": []}}, Replicas=2)
    assert [dotted(path) for path, _ in unknown(made)] == [
        "spec.template.spec.dnspolicy",
        "spec.template.spec.dnsConfig.search",
        "spec.Replicas",
    ]


def test_a_field_of_a_newer_version_is_refused_until_then():
    made = in_container(readinessProbe={"httpGet": {"port": 80, "protocol": "HTTP2"}})
    assert unknown(made) == []
    [(path, _)] = unknown(made, until=NEW_FIELDS)
    assert path[-2:] == ("httpGet", "protocol")


@pytest.mark.parametrize("value", [None, 1, "a", ["a", None]])
def test_a_value_of_another_type_holds_no_fields(value):
    assert unknown(deployment(pod={"dnsConfig": value, "containers": value})) == []
