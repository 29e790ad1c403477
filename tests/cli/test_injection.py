"""F11: whatever comes from manifests, Corefiles, packets, resolv.conf and the environment is printed escaped.

A CI log takes a line that begins with `::error` for an order, a terminal one with an escape; a reader is misled by
writing that runs the other way. Each way out is walked with texts that try all three.
"""

import ast
import json
import logging
import os
import pickle
import re
from pathlib import Path

import dns.message
import pytest

import k8sresolve
from k8sresolve import Resolver, ResolverConfig, lint_resolv_conf, parse_resolv_conf
from k8sresolve.attempts import Attempt
from k8sresolve.cli import serving
from k8sresolve.cli.main import main
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import (
    BadResponse,
    ConfigError,
    Error,
    ManifestError,
    ResolveError,
)
from k8sresolve.testing import Cluster

ORDER = "\n::error file=x,line=1::forged"
HOSTILE = f"x{ORDER}\r\x1b[2K\x9b2J\x07\u202e\u2066\u200b\u2028\x7f\x85"
# A label has 63 octets, and a packet's name no NUL and no lone surrogate; what is in no name may have them.
LABEL = "x\n::error::y\r\x1b[2K\u202e\u2066\x9b"
WORST = f"{HOSTILE}\0\ud800"
PTR = r"\010::error::\027[2K\226\128\174.evil.example."


def clean(text, *, lines=True):
    """That a text is printable but for the ends of lines of its own, none of which begins an order."""
    for line in text.split("\n") if lines else [text]:
        assert line.isprintable(), ascii(line)
        assert not line.startswith("::")
    return text


def obj(kind, group="v1", name=LABEL, **fields):
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


POD = {"containers": [{"name": WORST, "ports": [{"name": "other\n::error::z", "containerPort": 80}]}]}
TEMPLATE = {"metadata": {"labels": {"app": WORST}}, "spec": {**POD, "subdomain": LABEL}}
PORTS = [{"name": LABEL, "port": 80, "targetPort": WORST}, {"port": 81}]
MANIFEST = [
    obj("Service", spec={"selector": {"app": WORST, WORST: WORST}, "ports": PORTS}),
    obj("Service", name=f"e{LABEL}", spec={"type": "ExternalName", "externalName": f"{LABEL}.example", "ports": PORTS}),
    obj("Service", name="headless", spec={"clusterIP": "None", "selector": {"app": WORST}, "ports": PORTS[:1]}),
    obj("Deployment", "apps/v1", spec={"replicas": 1, "template": TEMPLATE}),
    obj("StatefulSet", "apps/v1", name=f"s{LABEL}", spec={"serviceName": LABEL, "template": TEMPLATE}),
    obj("Pod", spec=POD),
    obj(HOSTILE, HOSTILE, WORST),
    {**obj("Namespace"), "metadata": {"name": LABEL}},
]
RESOLV_CONF = (
    "nameserver 10.96.0.10\n"
    f"nameserver \x1b[2K{HOSTILE}\n"
    f"search \x1b[2J.example a\u202e.example shop.svc.cluster.local\n"
    "options \x1b[2K ndots:\x9b timeout:\u202e\n"
    f"\x1b[2Kword {HOSTILE}\n"
).encode()
COREFILE = f'. {{\n errors\n dnssec "x{HOSTILE}"\n whoami\n log "{HOSTILE}"\n kubernetes cluster.local\n}}\n'


def given(text):
    """Give this as paths and variables do, whether or not the locale can write it."""
    return os.fsdecode(text.encode())


@pytest.fixture
def hostile(tmp_path):
    """Hostile files, by what they are."""
    files = {"manifests": tmp_path / given("a\x1b[2K\u202e.json"), "resolv_conf": tmp_path / "resolv\x1b[2K.conf"}
    files["manifests"].write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": MANIFEST}), "utf-8")
    files["resolv_conf"].write_bytes(RESOLV_CONF)
    files["corefile"] = tmp_path / "Corefile\x1b[2K"
    files["corefile"].write_text(COREFILE, "utf-8")
    return {name: str(path) for name, path in files.items()}


@pytest.fixture
def nameserver():
    """A nameserver on loopback whose records are hostile."""
    zones = {
        "in-addr.arpa.": f"@ 5 IN SOA a. b. 1 1 1 1 1\n7.0.0.10 5 IN PTR {PTR}\n",
        "example.": f'@ 5 IN SOA a. b. 1 1 1 1 1\nalias 5 IN CNAME {PTR}\ntext 5 IN TXT "\\010::error::\\027"\n',
        "svc.cluster.local.": f"@ 5 IN SOA a. b. 1 1 1 1 1\n_h._tcp.a.b 5 IN SRV 0 1 80 {PTR}\n",
        "evil.example.": f"@ 5 IN SOA a. b. 1 1 1 1 1\n{PTR} 5 IN A 10.0.0.7\n",
    }
    corefile = ". {\n forward . 192.0.2.1\n}\n"
    with Cluster.from_objects([], corefile=corefile, upstream=zones).serve() as server:
        yield str(server.nameserver)


COMMANDS = {
    "check": ["check", "--namespace", "shop"],
    "check for CI": ["check", "--namespace", "shop", "-o", "sarif"],
    "check for tests": ["check", "--namespace", "shop", "-o", "junit"],
    "check for GitLab": ["check", "--namespace", "shop", "-o", "gitlab"],
    "check for later": ["check", "--namespace", "shop", "-o", "baseline"],
    "no path": ["check", HOSTILE],
    "no form": ["check", "-o", HOSTILE],
    "no file": ["check", "-o", f"json=/nowhere/{HOSTILE}"],
    "no baseline": ["check", "--baseline", HOSTILE],
    "no settings": ["check", "--config", HOSTILE],
    "check one": ["check", "--service", "headless", "--namespace", "shop"],
    "check none": ["check", "--service", LABEL],
    "service": ["service", "headless.shop"],
    "no service": ["service", HOSTILE],
    "port": ["port", "headless.shop", HOSTILE],
    "ports": ["ports", "headless.shop"],
    "endpoints": ["endpoints", "headless.shop"],
    "addresses": ["addresses", HOSTILE],
    "reverse": ["reverse", "10.244.0.3"],
    "no reverse": ["reverse", HOSTILE],
    "pod": ["pod", "10.244.0.3", "--namespace", "shop"],
    "candidates": ["candidates", "a"],
    "explain": ["explain", "a"],
    "no command": [HOSTILE],
    "no option": ["service", "a", f"--{HOSTILE}"],
    "no policy": ["service", "a", "--policy", HOSTILE],
    "no family": ["service", "a", "--family", HOSTILE],
    "no seconds": ["service", "a", "--timeout", HOSTILE],
    "no namespace": ["service", "a", "--namespace", HOSTILE],
    "no domain": ["service", "a", "--cluster-domain", HOSTILE],
    "no variable": ["service", "a", "--env", HOSTILE],
    "no policies": ["explain", "a", "--compare", HOSTILE],
    "no address": ["serve", "--listen", HOSTILE],
    "no fault": ["serve", "--fault", HOSTILE],
    "no corefile": ["serve", "--corefile", HOSTILE],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_f11_a_hostile_manifest_in_every_command(hostile, capsys, caplog, command, form):
    caplog.set_level(logging.DEBUG)
    main(["--manifests", hostile["manifests"], *(["--json"] if form == "json" else []), *COMMANDS[command]])
    told = capsys.readouterr()
    assert clean(told.out + told.err)
    for record in caplog.records:
        clean(record.getMessage(), lines=False)
    if command == "check":
        assert told.out.count("forged") > 2, "what is escaped is told"


@pytest.mark.parametrize("command", [["check", "-n", "shop", "--manifests"], ["lint", "--resolv-conf"]])
def test_f11_what_is_for_github_is_one_order_for_each_finding(hostile, capsys, command):
    given = [*command, hostile["manifests" if command[0] == "check" else "resolv_conf"]]
    main([*given, "-o", "github"])
    lines = capsys.readouterr().out.removesuffix("\n").split("\n")
    main([*given, "--json"])
    found = json.loads(capsys.readouterr().out)[command[0]]
    assert len(lines) == len(found) > 3
    for line, finding in zip(lines, found, strict=True):
        assert line.isprintable(), ascii(line)
        severity = "notice" if finding["severity"] == "remark" else finding["severity"]
        head = re.fullmatch("::([a-z]+) (.*?)::.*", line)
        assert head[1] == severity
        assert [pair.split("=")[0] for pair in head[2].split(",")] in (["file", "line", "title"], ["file", "title"])
        assert head[2].endswith(f"title={finding['rule']}")


@pytest.mark.parametrize("command", [["candidates", "a"], ["explain", "a"], ["addresses", "a"], ["lint"]])
@pytest.mark.parametrize("policy", ["kubernetes", "glibc", "musl", "go"])
def test_f11_a_hostile_resolv_conf(hostile, capsys, caplog, command, policy):
    caplog.set_level(logging.DEBUG)
    more = ["--nameserver", "127.0.0.1:9", "--timeout", "0.2"] if command[0] != "lint" else []
    main([*command, "--resolv-conf", hostile["resolv_conf"], "--policy", policy, *more])
    told = capsys.readouterr()
    assert clean(told.out + told.err)
    for record in caplog.records:
        clean(record.getMessage(), lines=False)


@pytest.mark.parametrize(
    "command",
    [
        ["reverse", "10.0.0.7"],
        ["addresses", "alias.example."],
        ["explain", "alias.example."],
        ["port", "a.b", "h"],
        ["endpoints", "a.b", "h"],
        ["service", "a.b", "--port", "h"],
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_f11_a_hostile_packet(nameserver, capsys, caplog, command, form):
    caplog.set_level(logging.DEBUG)
    main(["--nameserver", nameserver, "--family", "ipv4", *(["--json"] if form == "json" else []), *command])
    told = capsys.readouterr()
    assert clean(told.out + told.err)
    for record in caplog.records:
        clean(record.getMessage(), lines=False)


def test_f11_a_hostile_packets_text(nameserver):
    with Resolver(ResolverConfig(nameservers=[nameserver])) as resolver:
        assert resolver.lookup("text.example.", "TXT").records == (r'"\010::error::\027"',)
        for call in (lambda: resolver.reverse("10.0.0.7"), lambda: resolver.port("a.b.svc.cluster.local", "h")):
            with pytest.raises(BadResponse, match="no record has a name that a host can have") as caught:
                call()
            clean(str(caught.value), lines=False)


def test_f11_a_hostile_corefile_is_named_in_warnings_log_and_errors(caplog):
    cluster = Cluster.from_objects([], corefile=COREFILE)
    assert len(cluster.warnings) == 2  # by the plugins' own names
    for text in (*cluster.warnings, *(record.getMessage() for record in caplog.records)):
        clean(text, lines=False)
    no_pattern = HOSTILE.replace("[", "")
    for wrong in (
        f'. {{\n "x{HOSTILE}" {{\n }}\n}}\n',
        f'. {{\n kubernetes cluster.local {{\n  "o{HOSTILE}"\n }}\n}}\n',
        f'"{HOSTILE}" {{\n',
        f'. {{\n import "{no_pattern}"\n}}',
        f'. {{\n cache {{\n  success "{HOSTILE}"\n }}\n}}',
    ):
        with pytest.raises(ManifestError) as caught:
            Cluster.from_objects([], corefile=wrong)
        clean(str(caught.value), lines=False)


def test_f11_a_hostile_environment(monkeypatch, capsys, hostile):
    monkeypatch.setenv("LOCALDOMAIN", given(f"\x1b[2K{HOSTILE} b\u202e.example"))
    monkeypatch.setenv("RES_OPTIONS", given(f"\x1b[2K{HOSTILE} ndots:\u202e"))
    monkeypatch.setenv("COLUMNS", given(HOSTILE))
    for command in (["lint"], ["candidates", "a"], ["explain", "a", "--timeout", "0.2"]):
        main([*command, "--resolv-conf", hostile["resolv_conf"]])
        told = capsys.readouterr()
        assert clean(told.out + told.err)


def test_f11_findings_and_errors_are_one_line_each_as_text():
    findings = (
        *lint_resolv_conf(RESOLV_CONF, source=HOSTILE),
        *parse_resolv_conf(RESOLV_CONF, source=HOSTILE).diagnostics,
    )
    assert findings
    for finding in (*findings, *Cluster.from_objects(MANIFEST).check()):
        clean(str(finding), lines=False)
    attempt = Attempt(HOSTILE, "A", HOSTILE, "udp", HOSTILE, 1.0)
    for error in (
        *(kind(HOSTILE, HOSTILE, attempts=(attempt,), advice=HOSTILE) for kind in below(ResolveError)),
        ConfigError(HOSTILE, advice=HOSTILE),
        ManifestError(HOSTILE, file=HOSTILE, object=HOSTILE, field=HOSTILE),
        *(kind(HOSTILE) for kind in Error.__subclasses__() if not kind.__name__.startswith("_")),
    ):
        assert "forged" in clean(str(error), lines=False)
        assert "forged" in clean(str(pickle.loads(pickle.dumps(error))), lines=False)


def below(kind):
    return [each for kind in kind.__subclasses__() for each in (kind, *below(kind))]


def query(name):
    """A query whose name has these labels, in octets."""
    wire = dns.message.make_query("a.", "A").to_wire()
    return wire[:12] + b"".join(bytes([len(label)]) + label for label in name) + b"\0" + wire[-4:]


ASKED = query([b"\n::error::", b"\x1b[2K\r", "\u202e\u2066".encode(), b"shop", b"svc", b"cluster", b"local"])


@pytest.mark.parametrize("show", [serving._print_json, serving._Table], ids=["json", "table"])
def test_f11_a_hostile_question_in_what_serve_shows(show, capsys):
    cluster = Cluster.from_objects(MANIFEST, built_ins=False)
    cluster.network.receive(ASKED, "udp", nameserver="10.96.0.10", client="127.0.0.1", flow=("udp", "127.0.0.1", 1))
    for service in cluster.store.all("Service"):
        labels = [service.name.encode(), b"shop", b"svc", b"cluster", b"local"]
        cluster.network.receive(
            query(labels), "udp", nameserver="10.96.0.10", client="127.0.0.1", flow=("udp", "127.0.0.1", 1)
        )
    assert len(cluster.queries) == 4
    write = serving._Table(Screen()) if show is serving._Table else show
    for each in cluster.queries:
        write(each)
        clean(str(each), lines=False)
        for line in each.records:
            clean(line, lines=False)
    clean(capsys.readouterr().out)
    clean(str(cluster.queries))
    clean(repr(cluster.queries.asked()), lines=False)


def called(path):
    """The names of all that a module calls."""
    tree = ast.parse(path.read_bytes())
    return {
        ast.unparse(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }


def test_f11_nothing_is_written_past_the_escapes():
    """What writes for people stands in few places: a new one has to go through the helper, and onto this list."""
    root = Path(k8sresolve.__file__).parent
    modules = {str(path.relative_to(root)): called(path) for path in root.rglob("*.py")}
    assert {name for name, calls in modules.items() if "print" in calls} == {
        "cli/failing.py",
        "cli/forms.py",
        "cli/serving.py",
    }
    assert not any(calls & {"sys.stdout.write", "sys.stderr.write"} for calls in modules.values())
    loggers = {name for name, calls in modules.items() if "logging.getLogger" in calls}
    assert loggers == {"_log.py"}
