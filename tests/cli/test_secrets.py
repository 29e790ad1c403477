"""No value of a Secret, a variable or an argument is in what `check` writes: of a URL, only host and port."""

import base64
import json
import re

import pytest

from k8sresolve.cli.findings import FORMS

PASSWORD = "hunter2x"
NUMBER = "54329"  # one that could be taken for a port
META = {"name": "web", "namespace": "shop"}
LABELS = {"app": "web"}

# Each with a host that is not there, so that there is something to tell.
PLACES = [
    f"http://user:{PASSWORD}@nobody/",
    f"http://{PASSWORD}@nobody/",
    f"http://nobody/{PASSWORD}?token={PASSWORD}#{PASSWORD}",
    f"http://nobody?next=http://{PASSWORD}/",
    f"postgres://user:{NUMBER}/{PASSWORD}@nobody/db",
    f"postgres://user:{NUMBER}#{PASSWORD}@nobody/db",
    f"postgres://user:{PASSWORD}@nobody:{PASSWORD}/db",
    f"redis://:{PASSWORD}@nobody:6379,nobody2:6379",
    f"amqp://u:{PASSWORD}@@nobody",
    f"amqp://u:{PASSWORD}/nobody",
    f'http://u:{PASSWORD}"@nobody',
    f"http://u:{PASSWORD}'@nobody",
    f"u:{PASSWORD}@nobody.shop.svc:80",
    f"host=nobody.shop.svc password={PASSWORD} port=80",
    f"Server=nobody.shop.svc;Password={PASSWORD}.shop.svc",
    f"://{PASSWORD}@nobody",
    f"{PASSWORD}://nobody",
    f"http://u:p@{PASSWORD}/x@nobody:99",
    f"http://u:p@{PASSWORD}?x@nobody:99",
    f"http://u:p@{PASSWORD}#x@nobody:99",
]
# Keys that say by themselves that what they hold is secret.
KEYS = [
    *(
        "PGPASSWORD",
        "DBPASS",
        "MYAPP_DBPASSWORD",
        "TRUSTSTOREPASSWORD",
        "REQUIREPASS",
        "DB_PW",
        "CREDS",
        "HTPASSWD",
        "COOKIE",
    ),
    *(
        "AUTHORIZATION",
        "X_BEARER",
        "JWT",
        "SASL_JAAS",
        "OTP",
        "PIN",
        "SALT",
        "PASSCODE",
        "GITHUB_PAT",
        "SSHKEY",
        "SIGNATURE",
    ),
]
FLAGS = ["--userpassword", "--dbpassword", "--clientsecret", "--apitoken", "-Dpassword", "-u", "-a", "-p", "-U"]
FILES = [
    f"password: |\n  {PASSWORD}.shop.svc\n  http://{PASSWORD}\nurl: http://nobody\n",
    f"<a>\n<password>\n http://{PASSWORD}</password>\n</a>\n",
    f"[secrets]\nhttp://{PASSWORD}/x\nurl = http://{PASSWORD}\n[other]\n",
    f"-----BEGIN PRIVATE KEY-----\nhttp://{PASSWORD}/\n-----END PRIVATE KEY-----\n",
]


def deployment(env, args):
    container = {"name": "main", "image": "a", "env": env, "args": args}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": META, "spec": spec}


def planted():
    encoded = {f"k{index}.conf": base64.b64encode(text.encode()).decode() for index, text in enumerate(PLACES)}
    encoded["DB_PASSWORD"] = base64.b64encode(f"{PASSWORD}:6379".encode()).decode()
    encoded["broken"] = PASSWORD
    variables = [{"name": f"V{index}_URL", "value": text} for index, text in enumerate(PLACES)]
    variables += [
        {"name": "DB_PASSWORD", "value": f"{PASSWORD}:6379"},
        {"name": "API_TOKEN", "value": f"{PASSWORD}.shop.svc"},
        {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "web", "key": "DB_PASSWORD"}}},
        {"name": "MADE_URL", "value": "http://u:$(DB_PASSWORD)@nobody:80/"},
        {"name": "MADE_TOO", "value": "http://u:$(FROM)@nobody:80/"},
    ]
    variables += [{"name": key, "value": f"{PASSWORD}:6379"} for key in KEYS]
    variables += [
        {"name": "TAKEN_HOST", "valueFrom": {"secretKeyRef": {"name": "stated", "key": "password"}}},
        {"name": "MADE_OF_IT", "value": "http://$(TAKEN_HOST)/"},
    ]
    args = [word for flag in FLAGS for word in (flag, f"{PASSWORD}:6379")]
    args += [*PLACES, f"--url={PLACES[0]}", "--password", f"{PASSWORD}:6379", f"--password={PASSWORD}.shop.svc"]
    args.append("\n".join(PLACES))
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": META,
            "spec": {"selector": LABELS, "ports": [{"port": 80}]},
        },
        {"apiVersion": "v1", "kind": "Secret", "metadata": META, "data": encoded},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "stated", "namespace": "shop"},
            "stringData": {"a.conf": "\n".join(PLACES), "URL": PLACES[0], "password": f"{PASSWORD}:6379"},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": META,
            "data": {
                "a.yaml": "\n".join(f"url: {text}" for text in PLACES),
                "U": PLACES[0],
                **{f"file{index}": text for index, text in enumerate(FILES)},
                **dict.fromkeys(KEYS, f"{PASSWORD}:6379"),
            },
        },
        deployment(variables, args),
    ]


@pytest.fixture
def manifests(tmp_path):
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": planted()}))
    return path


@pytest.mark.parametrize("secrets", [(), ("--secrets",)])
def test_no_form_of_findings_has_a_value(run, manifests, tmp_path, secrets):
    forms = [word for form in FORMS for word in ("-o", f"{form}={tmp_path / form}")]
    ran = run("check", str(manifests), *secrets, *forms, "--fail-on", "warning")
    written = {form: (tmp_path / form).read_text() for form in FORMS}
    assert ran.status == 1
    for form, text in {**written, "out": ran.out, "err": ran.err}.items():
        assert PASSWORD not in text, form
        # A finding's fingerprint, of letters and digits, may have it by chance.
        assert not re.search(rf"(?<![0-9a-f]){NUMBER}(?![0-9a-f])", text), form
    told = json.loads(written["json"])["check"]
    found = {each["object"] for each in told if each["rule"] == "name-service-missing"}
    assert found >= {"Deployment shop/web", "ConfigMap shop/web"}
    assert ({"Secret shop/web", "Secret shop/stated"} <= found) is bool(secrets)


@pytest.mark.parametrize(
    "text",
    [
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{p: {PASSWORD}: x}}\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {PASSWORD}\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: [{PASSWORD}]\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  p: *{PASSWORD}\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  p: !{PASSWORD} x\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  p: !!int {PASSWORD}\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  p: !!float {PASSWORD}\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  p: !!bool {PASSWORD}\n",
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  p: !!{PASSWORD} x\n",
        f'apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  p: "{PASSWORD}\\q"\n',
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n p: a\n\t{PASSWORD}: x\n",
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, env: {PASSWORD}}}]}}\n",
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, args: {PASSWORD}}}]}}\n",
    ],
)
def test_no_error_has_a_value(run, tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    for secrets in ((), ("--secrets",)):
        ran = run("check", str(path), *secrets)
        assert PASSWORD not in ran.out + ran.err
