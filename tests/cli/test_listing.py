"""`service` without a name."""

import json


def test_the_services_of_a_namespace_are_listed(offline):
    assert offline("service").out.splitlines() == [
        "NAME      TYPE          CLUSTER-IP  EXTERNAL-IP      PORT(S)",
        "billing   ExternalName  -           api.example.com  -",
        "payments  ClusterIP     10.96.20.1  -                80/TCP,9090/TCP",
        "web       ClusterIP     10.96.20.2  -                443/TCP",
    ]
    assert "web       ClusterIP     10.96.20.2,fd00:10:96::20:2  -" in offline("service", "-o", "wide").out


def test_those_of_all_namespaces_have_theirs(offline):
    lines = offline("svc", "-A").out.splitlines()
    assert lines[0].split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)"]
    assert [line.split()[0] for line in lines[1:]] == [
        "data/cassandra",
        "default/kubernetes",
        "kube-system/kube-dns",
        "shop/billing",
        "shop/payments",
        "shop/web",
    ]


def test_names_can_be_asked_about(offline):
    names = offline("svc", "-A", "-o", "name").out.split()
    assert names[0] == "data/cassandra"
    assert offline("svc", *names[:1]).status == 0


def test_as_json_a_service_has_its_fields(offline):
    told = offline("svc", "-n", "data", "--json").json
    assert told == {
        "services": [
            {
                "namespace": "data",
                "name": "cassandra",
                "type": "ClusterIP",
                "cluster_ips": ["None"],
                "external_name": None,
                "external_ips": [],
                "ports": [{"name": "cql", "port": 9042, "protocol": "TCP"}],
            }
        ]
    }


def test_where_there_is_none_that_is_said(offline, run, tmp_path):
    assert offline("svc", "-n", "other").out == "No Services found in other namespace.\n"
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}))
    assert run("svc", "-f", str(file), "-n", "a").out == "No Services found in a namespace.\n"


def test_dns_lists_none(run):
    ran = run("service")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("k8sresolve: DNS lists no Services; name one, or give manifests (-f, -k)")


def test_one_of_a_name_and_all_is_given(offline):
    assert offline("svc", "-A", "payments").status == 2
