"""Try k8sresolve in your cluster: `python verify.py [--context CONTEXT]`. It takes five minutes and prints a report.

It makes a namespace of its own with a few Services and pods, asks their names there, watches a roll-out, and deletes
the namespace, also when it is interrupted. Needed are kubectl, Python 3.11 and pip,
and in the cluster nothing but two images.
"""

import argparse
import base64
import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(__file__).with_name("in_pod.py")
LABEL = {"app.kubernetes.io/managed-by": "k8sresolve-verify"}
REPLICAS = 3
NOBODY = 65534
PART = 700_000  # octets: a ConfigMap takes 1 MiB
LIBCS = {"glibc": ("questions", "getaddrinfo", "doctor", "watch"), "musl": ("getaddrinfo",)}
STUCK = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError")
IDLE = "import signal; signal.signal(15, lambda *_: exit()); signal.pause()"
DNS_PODS = (("kube-system", "k8s-app=kube-dns"), ("openshift-dns", "dns.operator.openshift.io/daemonset-dns=default"))
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POD_SECONDS, JOB_SECONDS = 300.0, 600.0  # a cluster may have to get nodes first


class Failed(Exception):
    """It could not be tried."""


class Kubectl:
    """Runs kubectl, with the context given, in one namespace."""

    def __init__(self, context, namespace):
        self._command = ["kubectl", *(["--context", context] if context else []), "--namespace", namespace]

    def __call__(self, *words, given=None, check=True):
        command = [*self._command, *words]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise Failed(f"kubectl {' '.join(words[:3])}: {done.stderr.strip()}")
        return done.stdout if done.returncode == 0 else ""

    def create(self, *objects):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self("create", "--filename", "-", given=text)

    def get(self, *words):
        return json.loads(self("get", *words, "--output", "json"))["items"]


# What is made.


def made(kind, name, version="v1", labels=LABEL, **rest):
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": dict(labels)}, **rest}


def namespace(name):
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    return made("Namespace", name, labels={**LABEL, **restricted})


def pod(image, command, user, volumes=(), mounts=()):
    """Make a pod's spec that every cluster takes: it has no privilege, no token, and a root that cannot be written."""
    confined = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "main",
        "image": image,
        "command": ["python", *command],
        "env": [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}],
        "securityContext": confined,
        "resources": {
            "requests": {"cpu": "20m", "memory": "48Mi"},
            "limits": {"cpu": "1", "memory": "256Mi"},
        },
        "volumeMounts": list(mounts),
    }
    return {
        "automountServiceAccountToken": False,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
            **({} if user is None else {"runAsUser": user, "runAsGroup": user}),
        },
        "containers": [container],
        "volumes": list(volumes),
    }


def service(name, selector, *ports, **spec):
    listed = [
        {"name": port, "port": number, "targetPort": target, "protocol": protocol}
        for port, number, target, protocol in ports
    ]
    chosen = {"selector": {"app": selector}} if selector else {}
    return made("Service", name, spec={**chosen, **({"ports": listed} if listed else {}), **spec})


def workload(kind, name, replicas, image, user, **spec):
    template = {"metadata": {"labels": {**LABEL, "app": name}}, "spec": pod(image, ["-c", IDLE], user)}
    chosen = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return made(kind, name, "apps/v1", spec={**chosen, **spec})


def world(name, domain, image, user):
    """Make the Services that are asked for, one of each kind."""
    http, sql = ("http", 80, 8080, "TCP"), ("sql", 5432, 5432, "TCP")
    return [
        workload("Deployment", "web", REPLICAS, image, user, minReadySeconds=5),
        workload("StatefulSet", "db", 2, image, user, serviceName="db", podManagementPolicy="Parallel"),
        service("web", "web", http, ("stats", 8125, 8125, "UDP")),
        service("peers", "web", http, clusterIP="None"),
        service("db", "db", sql, clusterIP="None"),
        service("idle", "nothing", http),
        service("asleep", "nothing", http, clusterIP="None"),
        service("alias", None, type="ExternalName", externalName=f"web.{name}.svc.{domain}"),
    ]


def config_map(name, **data):
    return made("ConfigMap", name, **data)


def wheel_maps(wheels):
    """Put the wheels into ConfigMaps: pods need no way to PyPI then."""
    parts = [
        (f"{wheel.name}.{number:03}", octets[at : at + PART])
        for wheel in wheels
        for octets in [wheel.read_bytes()]
        for number, at in enumerate(range(0, len(octets), PART))
    ]
    return [
        config_map(f"wheels-{number}", binaryData={key: base64.b64encode(part).decode()})
        for number, (key, part) in enumerate(parts)
    ]


def job(libc, image, user, wheels):
    """Make the Job that does its parts on this C library."""
    maps = [{"configMap": {"name": name}} for name in wheels]
    volumes = [
        {"name": "program", "configMap": {"name": "program"}},
        {"name": "given", "configMap": {"name": "given"}},
        {"name": "wheels", "projected": {"sources": maps}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    mounts = [
        *({"name": name, "mountPath": f"/verify/{name}", "readOnly": True} for name in ("program", "given", "wheels")),
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir
    ]
    spec = pod(image, ["/verify/program/in_pod.py", *LIBCS[libc]], user, volumes, mounts)
    template = {"metadata": {"labels": {**LABEL, "app": libc}}, "spec": {**spec, "restartPolicy": "Never"}}
    return made(
        "Job",
        libc,
        "batch/v1",
        spec={"backoffLimit": 0, "activeDeadlineSeconds": int(JOB_SECONDS), "template": template},
    )


# What is done.


def wheels_of(source, folder):
    """Have pip make or fetch the wheels of k8sresolve and what it needs."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(folder), source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"pip wheel {source}: {done.stderr.strip()[-500:]}")
    wheels = sorted(folder.glob("*.whl"))
    foreign = [wheel.name for wheel in wheels if not wheel.name.endswith("-none-any.whl")]
    if foreign:
        raise Failed(f"not for every machine: {', '.join(foreign)}")
    return wheels


def wait(what, done, seconds):
    """Wait until `done()` is true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds:.0f} s")
        time.sleep(2)
    return found


def stuck(kubectl):
    """Raise for a pod that will never start, in the kubelet's words."""
    for thing in kubectl.get("pods"):
        for container in thing.get("status", {}).get("containerStatuses", ()):
            waiting = container.get("state", {}).get("waiting", {})
            if waiting.get("reason") in STUCK:
                name = thing["metadata"]["name"]
                raise Failed(f"pod {name}: {waiting['reason']}: {waiting.get('message', '')}")


def addresses(pods, app):
    """Tell the addresses of an app's pods that are ready and stay."""
    found = set()
    for thing in pods:
        conditions = {one["type"]: one["status"] for one in thing["status"].get("conditions", ())}
        stays = "deletionTimestamp" not in thing["metadata"] and conditions.get("Ready") == "True"
        if thing["metadata"]["labels"].get("app") == app and stays:
            found.add(thing["status"]["podIP"])
    return found


def ready(kubectl):
    """Tell whether pods are ready and the EndpointSlices know it."""
    stuck(kubectl)
    pods = kubectl.get("pods")
    wanted = {"peers": addresses(pods, "web"), "db": addresses(pods, "db")}
    listed = {name: set() for name in wanted}
    for thing in kubectl.get("endpointslices"):
        name = thing["metadata"]["labels"]["kubernetes.io/service-name"]
        for one in thing.get("endpoints") or ():
            if name in listed and one["conditions"].get("ready"):
                listed[name] |= set(one["addresses"])
    return [len(found) for found in wanted.values()] == [REPLICAS, 2] and listed == wanted


def found_by(kubectl, libc):
    """Read what a Job's pod has told so far."""
    found = []
    for line in kubectl("logs", f"job/{libc}", check=False).splitlines():
        with contextlib.suppress(ValueError):  # the last one may be cut
            found.append(json.loads(line))
    return [one for one in found if isinstance(one, dict) and "part" in one]


def told(kubectl, libc, part):
    """Wait until a Job's pod has told a part; return all that it told."""

    def there():
        stuck(kubectl)
        found = found_by(kubectl, libc)
        if any(one["part"] == part for one in found):
            return found
        status = json.loads(kubectl("get", "job", libc, "--output", "json")).get("status", {})
        if status.get("failed"):
            raise Failed(f"job {libc} failed: {kubectl('logs', f'job/{libc}', check=False).strip()[-800:]}")
        return None

    return wait(f"job {libc}", there, JOB_SECONDS)


def facts(kubectl):
    """Tell the versions, as far as one may read them; of images the last part, as registries have names."""
    server = json.loads(kubectl("version", "--output", "json", check=False) or "{}").get("serverVersion", {})
    images = set()
    for place, label in DNS_PODS:
        path = "jsonpath={.items[*].spec.containers[*].image}"
        text = kubectl("get", "pods", "--namespace", place, "--selector", label, "--output", path, check=False)
        images |= {image.rpartition("/")[2].partition("@")[0] for image in text.split()}
    return {"server": server.get("gitVersion", "unknown"), "images": sorted(images)}


def warnings(kubectl):
    """Tell what the cluster said of why something does not start."""
    columns = "custom-columns=:.involvedObject.kind,:.involvedObject.name,:.message"
    text = kubectl("get", "events", "--field-selector", "type=Warning", "--output", columns, check=False)
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))[-5:]


def say(text):
    print(f"verify: {text}", file=sys.stderr, flush=True)


def verify(kubectl, name, args, wheels):
    """Do all of it in a namespace that is there; return what was found."""
    api = kubectl("api-versions")
    user = None if "security.openshift.io" in api else NOBODY  # OpenShift gives each namespace users of its own
    say("makes Services and pods")
    maps = wheel_maps(wheels)
    for thing in maps:
        kubectl.create(thing)
    kubectl.create(config_map("program", data={PROGRAM.name: PROGRAM.read_text()}))
    kubectl.create(*world(name, args.cluster_domain, args.image, user))
    wait("pods", lambda: ready(kubectl), POD_SECONDS)
    before = kubectl.get("pods")
    objects = [namespace(name), *kubectl.get("services"), *kubectl.get("endpointslices"), *before]
    given = {"namespace": name, "objects": objects, "replicas": REPLICAS}
    kubectl.create(config_map("given", data={"given.json": json.dumps(given)}))
    names = [thing["metadata"]["name"] for thing in maps]
    say("asks, in the cluster")
    kubectl.create(job("musl", args.musl_image, user, names))
    found = {"musl": told(kubectl, "musl", "end")}
    kubectl.create(job("glibc", args.image, user, names))
    told(kubectl, "glibc", "watching")
    say("rolls out, and watches")
    kubectl("rollout", "restart", "deployment/web")
    kubectl("rollout", "status", "deployment/web", f"--timeout={POD_SECONDS:.0f}s")
    found["glibc"] = told(kubectl, "glibc", "end")
    after = kubectl.get("pods")
    pods = {"before": sorted(addresses(before, "web")), "after": sorted(addresses(after, "web"))}
    return {"facts": facts(kubectl), "pods": pods, **found}


# What is said.


def of(found, part):
    return [one for one in found if one["part"] == part]


def roll_out_faults(found, pods):
    """Say what the watch missed of a roll-out."""
    changes, watching = of(found, "change"), of(found, "watching")
    if not changes or not watching:
        return ["the watch told nothing"]
    old, new = set(pods["before"]), set(pods["after"])
    added = {address for change in changes for address in change["added"]}
    removed = {address for change in changes for address in change["removed"]}
    faults = [
        (set(watching[0]["addresses"]) != old, "it did not begin with the pods that were there"),
        (not new <= added, f"never added: {', '.join(sorted(new - added))}"),
        (not (old - new) <= removed, f"never removed: {', '.join(sorted(old - new - removed))}"),
        (set(changes[-1]["current"]) != new, "it did not end with the pods that are there"),
        (any(not change["current"] for change in changes), "for a while it knew no pod"),
    ]
    return [text for wrong, text in faults if wrong]


def cell(text):
    return str(text).replace("|", "\\|")


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def report(found):
    """Write the report, and say whether all is as it should be."""
    glibc, musl, pods = found["glibc"], found["musl"], found["pods"]
    machine = of(glibc, "machine")[0]
    questions = of(glibc, "question")
    differ = [one for one in questions if one["expected"] != one["got"]]
    walks = of(glibc, "getaddrinfo") + of(musl, "getaddrinfo")
    astray = [one for one in walks if not one["agrees"]]
    faults = roll_out_faults(glibc, pods)
    doctors = of(glibc, "doctor")
    changes = of(glibc, "change")
    libcs = sorted({one["libc"] for one in walks})
    verdicts = [
        f"{len(questions) - len(differ)} of {len(questions)} answers are CoreDNS's",
        f"{len(walks) - len(astray)} of {len(walks)} calls of getaddrinfo are as the C library's ({', '.join(libcs)})",
        "the watch lost nothing in the roll-out" if not faults else "the watch: " + "; ".join(faults),
    ]
    asked = sum(one["questions"] for one in walks)
    parts = [
        "# k8sresolve, tried in a cluster",
        "\n".join(f"- {verdict}" for verdict in verdicts),
        table(
            ["what", "found"],
            [
                ["k8sresolve", f"{machine['k8sresolve']} on Python {machine['python']}, {machine['libc']}"],
                ["Kubernetes", found["facts"]["server"]],
                ["images of the DNS pods", ", ".join(found["facts"]["images"]) or "not to be seen"],
                ["nameservers", ", ".join(machine["nameservers"])],
                ["search", " ".join(machine["search"])],
                ["ndots", machine["ndots"]],
                ["CoreDNS's `pods`", of(glibc, "found")[0]["pods"]],
            ],
        ),
        "## Answers that differ",
        table(
            ["question", "CoreDNS answers", "got"],
            [
                ["`" + " ".join(one["question"]) + "`", "; ".join(one["expected"]), "; ".join(one["got"])]
                for one in differ
            ],
        )
        if differ
        else f"None of {len(questions)}.",
        "## getaddrinfo",
        table(
            ["libc", "name", "the C library's", "ours", "our questions"],
            [
                [one["libc"], f"`{one['name']}`", *map(shown, (one["theirs"], one["ours"])), one["questions"]]
                for one in walks
            ],
        ),
        f"{asked} questions for {len(walks)} names; {len(astray)} calls came to something else.",
        "## Roll-out",
        table(
            ["second", "added", "removed", "there"],
            [[one["seconds"], *(" ".join(one[kind]) for kind in ("added", "removed", "current"))] for one in changes],
        ),
        f"Pods before: {' '.join(pods['before'])}; after: {' '.join(pods['after'])}.",
        "## k8sresolve doctor",
        *(doctor_text(one) for one in doctors),
    ]
    return "\n\n".join(parts) + "\n", not (differ or astray or faults)


def shown(outcome):
    return outcome.get("error") or " ".join(outcome["addresses"])


def doctor_text(one):
    if one["output"] is None:
        return f"It ended with status {one['status']}: {one['error']}"
    return f"Status {one['status']}.\n\n```json\n{json.dumps(one['output'], indent=1)}\n```"


def arguments(words):
    parser = argparse.ArgumentParser(prog="verify.py", description=__doc__)
    parser.add_argument("--context", help="of your kubeconfig; else the current one")
    parser.add_argument("--package", default="k8sresolve", help="what pip installs: a version, a wheel, a checkout")
    parser.add_argument("--image", default="python:3.13-slim", help="with Python 3.11 or later on glibc")
    parser.add_argument("--musl-image", default="python:3.13-alpine", help="with Python 3.11 or later on musl")
    parser.add_argument("--cluster-domain", default="cluster.local")
    parser.add_argument("--output", type=Path, help="a file for the report; else it is printed")
    return parser.parse_args(words)


def interrupt(number, _frame):
    raise KeyboardInterrupt(signal.Signals(number).name)


def main(words=None):
    args = arguments(words)
    name = f"k8sresolve-verify-{random.randrange(16**4):04x}"
    kubectl = Kubectl(args.context, name)
    for number in ENDING:
        signal.signal(number, interrupt)
    try:
        with tempfile.TemporaryDirectory() as folder:
            wheels = wheels_of(args.package, Path(folder))
            say(f"namespace {name}; to be rid of it by hand: kubectl delete namespace {name}")
            try:
                kubectl.create(namespace(name))
                found = verify(kubectl, name, args, wheels)
            except Failed as error:
                raise Failed("\n".join([str(error), *warnings(kubectl)])) from None
            finally:
                for number in ENDING:  # whoever is in a hurry still wants it gone
                    signal.signal(number, signal.SIG_IGN)
                kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false", check=False)
                say(f"deleted namespace {name}")
    except Failed as error:
        say(str(error))
        return 3
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    text, sound = report(found)
    if args.output:
        args.output.write_text(text)
    else:
        print(text)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
