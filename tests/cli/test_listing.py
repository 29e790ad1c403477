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
    assert [line.split()[0] for line in lines[1:-1]] == [
        "data/cassandra",
        "default/kubernetes",
        "kube-system/kube-dns",
        "shop/billing",
        "shop/payments",
        "shop/web",
    ]


def test_an_address_that_no_manifest_states_is_marked(offline, run, tmp_path):
    lines = offline("svc", "-A").out.splitlines()
    assert [line.split()[2] for line in lines if "*" in line[1:]] == ["10.96.0.1*"]  # of default/kubernetes
    assert lines[-1] == "* made up here: no manifest states this address"
    spec = {"ports": [{"port": 80}], "clusterIP": "10.96.7.7", "ipFamilyPolicy": "RequireDualStack"}
    two = {"ipFamilies": ["IPv4", "IPv6"], **spec}
    objects = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
        for name, spec in (
            ("both", two),
            ("free", {"ports": [{"port": 80}]}),
            ("stated", {**spec, "clusterIP": "10.96.7.8"}),
        )
    ]
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    told = {one["name"]: one for one in run("svc", "-f", str(file), "--json").json["services"]}
    assert told["free"]["made_up"] == told["free"]["cluster_ips"]
    assert told["both"]["made_up"] == told["both"]["cluster_ips"][1:]
    assert len(told["both"]["made_up"]) == 1
    # Of several addresses the second is made up here, which the short table does not show.
    shown = run("svc", "-f", str(file)).out
    assert "10.96.7.7  " in shown
    assert "10.96.7.7*" not in shown
    assert f"10.96.7.7,{told['both']['made_up'][0]}*" in run("svc", "-f", str(file), "-o", "wide").out


def test_where_no_address_is_made_up_nothing_is_said_of_it(offline):
    assert "made up" not in offline("svc", "-o", "wide").out


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
                "made_up": [],
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
