"""Hosts that containers are told of: what is found, who may speak, and what is left alone."""

import pytest

from k8sresolve.testing import Cluster, Inventory
from tests.testing.checks.objects import (
    APP,
    assert_only,
    config_map,
    custom,
    deployment,
    headless,
    namespace,
    only,
    service,
    slice_of,
    stateful,
    told_of,
)

ENV = "spec.template.spec.containers[0].env[0].value"
SHOP = [namespace("shop"), service(), deployment()]
REDIS = service("redis", "data", selector=None, ports=[{"name": "redis", "port": 6379}])
DATA = [namespace("data"), REDIS, deployment("redis", namespace="data")]
ALL = [*SHOP, *DATA]


def named(*objects, secrets=False, inventory=None):
    findings = Cluster.from_objects(objects, secrets=secrets).check(inventory=inventory)
    return [each for each in findings if each.rule.startswith("name-")]


def env(value, key="A_URL"):
    return told_of(env={key: value})


# Names of SRV records, with the port's name before the Service's.


@pytest.mark.parametrize("prefix", ["dnssrv+", "dnssrvnoa+", "srv://"])
@pytest.mark.parametrize("service_name", ["web", "web.shop", "web.shop.svc", "web.shop.svc.cluster.local"])
def test_a_port_is_named_as_the_service_names_it(prefix, service_name):
    assert named(*SHOP, env(f"{prefix}_http._tcp.{service_name}")) == []
    for port in ("_htpp._tcp", "_http._udp"):
        findings = named(*SHOP, env(f"{prefix}{port}.{service_name}"))
        assert_only(
            findings, "warning", ENV, "Service shop/web has no port named", "80 (http)", on="Deployment shop/app"
        )


def test_a_service_before_whose_name_a_port_stands_is_proposed_with_it():
    paying = [service("payments"), deployment()]
    for host in ("_http._tcp.paymetns", "_http._tcp.paymetns.shop:80"):
        findings = named(*paying, env(f"dnssrv+{host}"))
        assert_only(
            findings, "warning", ENV, "no Service shop/paymetns", "write _http._tcp.payments", on="Deployment shop/app"
        )


def test_of_a_port_that_is_not_there_the_only_one_of_a_like_name_is_proposed():
    store = service("store", ports=[{"name": "http-grpc", "port": 1}, {"name": "http", "port": 2}])
    [finding] = named(store, deployment(), env("dnssrv+_grpc._tcp.store"))
    assert finding.advice == "write _http-grpc._tcp, if that is meant"
    [finding] = named(store, deployment(), env("dnssrv+_web._tcp.store"))
    assert finding.advice == "correct the name"


def test_where_a_service_is_surely_missing_the_only_one_with_its_port_is_proposed_whatever_that_is():
    given = [namespace("shop"), service("prom-server-k8s", ports=[{"port": 9090}]), deployment()]
    [finding] = named(*given, env("http://server-k8s.shop.svc:9090"))
    assert finding.advice.startswith("write prom-server-k8s")
    [finding] = named(
        *given[1:], env("http://server-k8s.shop.svc:9090"), namespace("shop"), service("b", ports=[{"port": 9090}])
    )
    assert finding.advice.startswith("correct it")


# The only Service with a port that few have.

RABBIT = [service("rabbitmq", ports=[{"name": "amqp", "port": 5672}, {"name": "web", "port": 15672}]), deployment()]


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"env": {"A_URL": "amqp://rabbit:5672"}}, ENV),
        ({"env": {"A_URL": "amqp://rabbit"}}, ENV),
        ({"env": {"BROKER": "rabbit:5672"}}, ENV),
        ({"args": ["until nc -zv rabbit 5672; do sleep 1; done"]}, "spec.template.spec.containers[0].args[0]"),
    ],
)
def test_the_only_service_with_the_port_of_a_host_of_much_the_same_name(how, field):
    words = ("rabbit is no name", "no Service shop/rabbit", "write rabbitmq")
    assert_only(named(*RABBIT, told_of(**how)), "warning", field, *words, on="Deployment shop/app")


def test_in_a_config_map_that_nobody_here_takes_it_is_a_remark():
    [finding] = named(*RABBIT, config_map({"A_URL": "amqp://rabbit:5672"}))
    assert (finding.severity, finding.advice) == ("remark", "write rabbitmq, if that is meant")


@pytest.mark.parametrize(
    ("value", "others"),
    [
        ("amqp://rabbit:5673", []),
        ("amqp://broker:5672", []),
        ("amqp://rabbit:5672", [service("queue", ports=[{"port": 5672}])]),
        ("amqp://rabbit:5672", [deployment("rabbit")]),
        ("amqp://rabbit:5672", [deployment("x", labels={"app": "rabbit"})]),
        ("amqp://rabbit:5672", [custom("RabbitThing")]),
        ("amqp://rabbit.other:5672", []),
        ("http://rabbit:8080", [service("rabbit-ui", ports=[{"port": 8080}])]),
    ],
    ids=["port", "name", "one of two", "a workload", "a label", "an operator", "elsewhere", "common port"],
)
def test_a_host_that_may_be_elsewhere_is_not_taken_for_the_only_service(value, others):
    assert named(*RABBIT, *others, env(value)) == []


# What there is.


@pytest.mark.parametrize(
    "value",
    [
        "http://web",
        "http://web.shop",
        "web.shop.svc:80",
        "web.shop.svc.cluster.local.:80",
        "_http._tcp.web.shop.svc.cluster.local",
        "redis.data:6379",
        "redis://redis.data",
        "kubernetes.default.svc",
        "https://kubernetes.default",
        "http://grafana.com",
        "https://api.example.com:8443",
        "http://nobody.elsewhere",
        "web.shop.svc.other.example",
        "10-0-0-1.shop.pod.cluster.local:80",
        "http://a.b.c.shop",
    ],
)
def test_what_is_there_or_may_be_elsewhere_is_not_spoken_of(value):
    assert named(*ALL, env(value)) == []


# What there is not.


def test_a_service_that_is_not_there_is_a_warning_at_its_variable():
    findings = named(*ALL, env("http://me:pw@payments:8080/x"))
    told = "payments is no name: there is no Service shop/payments"
    assert_only(findings, "warning", ENV, told, on="Deployment shop/app")
    assert (findings[0].rule, findings[0].line) == ("name-service-missing", None)


@pytest.mark.parametrize(
    "value", ["http://nobody", "nobody.shop:80", "nobody.shop.svc", "nobody.shop.svc.cluster.local"]
)
def test_each_form_of_a_name_is_looked_up(value):
    assert [each.rule for each in named(*ALL, env(value))] == ["name-service-missing"]


def test_a_name_with_a_slip_gets_the_name_that_is_meant():
    objects = [*ALL, service("payments", selector=APP)]
    assert_only(named(*objects, env("http://payment")), "warning", ENV, "write payments,", on="Deployment shop/app")


def test_a_service_whose_name_has_more_words_is_not_proposed():
    objects = [*ALL, service("payments-ui", selector=APP)]
    [finding] = named(*objects, env("http://payments"))
    assert "payments-ui" not in finding.advice


@pytest.mark.parametrize(
    ("value", "advice"),
    [("redis:6379", "write redis.data,"), ("redis.shop.svc:6379", "write redis.data,"), ("web.data:80", "write web,")],
)
def test_of_a_service_in_another_namespace_the_name_that_works_is_told(value, advice):
    assert_only(named(*ALL, env(value)), "warning", ENV, advice, on="Deployment shop/app")
    assert named(*ALL, env(value))[0].rule == "name-namespace"


def test_a_slip_in_the_namespace_is_told_where_the_service_is_there():
    [finding] = named(*ALL, env("redis.dat:6379"))
    assert (finding.rule, finding.severity) == ("name-namespace", "warning")
    assert "no namespace dat" in finding.problem
    assert "write redis.data," in finding.advice


def test_an_advised_name_is_one_that_the_pod_finds():
    alone = told_of(
        env={"A_URL": "redis:6379"}, pod={"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.96.0.10"]}}
    )
    [finding] = named(*ALL, alone)
    assert "write redis.data.svc.cluster.local," in finding.advice


# Who may speak.


def test_a_namespace_without_its_namespace_object_does_not_speak():
    assert named(service(), deployment(), env("http://nobody")) == []
    assert named(namespace("data"), service(), deployment(), env("http://nobody")) == []


def test_a_namespace_of_which_no_service_or_no_workload_is_given_does_not_speak():
    assert named(namespace("shop"), env("http://nobody")) == []
    app = told_of(namespace="other", env={"A": "http://nobody.shop.svc"})
    assert named(namespace("shop"), service(), app) == []
    assert named(namespace("shop"), service(), deployment(), app) != []


def custom(kind, namespace):
    meta = {"name": "x", "namespace": namespace}
    return {"apiVersion": "example.com/v1", "kind": kind, "metadata": meta, "spec": {}}


@pytest.mark.parametrize(
    ("kind", "where", "speaks"),
    [
        ("Tenant", "shop", False),
        ("Tenant", "data", True),
        ("ServiceMonitor", "shop", True),
        ("Prometheus", "shop", True),
        ("HelmRelease", "data", False),
        ("Application", "argocd", False),
    ],
)
def test_a_namespace_in_which_an_operator_may_make_services_does_not_speak(kind, where, speaks):
    assert bool(named(*ALL, custom(kind, where), env("http://nobody"))) is speaks


@pytest.mark.parametrize(
    ("kind", "host", "speaks"),
    [
        ("Prometheus", "prometheus-operated", False),
        ("Prometheus", "grafana", True),
        ("Kafka", "x-kafka-bootstrap", False),
        ("Kafka", "x", False),
        ("Kafka", "xylophone", True),
    ],
)
def test_of_kinds_that_are_known_only_services_of_their_names_may_come(kind, host, speaks):
    assert bool(named(*ALL, custom(kind, "shop"), env(f"http://{host}"))) is speaks


def test_the_clusters_own_namespace_does_not_speak():
    objects = [namespace("kube-system"), service("a", "kube-system")]
    assert named(*objects, told_of(namespace="kube-system", env={"A_URL": "http://nobody"})) == []


def inventory(*namespaces, services=()):
    made = [namespace(name) for name in namespaces]
    return Inventory.from_json(Inventory.from_objects([*made, *services]).to_json())


def test_with_an_inventory_a_missing_name_is_an_error_and_what_it_has_is_found():
    known = inventory("shop", "data", services=[REDIS])
    assert named(service(), deployment(), env("redis.data:6379"), inventory=known) == []
    for value, rule in [
        ("http://nobody", "name-service-missing"),
        ("redis:6379", "name-namespace"),
        ("redis.data:1", "name-port"),
        ("redis.nowhere.svc:6379", "name-namespace"),
    ]:
        [finding] = named(service(), deployment(), env(value), inventory=known)
        assert (finding.rule, finding.severity) == (rule, "error"), value


def test_a_namespace_that_an_inventory_has_not_is_as_without():
    known = inventory("data", services=[REDIS])
    assert named(service(), deployment(), env("http://nobody"), inventory=known) == []


def test_with_an_inventory_a_host_outside_is_no_name_of_the_cluster():
    known = inventory("shop", "data", services=[REDIS])
    assert named(service(), deployment(), env("https://api.example:443"), inventory=known) == []


# Ports.


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("http://web:8080", ["no port 8080", "it has 80 (http)", "80 leads to 8080", "write port 80"]),
        ("https://web", ["no port 443"]),
        ("redis.data:6380", ["no port 6380", "write port 6379"]),
        ("redis://redis.data:80", ["no port 80"]),
        ("_grpc._tcp.web.shop.svc", ["no port named grpc with protocol TCP", "80 (http)"]),
        ("_http._udp.web.shop.svc", ["no port named http with protocol UDP"]),
    ],
)
def test_a_port_that_the_service_does_not_have_is_a_warning(value, words):
    findings = named(*ALL, env(value))
    assert_only(findings, "warning", ENV, *words, on="Deployment shop/app")
    assert findings[0].rule == "name-port"


def test_a_port_is_compared_also_where_nothing_else_is_known():
    assert [each.rule for each in named(service(), deployment(), env("http://web:8080"))] == ["name-port"]


def test_ports_of_a_headless_service_and_of_an_alias_are_left_alone():
    alias = service("alias", type="ExternalName", externalName="pg.example.com", selector=None, ports=[])
    objects = [namespace("shop"), headless("db"), stateful(serviceName="db"), alias]
    assert named(*objects, told_of(env={"A": "db:9999", "B": "db-0.db:1", "C": "alias:1", "D": "http://alias"})) == []


# Pods below a Service.


def test_a_pod_that_is_not_below_a_service_is_a_warning():
    objects = [namespace("shop"), headless("db"), stateful(serviceName="db", replicas=2)]
    assert named(*objects, told_of(env={"A": "db-1.db:8080", "B": "db-0.db.shop.svc.cluster.local"})) == []
    [finding] = named(*objects, env("mysql-0.db.shop.svc:8080"))
    assert (finding.rule, finding.severity) == ("name-endpoint", "warning")
    assert "it has db-0, db-1" in finding.problem


def scaler(kind="HorizontalPodAutoscaler", version="autoscaling/v2", of="db"):
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": of}, "maxReplicas": 9}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "shop"}, "spec": spec}


@pytest.mark.parametrize("host", ["db-2.db", "db-2.db.shop", "db-2.db.shop.svc", "db-17.db.shop.svc.cluster.local"])
def test_a_pod_beyond_the_replicas_of_its_stateful_set_is_a_warning(host):
    objects = [headless("db"), stateful(serviceName="db", replicas=2)]
    findings = named(*objects, env(f"tcp://{host}:8080"))
    assert_only(findings, "warning", ENV, "StatefulSet db has replicas: 2, db-0 to db-1", on="Deployment shop/app")
    assert findings[0].rule == "name-endpoint"


@pytest.mark.parametrize(
    ("host", "spec", "others"),
    [
        ("db-1.db", {"replicas": 2}, []),
        ("db-6.db", {"replicas": 2, "ordinals": {"start": 5}}, []),
        ("db-2.db", {"replicas": None}, []),
        ("db-2.db", {"replicas": 0}, []),
        ("db-2.db", {"replicas": 2}, [scaler()]),
        ("db-2.db", {"replicas": 2}, [scaler("ScaledObject", "keda.sh/v1alpha1")]),
        ("db-2.elsewhere", {"replicas": 2}, []),
        ("db-02.db", {"replicas": 2}, []),
        ("db-2.api", {"replicas": 2}, [namespace("api"), namespace("shop")]),
    ],
)
def test_a_pod_that_is_there_or_may_come_is_not_spoken_of(host, spec, others):
    assert named(headless("db"), stateful(serviceName="db", **spec), *others, env(f"tcp://{host}:8080")) == []


def test_an_autoscaler_of_another_set_does_not_count():
    objects = [headless("db"), stateful(serviceName="db", replicas=2), scaler(of="other")]
    assert [each.rule for each in named(*objects, env("db-2.db:8080"))] == ["name-endpoint"]


def test_before_the_first_ordinal_there_is_no_pod():
    objects = [headless("db"), stateful(serviceName="db", replicas=1, ordinals={"start": 5})]
    words = ("replicas: 1, db-5", "or spec.ordinals.start")
    assert_only(named(*objects, env("db-0.db:8080")), "warning", ENV, *words, on="Deployment shop/app")
    words = ("replicas: 1, db-5", "or spec.replicas")
    assert_only(named(*objects, env("db-6.db:8080")), "warning", ENV, *words, on="Deployment shop/app")


@pytest.mark.parametrize("host", ["db-0.dbs", "db-1.bd", "db-0.db-headless.shop.svc", "db-1.database.shop"])
def test_a_pod_of_a_stateful_set_has_a_name_below_the_sets_own_service_alone(host):
    objects = [headless("db"), service("databases", selector=APP), stateful(serviceName="db", replicas=2)]
    findings = named(*objects, env(f"tcp://{host}:8080"))
    assert_only(findings, "warning", ENV, "there is no Service", f"write {host[:4]}.db,", on="Deployment shop/app")


@pytest.mark.parametrize("host", ["db-0.read", "db-0.read.shop", "db-1.read.shop.svc.cluster.local"])
def test_below_another_service_of_the_set_its_pods_have_no_names(host):
    objects = [headless("db"), headless("read", selector={"app": "web"}), stateful(serviceName="db", replicas=2)]
    words = ("StatefulSet db has Service shop/db for the names of its pods", f"write {host[:4]}.db,")
    findings = named(*objects, env(f"tcp://{host}:8080"))
    assert_only(findings, "warning", ENV, *words, on="Deployment shop/app")
    assert findings[0].rule == "name-endpoint"


@pytest.mark.parametrize(
    "host", ["web-0.web", "web-0.web.shop", "web-1.web.shop.svc", "main.web.shop.svc.cluster.local"]
)
@pytest.mark.parametrize("made", [service(), headless()])
def test_pods_of_a_deployment_have_no_names(host, made):
    findings = named(made, deployment(), env(f"tcp://{host}:80"))
    words = ("Deployment web makes the pods of Service shop/web, which have no names there", "write web,")
    assert_only(findings, "warning", ENV, *words, on="Deployment shop/app")
    assert findings[0].rule == "name-endpoint"


@pytest.mark.parametrize(
    "others",
    [
        [service(), stateful("web", serviceName="web")],
        [service(), deployment(), stateful("other", serviceName="web")],
        [service(), deployment(pod={"hostname": "web-0", "subdomain": "web"})],
        [service(selector={"app": "elsewhere"}), deployment()],
        [service(selector=None), deployment()],
        [service(), deployment(), custom("Tenant", "shop")],
        [service(), deployment(), slice_of("web", "10.0.0.1", hostname="web-0")],
    ],
)
def test_pods_that_have_names_or_may_have_are_not_spoken_of(others):
    assert named(*others, env("tcp://web-0.web.shop.svc:80")) == []


def test_an_address_with_dashes_is_a_name_of_any_pod():
    assert named(service(), deployment(), env("tcp://10-244-0-9.web:80")) == []


@pytest.mark.parametrize("space", [[], [namespace("shop"), namespace("web")]])
@pytest.mark.parametrize("host", ["shop.web", "shop.web.svc", "shop.web.svc.cluster.local"])
def test_a_namespace_before_its_service_is_told(host, space):
    findings = named(service(), deployment(), *space, env(f"http://{host}"))
    words = ("the namespace stands before the Service, which is shop/web", "write web,")
    assert_only(findings, "warning", ENV, *words, on="Deployment shop/app")
    assert findings[0].rule == "name-namespace"


@pytest.mark.parametrize("host", ["shop.web", "shop.shop", "dev.app", "web.shop"])
def test_a_name_that_is_the_right_way_round_or_a_host_outside_is_not_taken_for_a_namespace_before_its_service(host):
    others = [service("shop", "web"), service("app", "dev"), service("shop", "shop")]
    assert named(service(), deployment(), *others, env(f"http://{host}")) == []


def test_of_two_namespaces_and_services_of_one_name_the_set_of_the_pods_own_is_meant():
    # `kafka` is a Service in streaming, and a namespace as well: DNS asks below the former first.
    objects = [namespace("db"), service("other", "db"), headless("db"), stateful(serviceName="db", replicas=2)]
    assert named(*objects, env("tcp://db-1.db:8080")) == []
    words = ("StatefulSet db has replicas: 2", "or spec.replicas")
    assert_only(named(*objects, env("tcp://db-2.db:8080")), "warning", ENV, *words, on="Deployment shop/app")


def test_a_pod_of_a_set_whose_service_is_not_given_is_not_spoken_of():
    assert named(service(), stateful(serviceName="db", replicas=2), env("tcp://db-0.dbs:8080")) == []


# Plain slips, which speak wherever Services and workloads are given.


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("http://paymnets", "payments"),
        ("http://payment:80", "payments"),
        ("http://pay-ments.shop.svc", "payments"),
        ("http://payments.billign", "payments.billing"),
        ("http://payments.billin.svc", "payments.billing"),
    ],
)
def test_a_plain_slip_is_told_without_a_namespace_object(value, meant):
    billing = [service("payments", "billing"), deployment(namespace="billing")]
    findings = named(service("payments"), deployment(), *billing, env(value))
    assert_only(findings, "warning", ENV, "is no name", f"write {meant},", on="Deployment shop/app")


@pytest.mark.parametrize("value", ["http://payments-v2", "http://payout", "http://payments.building", "http://pay"])
def test_what_is_no_plain_slip_is_not_told_without_a_namespace_object(value):
    billing = [service("payments", "billing"), deployment(namespace="billing")]
    assert named(service("payments"), service("payments-v1"), deployment(), *billing, env(value)) == []


def test_a_plain_slip_is_not_told_where_no_workload_of_the_namespace_is_given():
    asks = told_of(namespace="other", env={"A_URL": "http://paymnets.shop.svc"})
    assert named(service("payments"), asks) == []
    assert named(service("payments"), deployment(), asks) != []


def test_a_plain_slip_is_told_where_an_operator_may_make_others():
    assert named(service("payments"), deployment(), custom("Tenant", "shop"), env("http://payment")) != []
    kafka = {**custom("Kafka", "shop"), "metadata": {"name": "payment", "namespace": "shop"}}
    assert named(service("payments"), deployment(), kafka, env("http://payment")) == []


def test_an_alias_of_what_is_not_there_is_never_what_is_meant():
    alias = service(
        "payments", type="ExternalName", externalName="payment.shop.svc.cluster.local", selector=None, ports=[]
    )
    assert named(alias, deployment()) == []
    [finding] = named(*SHOP, alias)
    assert "payments," not in finding.advice


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("http://order_service:3000/", True),
        ("order_service:3000", True),
        ("http://mail_service:3000/", False),
        ("http://order_service.example_x:80", False),
    ],
)
def test_an_underscore_in_place_of_a_hyphen_is_told(value, told):
    objects = [service("order-service", ports=[{"port": 3000}]), deployment(), env(value)]
    for all_objects in (objects, [namespace("shop"), *objects]):
        findings = named(*all_objects)
        assert ["write order-service," in each.advice for each in findings] == [True] * told


# Where it is told.


def test_arguments_are_looked_up_and_told_at_their_place():
    app = told_of(args=["--redis-addr=redis", "--db-host", "nobody", "--password", "web:1", "sh -c 'curl http://none'"])
    fields = [(each.field.rpartition(".")[2], each.rule) for each in named(*ALL, app)]
    assert sorted(fields) == [
        ("args[0]", "name-namespace"),
        ("args[2]", "name-service-missing"),
        ("args[5]", "name-service-missing"),
    ]


def test_variables_are_put_in_as_the_kubelet_does():
    app = told_of(
        env={"DB_HOST": "nobody", "A": "http://$(DB_HOST):80/", "B": "http://$(LATER)/", "LATER": "none"}, args=["$(A)"]
    )
    fields = [each.field.rpartition(".")[0] or each.field for each in named(*ALL, app)]
    assert len(fields) == 3  # DB_HOST, A and the argument; LATER is not known where B stands
    app["spec"]["template"]["spec"]["containers"][0]["env"].insert(
        0, {"name": "NS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    )
    app["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "C", "value": "http://web.$(NS).svc"})
    assert len(named(*ALL, app)) == 3


SEARCH = [service("elasticsearch-logging", ports=[{"port": 9200}]), deployment()]
FORMS = ["<match **>\n  host {}\n  port {}\n</match>", "[OUTPUT]\n    Host {}\n    Port {}\n", "hosts {}:{}\n"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("host", "number", "rules"),
    [
        ("elasticsearch-logging", 9200, []),
        ("elasticsearch-loging", 9200, ["name-service-missing"]),
        ("elasticsearch-logging.shpo", 9200, ["name-namespace"]),
        ("elasticsearch-logging", 9201, ["name-port"]),
        ("elasticsearch-logging.shop.svc", 9201, ["name-port"]),
        ("another", 9200, []),
        ("logs.example.com", 9200, []),
    ],
)
def test_a_host_behind_a_blank_in_a_file(form, host, number, rules):
    conf = config_map({"output.conf": f"# It goes there.\n{form.format(host, number)}"})
    findings = named(*SEARCH, conf)
    assert [(each.rule, each.severity) for each in findings] == [(rule, "warning") for rule in rules]


@pytest.mark.parametrize("variable", ["NS", "POD_NAMESPACE", "KUBERNETES_NAMESPACE"])
@pytest.mark.parametrize(
    "source", [{"valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}, {"value": "shop"}]
)
def test_a_pods_own_namespace_is_put_in_whatever_its_variable_is_called(variable, source):
    for host, rules in [("web", []), ("wep", ["name-service-missing"])]:
        app = told_of(args=[f"--a=http://{host}.$({variable}).svc"])
        app["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": variable, **source}]
        assert [each.rule for each in named(*SHOP, app)] == rules


def test_of_the_downward_api_only_the_namespace_is_known():
    app = told_of(args=["--a=http://web.$(IT).svc"])
    node = {"name": "IT", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    app["spec"]["template"]["spec"]["containers"][0]["env"] = [node]
    assert named(*SHOP, app) == []


def test_a_config_map_is_told_of_at_its_key_under_the_name_that_a_pod_has_for_it():
    taken = {"valueFrom": {"configMapKeyRef": {"name": "conf", "key": "where"}}, "name": "DB_HOST"}
    app = told_of()
    app["spec"]["template"]["spec"]["containers"][0]["env"] = [taken]
    objects = [*ALL, config_map({"where": "nobody", "other": "nobody"})]
    assert named(*objects) == []  # nothing says that it is a host
    assert_only(named(*objects, app), "warning", "data[where]", "no Service shop/nobody", on="ConfigMap shop/conf")
    app["spec"]["template"]["spec"]["containers"][0] |= {"env": [], "envFrom": [{"configMapRef": {"name": "conf"}}]}
    assert named(*objects, app) == []
    app["spec"]["template"]["spec"]["containers"][0] |= {"args": ["http://$(where)"]}
    assert [each.field for each in named(*objects, app)] == ["spec.template.spec.containers[0].args[0]"]


def test_the_file_of_a_config_map_is_looked_up_once():
    conf = config_map({"a.conf": "proxy_pass http://nobody/;\nurl: http://nobody/\n", "b.conf": "url: http://web/"})
    mounting = told_of(pod={"volumes": [{"name": "conf", "configMap": {"name": "conf"}}]})
    assert_only(named(*ALL, conf, mounting), "warning", "data[a.conf]", "nobody", on="ConfigMap shop/conf")


def test_secrets_are_read_only_where_somebody_asks():
    secret = config_map({"URL": "aHR0cDovL25vYm9keS8="}, kind="Secret", stringData={"ADDR": "none:80"})
    assert named(*ALL, secret) == []
    fields = {each.field: each.object for each in named(*ALL, secret, secrets=True)}
    assert fields == {"data[URL]": "Secret shop/conf", "stringData[ADDR]": "Secret shop/conf"}


def test_the_example_that_knative_puts_beside_settings_is_left_alone():
    assert named(*ALL, config_map({"_example": "url: http://nobody\n"})) == []
    assert named(*ALL, config_map({"example": "url: http://nobody\n"})) != []


def test_the_nameservers_own_config_is_left_alone():
    assert (
        named(*ALL, namespace("kube-system"), config_map({"a": "http://web.data.svc"}, "coredns-custom", "kube-system"))
        == []
    )


# As that pod would.


def test_a_host_of_the_pods_own_hosts_file_is_found():
    alias = {"hostAliases": [{"ip": "192.0.2.1", "hostnames": ["nobody"]}]}
    assert named(*ALL, told_of(env={"A": "http://nobody"}, pod=alias)) == []


def test_a_pod_named_as_a_service_still_finds_the_service():
    [finding] = named(*SHOP, told_of("web", env={"A": "http://web:8080"}))
    assert finding.rule == "name-port"


NODES = "write dnsPolicy: ClusterFirstWithHostNet"


@pytest.mark.parametrize(
    ("pod", "severity", "advice"),
    [
        ({"dnsPolicy": "Default"}, "warning", "leave dnsPolicy: Default out"),
        ({"hostNetwork": True}, "warning", NODES),
        ({"hostNetwork": True, "dnsPolicy": "Default"}, "warning", NODES),
        (
            {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["169.254.20.10"]}},  # a cache on the node, maybe
            "remark",
            "nameserver and shop.svc.cluster.local in dnsConfig",
        ),
        (
            {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["8.8.8.8"]}},
            "warning",
            "nameserver and shop.svc.cluster.local in dnsConfig",
        ),
    ],
)
def test_services_that_the_pods_resolv_conf_does_not_lead_to(pod, severity, advice):
    web = "http://web.shop.svc.cluster.local"
    findings = named(*SHOP, told_of(env={"A": web, "B": web}, args=[web], pod=pod))
    field = "spec.template.spec.dnsPolicy" if severity == "warning" else ENV
    assert_only(findings, severity, field, "resolv.conf", advice, on="Deployment shop/app")


@pytest.mark.parametrize(
    "host",
    [
        *("web.shop.svc.cluster", "web.shop.svc.local", "web.shop.cluster.local"),
        *("web.shop.svc.cluster.locl", "web.shop.svc.clutser.local", "web-0.web.shop.svc.cluster"),
    ],
)
def test_a_full_name_of_which_a_part_lacks_or_is_a_slip(host):
    findings = named(*SHOP, env(f"http://{host}/"))
    whole = f"write {host.partition('.shop')[0]}.shop.svc.cluster.local"
    assert_only(findings, "warning", ENV, f"{host} is no name", "Service shop/web", whole, on="Deployment shop/app")


@pytest.mark.parametrize(
    "host",
    [
        *("web.shop.svc.clusterset.local", "web.shop.svc.other.example", "web.shop.example.com", "web.shop.local"),
        *("nobody.shop.svc.cluster", "web.elsewhere.svc.cluster", "cluster.local"),
    ],
)
def test_what_only_looks_like_one_is_no_finding(host):
    assert named(*SHOP, env(f"http://{host}/")) == []


def test_a_word_that_may_be_looked_up_otherwise_is_a_remark_there():
    findings = named(*SHOP, told_of(env={"SERVER": "web"}, pod={"hostNetwork": True}))
    assert_only(findings, "remark", ENV, "resolv.conf", NODES, on="Deployment shop/app")


def test_a_name_that_a_corefile_makes_is_found():
    corefile = (
        ".:53 {\n hosts {\n  192.0.2.7 nobody.shop.svc.cluster.local\n  fallthrough\n }\n kubernetes cluster.local\n}\n"
    )
    cluster = Cluster.from_objects([*ALL, env("http://nobody")], corefile=corefile)
    assert [each for each in cluster.check() if each.rule.startswith("name-")] == []


def test_the_cluster_domain_is_the_clusters_own():
    objects = [*ALL, told_of(env={"A": "nobody.shop.svc.k8s.example:80", "B": "nobody.shop.svc.cluster.local:80"})]
    cluster = Cluster.from_objects(objects, corefile=".:53 {\n kubernetes k8s.example\n}\n")
    assert [each.field for each in cluster.check() if each.rule.startswith("name-")] == [ENV]


def test_nothing_of_a_check_is_seen_in_the_cluster():
    cluster = Cluster.from_objects([*ALL, env("http://nobody")])
    before = cluster.clock.monotonic()
    cluster.network.drop(next=5)
    assert [each.rule for each in cluster.check() if each.rule.startswith("name-")] == ["name-service-missing"]
    assert (cluster.clock.monotonic(), len(cluster.queries)) == (before, 0)


# Hosts on the Internet.


@pytest.mark.parametrize(
    ("where", "name", "value", "severity"),
    [
        ("com", "example", "https://example.com", "warning"),
        ("com", "github", "https://api.github.com/", "warning"),
        ("example", "api", "https://api.example/", "warning"),
        ("com", "example", "http://example.com:80", None),  # of which the namespace's own remark tells
        ("com", "example", "http://example.com.svc", "other"),
        ("dev", "api", "http://api.dev:80", None),
    ],
)
def test_a_host_on_the_internet_that_a_namespace_hides_is_told(where, name, value, severity):
    hiding = service(name, where, clusterIP="None", selector=None, ports=[{"name": "a", "port": 80}])
    part = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "x", "namespace": where, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"], "hostname": "api"}],
    }
    hiding["spec"].pop("clusterIP") if name != "github" else None
    found = [(each.rule, each.severity) for each in named(*SHOP, namespace(where), hiding, part, env(value))]
    assert found == ([] if severity in (None, "other") else [("name-hidden", severity)])


# Aliases.


def alias_of(target, name="a", namespace="shop"):
    return service(name, namespace, type="ExternalName", externalName=target, selector=None, ports=[])


def looped(*objects):
    return [each for each in Cluster.from_objects(objects).check() if each.rule == "alias-loop"]


def test_an_alias_of_itself_is_a_warning():
    findings = looped(alias_of("A.shop.svc.cluster.local."))
    assert_only(findings, "warning", "spec.externalName", "shop/a leads to shop/a,", on="Service shop/a")
    both = looped(alias_of("b.data.svc.cluster.local"), alias_of("a.shop.svc.cluster.local", "b", "data"))
    assert [each.object for each in both] == ["Service shop/a", "Service data/b"]
    assert "shop/a leads to data/b leads to shop/a," in both[0].problem


@pytest.mark.parametrize(
    "target", ["a.data.svc.cluster.local", "a.shop.svc.other.example", "a.example.com", "a-0.a.shop.svc.cluster.local"]
)
def test_an_alias_of_something_else_is_none_of_itself(target):
    assert looped(alias_of(target), service("a", "data")) == []


def test_an_alias_of_a_loop_to_which_it_does_not_belong_is_no_alias_of_itself():
    loop = alias_of("b.shop.svc.cluster.local", "b")
    assert [each.object for each in looped(alias_of("b.shop.svc.cluster.local"), loop)] == ["Service shop/b"]


def test_an_alias_of_a_service_that_is_not_there_is_a_warning_with_its_full_name():
    alias = service("cache", type="ExternalName", externalName="redis.shop.svc.cluster.local", selector=None, ports=[])
    findings = named(*ALL, alias)
    assert_only(
        findings, "warning", "spec.externalName", "write redis.data.svc.cluster.local,", on="Service shop/cache"
    )
    alias["spec"]["externalName"] = "redis.data.svc.cluster.local"
    assert named(*ALL, alias) == []
    alias["spec"]["externalName"] = "pg.example.com"
    assert named(*ALL, alias) == []


@pytest.mark.parametrize(
    ("data", "rules"),
    [
        ({"a.yaml": "server: primary\nhost: here"}, []),
        ({"HOST": "primary"}, []),
        ({"DB_HOST": "primary"}, ["name-service-missing"]),
        ({"a.yaml": "x: 1\nhost: redis"}, ["name-namespace"]),
        ({"a.yaml": "x: 1\nhost: paymentss"}, ["name-service-missing"]),
        ({"a.yaml": "x: 1\nhost: nobody.shop"}, ["name-service-missing"]),
    ],
)
def test_a_word_that_need_be_no_host_is_spoken_of_where_a_service_is_meant(data, rules):
    objects = [*ALL, service("payments", selector=APP)]
    assert [each.rule for each in named(*objects, config_map(data))] == rules


# Of what a file holds, a word with a port is a host where it is a Service, or a slip for one.


@pytest.mark.parametrize(
    ("line", "rule", "word"),
    [
        ("connect=web:80", None, ""),
        ("connect=web:8080", "name-port", "write port 80"),
        ("connect=payments:80,paymnets:80", "name-service-missing", "write payments,"),
        ("server.2=db-2.db:2888:3888", "name-endpoint", "db-0 to db-1"),
        ("server.2=db-1.bd:2888:3888", "name-service-missing", "write db-1.db,"),
        ("- targets: ['web:81']", "name-port", "write port 80"),
        ("upstream app { server web:81; }", "name-port", "write port 80"),
        ("name: nobody:8080", None, ""),
        ("id=nobody.elsewhere:8080", None, ""),
        ("image: web:8080", None, ""),
    ],
)
def test_a_word_with_a_port_in_a_file(line, rule, word):
    objects = [service(), deployment(), service("payments"), headless("db"), stateful(serviceName="db", replicas=2)]
    for all_objects in (objects, [*objects, namespace("shop")]):
        findings = named(*all_objects, config_map({"a.conf": f"x\n{line}\n"}))
        assert [each.rule for each in findings] == ([rule] if rule else [])
        assert all(word in each.advice + each.problem for each in findings)


# A host and its port apart.


@pytest.mark.parametrize(
    ("variables", "fields"),
    [
        ({"DB_HOST": "redis.data", "DB_PORT": "6380"}, ["env[1]"]),
        ({"DB_PORT": "6380", "DB_HOST": "redis.data"}, ["env[0]"]),
        ({"DB_HOST": "redis.data", "DB_PORT": "6379"}, []),
        ({"DB_HOST": "redis", "DB_PORT": "6380"}, ["env[0]"]),  # of the name alone
        ({"DB_HOST": "redis.data", "OTHER_PORT": "6380"}, []),
        ({"SERVER_HOST": "web", "SERVER_PORT": "8080"}, []),  # where it listens itself
        ({"HOST": "web", "PORT": "8080"}, []),
        ({"DB_HOST": "redis.data", "DB_PORT": "x"}, []),
        ({"DB_HOST": "redis.data:6379", "DB_PORT": "6380"}, []),
    ],
)
def test_a_host_and_a_port_in_two_variables_belong_together(variables, fields):
    found = named(*ALL, told_of(env=variables))
    assert [each.field for each in found] == [f"spec.template.spec.containers[0].{field}.value" for field in fields]
    data = named(*ALL, config_map(variables))
    assert len(data) == len(found)


# Slips that a port or a key makes plain.


SQL = [{"name": "sql", "port": 5432}]


@pytest.mark.parametrize(
    ("env", "meant"),
    [
        ({"A": "postgres://u:p@dbb:5432/x"}, "db"),
        ({"A": "postgres://u:p@dbb/x"}, "db"),
        ({"A": "bd:5432"}, "db"),
        ({"A": "host=dbb user=u password=p"}, "db"),
        ({"A": "postgres://u:p@dab/x"}, "db"),
        ({"A": "postgres://u:p@user-bd/x"}, "user-db"),
        ({"DB_HOST": "dbb", "DB_PORT": "5432"}, "db"),
    ],
)
def test_a_slip_in_a_short_word_is_told_where_the_port_agrees(env, meant):
    objects = [service(meant, ports=SQL), service("api"), deployment(labels={"app": "api"})]
    findings = named(*objects, told_of(env=env))
    assert_only(findings, "warning", ENV, "is no name", f"write {meant},", on="Deployment shop/app")
    assert findings[0].rule == "name-service-missing"


@pytest.mark.parametrize(
    "env",
    [
        {"A": "postgres://u:p@dbb:5433/x"},
        {"A": "http://dbb"},
        {"A_HOST": "dbb"},
        {"A": "dba:5432"},
        {"A": "dbs:5432"},
        {"A": "d:5432"},
        {"A": "dc:5432"},
        {"A": "db1:5432"},
        {"A": "pg:5432"},
        {"A": "http://app"},
        {"A": "http://aspi"},
        {"DB_HOST": "dbb", "DB_PORT": "5433"},
        {"DB_HOST": "dbb", "OTHER_PORT": "5432"},
    ],
)
def test_short_words_that_are_merely_alike_are_not_told(env):
    objects = [service("db", ports=SQL), service("api"), deployment(labels={"app": "api"})]
    assert named(*objects, told_of(env=env)) == []


def test_a_short_word_is_no_slip_where_several_may_be_meant_or_a_workload_is_called_so():
    db, objects = service("db", ports=SQL), [deployment(labels={"app": "api"}), env("tcp://dbb:5432")]
    assert named(db, *objects) != []
    assert named(db, service("ddb", ports=SQL), *objects[1:], env("tcp://ddbb:5432")) == []
    assert named(db, *objects, deployment("dbb")) == []


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("--service", "cockroachdb-pubic", "cockroachdb-public"),
        ("--service", "cockroach-db-public", "cockroachdb-public"),
        ("-join", "other,cockroachdb-pubilc", "cockroachdb-public"),
        ("--join", "db-0.dbs,db-1.db", "db-0.db"),
        ("--join", "db-0.db,db-5.db", "StatefulSet db has replicas: 2"),
    ],
)
def test_a_flag_that_may_hold_a_services_name_is_judged_where_that_is_a_plain_slip(key, value, meant):
    objects = [service("cockroachdb-public"), headless("db"), stateful(serviceName="db", replicas=2)]
    findings = named(*objects, told_of(args=[f"{key}={value}"]))
    assert_only(findings, "warning", ENV.replace("env[0].value", "args[0]"), meant, on="Deployment shop/app")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("--service", "cockroachdb-public"),
        ("--service", "cockroachdb-private"),
        ("--service", "checkout"),
        ("--name", "cockroachdb-pubic"),
        ("--otel-service", "cockroachdb-pubic"),
        ("--join", "db-0.db,db-1.db"),
        ("--join", "http.pubic,x"),
        ("--target", "backendd"),
    ],
)
def test_a_flag_that_holds_a_services_name_or_another_is_not_spoken_of(key, value):
    workload = deployment("backendd", labels={"app": "backend"})
    objects = [namespace("shop"), service("cockroachdb-public"), headless("db"), service("backend"), workload]
    assert named(*objects, stateful(serviceName="db", replicas=2), told_of(args=[f"{key}={value}"])) == []


def test_a_key_that_says_it_holds_a_services_name_is_judged_where_that_is_a_plain_slip():
    objects = [service("calico-typha"), deployment()]
    findings = named(*objects, config_map({"typha_service_name": "calico-thypa", "OTEL_SERVICE_NAME": "calico-tpyha"}))
    words = ("there is no Service shop/calico-thypa", "write calico-typha,")
    assert_only(findings, "warning", "data[typha_service_name]", *words, on="ConfigMap shop/conf")
    for right in ("calico-typha", "typha", "calico-node"):
        assert named(namespace("shop"), *objects, config_map({"typha_service_name": right})) == []


COCKROACH = [service("cockroachdb-public", ports=[{"name": "grpc", "port": 26257}]), deployment()]
LETTERS = "write cockroachdb-public"


@pytest.mark.parametrize(
    "how",
    [
        {"args": ["--join=cockroach-public"]},
        {"args": ["--join", "cockroach-public:26257"]},
        {"command": ["sh", "-c", 'ARGS+=("--join" "cockroach-public")\nexec start "${ARGS[@]}"']},
        {"command": ["sh", "-c", "exec start --join=cockroach-public:26257 --insecure"]},
        {"command": ["sh", "-c", "exec start --join cockroachdbs-public"]},
        {"env": {"DB_HOST": "cockroach-public"}},
        {"env": {"A": "http://cockroach-public.shop.svc:26257"}},
    ],
)
def test_a_word_that_lacks_letters_of_a_services_is_a_slip_where_a_host_or_peer_stands(how):
    [finding] = named(*COCKROACH, told_of(**how))
    assert (finding.rule, finding.severity) == ("name-service-missing", "warning")
    assert LETTERS in finding.advice


@pytest.mark.parametrize(
    ("how", "others"),
    [
        ({"args": ["--join=cockroachdb-public"]}, []),
        ({"command": ["sh", "-c", 'A+=("--join" "cockroachdb-public")']}, []),
        ({"args": ["--join=cockroach-private"]}, []),
        ({"args": ["--name=cockroach-public"]}, []),
        ({"command": ["sh", "-c", "start --image=cockroach-public --name cockroach-public"]}, []),
        ({"args": ["--join=cockroach-public:8080"]}, []),
        ({"args": ["--join=cockroach-public"]}, [service("cockroachxy-public")]),
        ({"args": ["--join=cockroach-public"]}, [deployment("cockroach-public")]),
        ({"args": ["--join=cockroach-public"]}, [custom("Shop", "shop")]),
        ({"args": ["--join=cockroach-public-v2"]}, []),
        ({"env": {"DB_HOST": "db"}}, [service("dbms")]),
    ],
)
def test_a_name_with_other_letters_may_be_another(how, others):
    assert named(*COCKROACH, *others, told_of(**how)) == []


ERRORS = [service("nginx-errors"), deployment(), service("redis", "data"), deployment("redis", namespace="data")]


@pytest.mark.parametrize(
    ("value", "rule", "advice"),
    [
        ("shop/nginx-error", "name-service-missing", "write shop/nginx-errors"),
        ("$(POD_NAMESPACE)/nginx-error", "name-service-missing", "write shop/nginx-errors"),
        ("dataa/redis", "name-namespace", "write data/redis"),
    ],
)
@pytest.mark.parametrize("key", ["--default-backend-service", "--publish-service", "--backend-service-name"])
def test_a_service_is_named_behind_its_namespace(key, value, rule, advice):
    app = told_of(args=[f"{key}={value}"])
    own = {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    app["spec"]["template"]["spec"]["containers"][0]["env"] = [own]
    [finding] = named(*ERRORS, app)
    assert (finding.rule, finding.severity) == (rule, "warning")
    assert advice in finding.advice


def test_of_a_namespace_that_speaks_a_service_behind_it_is_to_be_there():
    [finding] = named(*ALL, told_of(args=["--publish-service=shop/nobody"]))
    assert (finding.rule, finding.severity) == ("name-service-missing", "warning")
    [finding] = named(*ALL, told_of(args=["--publish-service=shop/redis"]))
    assert (finding.rule, finding.advice) == ("name-namespace", "write data/redis, if that is meant")


@pytest.mark.parametrize(
    "word",
    [
        "--publish-service=shop/nginx-errors",
        "--publish-service=data/redis",
        "--publish-service=shop/another",
        "--publish-service=elsewhere/nginx-error",
        "--tcp-services-configmap=shop/nginx-error",
        "--otel-service-name=shop/nginx-error",
        "--service-account=shop/nginx-error",
        "--image=shop/nginx-error",
    ],
)
@pytest.mark.parametrize("pod", [{}, {"hostNetwork": True}], ids=["own", "node"])
def test_a_service_that_is_there_or_may_be_another_thing_is_not_spoken_of(word, pod):
    assert named(*ERRORS, told_of(args=[word], pod=pod)) == []


# Several hosts in one text.


@pytest.mark.parametrize("last", ["...3", "..3"])
def test_of_a_range_the_first_name_that_is_not_there_is_told(last):
    objects = [headless("minio"), stateful("minio", serviceName="minio", replicas=2)]
    url = "http://minio-{0%s}.minio.shop.svc.cluster.local/data{1...4}"
    told = "minio-2.minio.shop.svc.cluster.local is no name: StatefulSet minio has replicas: 2"
    assert_only(named(*objects, env(url % last)), "warning", ENV, told, on="Deployment shop/app")
    assert named(*objects, env((url % last).replace("3", "1"))) == []


@pytest.mark.parametrize(
    "value",
    [
        "host=web port=5433 user=me password=planted dbname=x",
        "Server=web,5433;Database=x;User Id=me;Password=planted",
        "web:5433,password=planted,abortConnect=false",
        "me:planted@tcp(web:5433)/x?parseTime=true",
    ],
)
def test_the_hosts_of_connection_strings_are_looked_up_and_nothing_of_them_is_shown(value):
    findings = named(*SHOP, env(value, "DATABASE"))
    assert_only(findings, "warning", ENV, "web is Service shop/web, which has no port 5433", on="Deployment shop/app")
    assert "planted" not in str(findings[0])
    assert named(*SHOP, env(value.replace("5433", "80"), "DATABASE")) == []


# Annotations.


def ingress(key, value, namespace="shop"):
    meta = {"name": "front", "namespace": namespace, "annotations": {key: value}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": {}}


AUTH = "nginx.ingress.kubernetes.io/auth-url"
SNIPPET = "nginx.ingress.kubernetes.io/configuration-snippet"


@pytest.mark.parametrize(
    ("key", "value", "rule", "words"),
    [
        (AUTH, "http://paymnets.shop.svc.cluster.local/login", "name-service-missing", "write payments.shop,"),
        (AUTH, "http://paymnets.shop/login", "name-service-missing", "write payments.shop,"),
        (AUTH, "http://payments.shop:81/login", "name-port", "no port 81"),
        (SNIPPET, "set $x 1;\nproxy_pass http://paymnets.shop:80/;", "name-service-missing", "write payments.shop,"),
        ("example.com/anything", "paymnets.shop.svc", "name-service-missing", "write payments.shop,"),
        ("example.com/anything", "http://payments.shop.svc:81", "name-port", "no port 81"),
    ],
)
def test_services_that_annotations_name_are_looked_up(key, value, rule, words):
    findings = named(service("payments"), deployment(), ingress(key, value))
    assert_only(findings, "warning", f"metadata.annotations[{key}]", words, on="Ingress shop/front")
    assert findings[0].rule == rule


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (AUTH, "http://payments.shop.svc.cluster.local/login"),
        (AUTH, "http://payments/login"),
        (AUTH, "https://$host/oauth2/auth"),
        (AUTH, "https://auth.example.com"),
        ("nginx.ingress.kubernetes.io/app-root", "/paymnets.shop"),
        ("nginx.ingress.kubernetes.io/permanent-redirect", "http://paymnets.shop"),
        ("example.com/description", "asks http://paymnets.shop.svc"),
        ("external-dns.alpha.kubernetes.io/hostname", "paymnets.shop.svc.cluster.local"),
        ("cert-manager.io/alt-names", "paymnets.shop.svc"),
        ("consul.hashicorp.com/mesh-service-destinations", "http.payments.shop.svc:81"),
        ("kubectl.kubernetes.io/last-applied-configuration", "http://paymnets.shop.svc"),
        ("prometheus.io/path", "paymnets"),
    ],
)
def test_annotations_that_name_what_is_there_or_no_service_are_not_spoken_of(key, value):
    assert named(service("payments"), deployment(), ingress(key, value)) == []


def test_annotations_of_pods_are_told_once_at_the_template():
    template = deployment("other", labels={"app": "other"})
    template["spec"]["template"]["metadata"]["annotations"] = {"a/b": "http://payments.shop.svc:81"}
    field = "spec.template.metadata.annotations[a/b]"
    findings = named(service("payments"), deployment(), template)
    assert_only(findings, "warning", field, "no port 81", on="Deployment shop/other")


def test_what_probes_and_hooks_run_is_looked_up():
    run = {"exec": {"command": ["curl", "http://web:81/"]}}
    objects = [*SHOP, told_of(livenessProbe=run, lifecycle={"preStop": run})]
    fields = {finding.field.partition("containers[0].")[2] for finding in named(*objects)}
    assert fields == {"livenessProbe.exec.command[1]", "lifecycle.preStop.exec.command[1]"}


def test_what_the_pods_of_a_cron_job_are_told_is_looked_up():
    containers = [{"name": "main", "env": [{"name": "A", "value": "http://web:81"}]}]
    template = {"metadata": {"labels": {"app": "job"}}, "spec": {"containers": containers}}
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
    job = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "job", "namespace": "shop"}, "spec": spec}
    [finding] = named(*SHOP, job)
    assert (finding.object, finding.rule) == ("CronJob shop/job", "name-port")


def test_what_shells_and_clients_ask_is_looked_up():
    waits = "until nc -z payments 81; do sleep 1; done"
    objects = [service("payments"), deployment()]
    [finding] = named(*objects, told_of(args=[waits]))
    assert finding.rule == "name-port"
    [finding] = named(*objects, told_of(args=["-h", "paymnets"]))
    assert (finding.rule, finding.field.endswith("args[1]")) == ("name-service-missing", True)
    assert named(*objects, told_of(args=["-h", "payments"]), told_of("b", args=["-h", "folder"])) == []


@pytest.mark.parametrize(
    ("host", "severity"),
    [
        ("web", "remark"),
        ("web.shop", "remark"),
        ("web.shop.svc.cluster.local", "warning"),
        ("nobody", None),
        ("api.example.com", None),
        ("127.0.0.1", None),
        ("localhost", None),
    ],
)
def test_a_probes_host_is_looked_up_by_the_kubelet(host, severity):
    findings = named(*SHOP, told_of(readinessProbe={"httpGet": {"host": host, "port": 80}}))
    assert [each.severity for each in findings] == ([severity] if severity else [])
    for finding in findings:
        assert (finding.rule, finding.field.endswith("readinessProbe.httpGet.host")) == ("name-not-searched", True)


@pytest.mark.parametrize(("space", "slip"), [("dtaa", True), ("elsewhere", False), ("date", False)])
def test_of_an_alias_into_a_namespace_that_is_not_there_a_plain_slip_is_told(space, slip):
    target = f"redis.{space}.svc.cluster.local"
    alias = service("cache", type="ExternalName", externalName=target, selector=None, ports=[])
    assert bool(named(*ALL, alias)) is slip


@pytest.mark.parametrize("behind", ["svc", "svc.cluster.local"])
def test_a_services_full_name_without_its_namespace_is_told(behind):
    objects = [service("payments"), deployment(), env(f"http://payments.{behind}:80")]
    words = (f"payments.{behind} is no name", "Service shop/payments lacks before svc", "write payments,")
    assert_only(named(*objects), "warning", ENV, *words, on="Deployment shop/app")
    assert named(*objects[:2], env(f"http://other.{behind}:80")) == []


def test_a_namespace_may_be_called_svc():
    objects = [namespace("svc"), service("payments", namespace="svc"), service("payments"), deployment()]
    assert named(*objects, env("http://payments.svc:80")) == []


@pytest.mark.parametrize(("replicas", "told"), [(1, 0), (2, 1)])
def test_the_name_of_the_only_pod_of_a_set_is_in_its_own_hosts_file(replicas, told):
    db = told_of("db", env={"SEED_HOSTS": "db-0"})
    db |= {"kind": "StatefulSet", "spec": {**db["spec"], "serviceName": "db", "replicas": replicas}}
    assert len(named(namespace("shop"), headless("db"), service("web"), deployment(), db)) == told


def test_names_in_a_certificate_are_not_asked_for():
    names = told_of(args=["--webhook-dns-names=payments,payments.shop,payments.shop.svc"])
    assert named(namespace("shop"), service("web"), deployment(), names) == []


# The DNS specification for Kubernetes, section 2.4.1: names of endpoints are of headless Services.
@pytest.mark.parametrize("host", ["db-0.db", "db-1.db.shop", "db-0.db.shop.svc.cluster.local"])
def test_a_pod_of_a_stateful_set_below_a_service_that_is_not_headless(host):
    objects = [stateful(serviceName="db", replicas=2), env(f"tcp://{host}:80")]
    findings = Cluster.from_objects([service("db"), *objects]).check()
    mentioned = [each for each in findings if each.object == "Deployment shop/app"]
    assert_only(mentioned, "remark", ENV, f"{host} is", "Service shop/db", "not headless", on="Deployment shop/app")
    assert [
        each for each in Cluster.from_objects([headless("db"), *objects]).check() if each.severity != "remark"
    ] == []
    alone = Cluster.from_objects([service("db"), objects[0], env("tcp://db:80")]).check()
    assert [each.severity for each in alone if each.rule == "pod-names-not-headless"] == ["remark"]


# What tells nothing of the pod's own resolv.conf, or of a host at all.


def test_a_service_in_a_namespace_that_is_not_given_is_no_fault_of_the_search_list():
    load = told_of(env={"A": "http://web.shop.svc.cluster.local"})
    assert named(namespace("other"), service(), deployment(), load) == []
    # The node's resolv.conf does not lead to it all the same.
    node = told_of(env={"A": "http://web.shop.svc.cluster.local"}, pod={"dnsPolicy": "Default"})
    assert [each.rule for each in named(namespace("shop"), service(), deployment(), node)] == ["name-not-searched"]


@pytest.mark.parametrize("host", ["kafka-bootstrap.web:9092", "web.web:9092", "main.web"])
def test_a_service_in_a_namespace_that_is_named_as_a_service_here_is_none_of_its_pods(host):
    assert named(service(), deployment(), env(f"http://{host}")) == []
    assert [each.rule for each in named(service(), deployment(), env("http://web-0.web"))] == ["name-endpoint"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("TIMEOUT_SERVER", each) for each in ("50s", "1h30m", "250ms", "web", "10")],
        *[("A_SERVER", each) for each in ("60s", "10k", "1.5Gi", "check", "on", "auto", "true", "512MB")],
        *[("MAX_CONN_PER_SERVER", "10k"), ("USE_SERVER", "first"), ("SERVER_MODE_HOST", "primary")],
        *[("A_HOST", each) for each in ("set-me", "change-me", "replaceme")],
    ],
)
def test_a_setting_is_no_host(key, value):
    flag = key.lower().replace("_", "-")
    told = told_of(env={key: value}, args=[f"--{flag}={value}", f"--{flag}", value])
    assert named(*SHOP, told, config_map({flag: value})) == []


def test_a_word_behind_the_same_key_that_is_no_setting_is_a_host():
    assert [each.rule for each in named(*SHOP, env("nobody", "A_SERVER"))] == ["name-service-missing"]


@pytest.mark.parametrize(
    "command",
    [
        "nslookup web.shop.svc.cluster.local 127.0.0.1 >/dev/null",
        "dig +short @169.254.20.10 web.shop.svc.cluster.local",
        "dig web.shop.svc.cluster.local @10.96.0.10",
        "host web.shop.svc.cluster.local 10.96.0.10",
    ],
)
def test_a_command_that_names_its_nameserver_does_not_ask_the_pods(command):
    assert named(*SHOP, told_of(args=[f"-cmd={command}"], pod={"dnsPolicy": "Default"})) == []
    asked = command.replace(" 127.0.0.1", "").replace("@169.254.20.10", "").replace("@10.96.0.10", "")
    findings = named(*SHOP, told_of(args=[f"-cmd={asked.removesuffix(' 10.96.0.10')}"], pod={"dnsPolicy": "Default"}))
    assert [each.rule for each in findings] == ["name-not-searched"]


@pytest.mark.parametrize(
    ("nameserver", "severity"), [("8.8.8.8", "warning"), ("111.222.123.234", "remark"), ("10.1.2.3", "remark")]
)
def test_beside_the_clusters_search_domains_only_a_public_nameserver_is_surely_none_of_it(nameserver, severity):
    config = {"nameservers": [nameserver], "searches": ["shop.svc.cluster.local", "svc.cluster.local"]}
    findings = named(*SHOP, told_of(env={"A": "http://web"}, pod={"dnsPolicy": "None", "dnsConfig": config}))
    advice = "list the cluster's nameserver in dnsConfig"
    field = "spec.template.spec.dnsPolicy" if severity == "warning" else ENV
    assert_only(findings, severity, field, advice, on="Deployment shop/app")


# Who reads it, or what becomes of it, is not known.


@pytest.mark.parametrize(("taken", "severity"), [(True, "warning"), (False, "remark")])
def test_a_config_map_that_no_pod_takes_may_hold_defaults_for_pods_elsewhere(taken, severity):
    config = config_map({"logger": '{"image": "a", "defaultUrl": "http://broker"}', "slip": "http://wbe:80"})
    volumes = [{"name": "c", "configMap": {"name": "conf"}}] if taken else []
    findings = named(
        *SHOP, service("payments"), config_map({"a": "http://paymnets"}, "b"), config, told_of(pod={"volumes": volumes})
    )
    by_field = {(each.object, each.field): each.severity for each in findings}
    assert by_field["ConfigMap shop/conf", "data[logger]"] == severity
    assert by_field["ConfigMap shop/b", "data[a]"] == "warning"


@pytest.mark.parametrize(
    ("script", "severity"),
    [
        ('sed -i "s/^server/#server/" /etc/zoo.properties', "remark"),
        ('sed -i "s/a/b/" /etc/other.properties', "warning"),
        ("cat /etc/zoo.properties", "warning"),
    ],
)
def test_a_file_that_a_script_beside_it_rewrites_may_name_other_pods(script, severity):
    data = {"init.sh": f"#!/bin/sh\n{script}\n", "zoo.properties": "server.1=db-0.db:2888\nserver.2=db-5.db:2888\n"}
    pod = {"volumes": [{"name": "c", "configMap": {"name": "conf"}}]}
    zoo = stateful(serviceName="db", replicas=2, pod=pod)
    findings = named(headless("db"), zoo, config_map(data))
    assert_only(findings, severity, "data[zoo.properties]", "db-5.db", on="ConfigMap shop/conf")


def test_one_service_that_lacks_is_told_once_for_all_pods_of_a_list():
    hosts = ",".join(f"db-{place}.db-headless.shop.svc.cluster.local" for place in range(3))
    [finding] = named(*SHOP, env(f"mongodb://{hosts}"))
    assert "db-0.db-headless" in finding.problem


@pytest.mark.parametrize("name", ["my-release-mongodb", "release-name-redis"])
def test_the_release_of_a_documentation_may_be_any(name):
    findings = named(*SHOP, env(f"http://{name}.shop.svc"))
    assert_only(findings, "remark", ENV, f"there is no Service shop/{name}", on="Deployment shop/app")


def test_a_service_with_ports_for_metrics_alone_may_not_be_what_is_meant():
    metrics = service("web", ports=[{"name": "http-metrics", "port": 3200}])
    findings = named(metrics, deployment(), env("http://web"))
    assert_only(findings, "remark", ENV, "has no port 80", "port and the Service", on="Deployment shop/app")


def test_beside_what_could_not_be_read_a_missing_name_is_a_remark():
    unfilled = service("$NAME")
    findings = named(*SHOP, unfilled, env("http://nobody"))
    assert_only(findings, "remark", ENV, "there is no Service shop/nobody", on="Deployment shop/app")


def test_a_service_that_is_only_somewhat_alike_is_not_proposed():
    [finding] = named(*SHOP, service("cartservice"), env("adservice:9555", "AD_SERVICE_ADDR"))
    assert "cartservice" not in finding.advice


def test_a_service_in_a_namespace_that_is_not_given_is_to_be_put_where_a_name_has_it():
    lost = service("api", "shopp", selector={"app": "api"})
    finding = only(named(*SHOP, lost, env("http://api.shop")))
    assert (finding.rule, finding.field) == ("name-namespace", ENV)
    assert finding.advice == "put that Service into namespace shop, as shopp is not among the manifests"
    given = only(named(*SHOP, lost, namespace("shopp"), env("http://api.shop")))
    assert given.advice.startswith("write api.shopp")


@pytest.mark.parametrize(
    ("name", "labels", "severity"),
    [
        ("x-controller-manager", {"app": "x"}, "remark"),
        ("x-operator", {"app": "x"}, "remark"),
        ("x", {"control-plane": "x"}, "remark"),
        ("x", {"app": "x"}, "warning"),
    ],
)
def test_what_a_controller_takes_may_be_for_the_pods_that_it_makes(name, labels, severity):
    pod = {"volumes": [{"name": "c", "configMap": {"name": "conf"}}]}
    config = config_map({"config.yaml": "endpoint: http://collector:4317\n"})
    findings = named(*SHOP, config, deployment(name, labels=labels, pod=pod))
    assert_only(findings, severity, "data[config.yaml]", "collector", on="ConfigMap shop/conf")


def test_a_mirror_that_linkerd_makes_of_a_service_elsewhere_may_be_there():
    own = service("db")
    assert [each.rule for each in named(*SHOP, own, env("http://db-target.shop.svc"))] == ["name-service-missing"]
    own["metadata"]["labels"] = {"mirror.linkerd.io/exported": "true"}
    assert named(*SHOP, own, env("http://db-target.shop.svc")) == []
