"""`check`: text, JSON, exit status."""

import json

import pytest

META = {"name": "payments", "namespace": "shop"}
LABELS = {"app": "payments"}


@pytest.fixture
def check(run, tmp_path):
    """Check a Service `payments` with this targetPort, over a workload that declares these container ports."""

    def call(target, ports, *argv):
        spec = {"selector": LABELS, "ports": [{"name": "http", "port": 80, "targetPort": target}]}
        template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "main", "ports": ports}]}}
        items = [
            {"apiVersion": "v1", "kind": "Service", "metadata": META, "spec": spec},
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": META,
                "spec": {"selector": {"matchLabels": LABELS}, "template": template},
            },
        ]
        path = tmp_path / "manifests.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        ran = run("check", str(path), *argv)
        return ran._replace(out=ran.out.replace(str(path), "FILE"))

    return call


def test_where_all_fits_there_is_nothing_to_improve(check):
    assert check(8080, [{"containerPort": 8080}]) == (0, "all Services: nothing to improve\n", "")
    assert check(8080, [{"containerPort": 8080}], "--service", "payments.shop") == (
        0,
        "payments.shop: nothing to improve\n",
        "",
    )


@pytest.mark.parametrize(
    ("target", "ports", "status", "severity"),
    [
        (8080, [], 0, "remark"),
        (8433, [{"containerPort": 8443}], 0, "warning"),
        ("http", [{"containerPort": 9090, "name": "web"}], 0, "warning"),
    ],
)
def test_each_finding_is_a_row(check, target, ports, status, severity):
    ran = check(target, ports, "--service", "shop/payments")
    header, row, blank, total = ran.out.splitlines()
    assert header.split() == ["SEVERITY", "RULE", "PLACE", "OBJECT", "FIELD", "FINDING"]
    assert row.startswith(severity)
    assert "FILE:1  " in row
    assert "  Service shop/payments  spec.ports[0].targetPort  " in row
    assert "Deployment payments" in row
    assert (blank, total, ran.status, ran.err) == ("", f"shop/payments: 1 {severity}", status, "")


def test_what_the_api_server_refuses_is_an_error(check):
    ran = check("8080", [{"containerPort": 8080}])
    assert (ran.status, ran.out.splitlines()[1].split()[0]) == (1, "error")


def test_as_json_each_finding_has_its_fields(check):
    ran = check("http", [{"containerPort": 9090, "name": "web"}], "--json")
    [finding] = ran.json["check"]
    assert (ran.status, set(finding)) == (
        0,
        {"rule", "severity", "source", "line", "object", "field", "problem", "advice"},
    )
    assert finding["severity"] == "warning"
    assert (finding["rule"], finding["source"], finding["line"]) == ("target-port-name", "FILE", 1)
    assert finding["object"] == "Service shop/payments"
    assert finding["field"] == "spec.ports[0].targetPort"
    assert finding["advice"] == "set targetPort: web, or give a container's port the name 'http'"


def test_nothing_is_an_empty_list_in_json(check):
    assert check(8080, [{"containerPort": 8080}], "--json").json == {"check": []}


def test_a_short_name_takes_the_namespace_option(check):
    assert check(8080, [{"containerPort": 8080}], "--service", "payments", "--namespace", "shop").status == 0


def test_a_service_that_there_is_not_is_status_1(check):
    ran = check(8080, [], "--service", "paymints.shop")
    told = "k8sresolve: paymints.shop: there is no Service shop/paymints; the nearest: shop/payments\n"
    assert ran == (1, "", told)


@pytest.mark.parametrize("name", ["a b", "shop/payments/http", "payments.shop.pod"])
def test_what_names_no_service_is_status_2(check, name):
    ran = check(8080, [], "--service", name)
    assert (ran.status, ran.out) == (2, "")


def test_it_needs_manifests(run):
    ran = run("check", "--service", "payments.shop")
    assert (ran.status, ran.out) == (2, "")
    assert "give PATH, as `k8sresolve check deploy/`, or -k DIR" in ran.err


def test_a_manifest_that_cannot_be_used_is_status_2(run, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text('{"kind": "Service"}')
    ran = run("check", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert "metadata.name: no name" in ran.err


def test_the_cluster_domain_is_that_of_full_names(offline):
    argv = ("check", "--service", "payments.shop.svc.k8s.corp.example")
    assert offline(*argv, "--cluster-domain", "k8s.corp.example").status == 0
    assert offline(*argv).status == 1


def test_paths_add_up_with_those_of_the_common_options(run, tmp_path):
    paths = []
    for name in ("a", "b", "c"):
        path = tmp_path / f"{name}.json"
        spec = {"type": "ExternalName", "externalName": "192.0.2.7"}
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}))
        paths.append(str(path))
    ran = run("-f", paths[0], "check", "-f", paths[1], paths[2], "--json")
    assert {finding["object"] for finding in ran.json["check"]} == {f"Service default/{name}" for name in "abc"}


def test_the_help_documents_the_exit_status(run):
    assert "0 where nothing is found that --fail-on names, 1 where something is" in " ".join(
        run("check", "--help").out.split()
    )
    assert "lint, check: errors (--fail-on)" in run("--help").out


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: None, selector: {app: web}}\n"
BAD = "apiVersion: v1\nkind: Service\nmetadata:\n  name: [\n"


def test_one_bad_file_does_not_hide_the_others(run, tmp_path):
    (tmp_path / "a.yaml").write_text(BAD)
    (tmp_path / "b.yaml").write_text(SERVICE)
    (tmp_path / "c.yaml").write_text("- no\n- object\n")
    ran = run("check", str(tmp_path), "--json")
    first, second = ran.json["check"]
    assert (ran.status, first["rule"], first["severity"]) == (1, "manifest", "error")
    assert (first["source"], first["line"]) == (str(tmp_path / "a.yaml"), 5)
    assert first["problem"].startswith("not YAML")
    assert (second["rule"], second["source"]) == ("selector-no-pods", str(tmp_path / "b.yaml"))
    assert run("check", str(tmp_path), "--fail-on", "never").status == 0


def test_where_nothing_can_be_read_there_is_nothing_to_tell(run, tmp_path):
    (tmp_path / "a.yaml").write_text(BAD)
    assert run("check", str(tmp_path))[:2] == (2, "")
    (tmp_path / "b.yaml").write_text(SERVICE)
    assert run("check", str(tmp_path / "missing"), str(tmp_path))[:2] == (2, "")
    assert run("-f", str(tmp_path), "service", "web").status == 2


def test_the_files_of_a_kustomization_or_a_chart_are_not_read_as_they_stand(run, tmp_path):
    for folder in ("base", "chart/templates", "own"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "web.yaml").write_text(SERVICE)
    (tmp_path / "base/kustomization.yaml").write_text("resources: [web.yaml]\n")
    (tmp_path / "chart/Chart.yaml").write_text("name: web\nversion: 1.0.0\n")
    ran = run("check", "-R", str(tmp_path), "--json")
    told = {finding["source"].removeprefix(f"{tmp_path}/"): finding["rule"] for finding in ran.json["check"]}
    assert told == {
        "base/kustomization.yaml": "manifest",
        "chart/Chart.yaml": "manifest",
        "own/web.yaml": "selector-no-pods",
    }
    assert f"helm template {tmp_path}/chart | k8sresolve check -f -" in ran.out
    assert run("check", str(tmp_path / "base"))[:2] == (2, "")


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "github", "gitlab"])
def test_where_nothing_can_be_read_each_form_says_why(run, tmp_path, form):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(BAD)
    out = tmp_path / "report"
    ran = run("check", str(tmp_path), "-o", f"{form}={out}")
    assert (ran.status, ran.out) == (2, "")
    assert [word for word in ("a.yaml", "b.yaml", "manifest", "not YAML") if word not in out.read_text()] == []
    missing = run("check", str(tmp_path / "c.yaml"), "-o", form)
    assert missing.status == 2
    assert [word for word in ("c.yaml", "manifest", "cannot be read") if word not in missing.out] == []


COREFILE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  Corefile: |
    .:53 {
      kubernets cluster.local
    }
"""


def test_a_corefile_that_is_refused_hides_nothing_else(run, tmp_path):
    (tmp_path / "dns.yaml").write_text(COREFILE)
    (tmp_path / "web.yaml").write_text(SERVICE)
    ran = run("check", str(tmp_path), "--json")
    first, second = ran.json["check"]
    assert (ran.status, first["rule"], first["severity"], first["line"]) == (1, "corefile-refused", "error", 7)
    assert (second["rule"], second["object"]) == ("selector-no-pods", "Service default/web")
    assert run("-f", str(tmp_path), "service", "web").status == 2
