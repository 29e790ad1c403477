"""Names in manifests: what containers are told of hosts, in environment, arguments and files, and what aliases name."""

import re
from collections.abc import Iterable, Iterator

import attrs

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.hosts import host_and_port
from k8sresolve.testing.checks.names.judging import Wrong, judge, missing
from k8sresolve.testing.checks.names.mentions import holds_none, mentions, words_of
from k8sresolve.testing.checks.names.pairs import Text, with_pairs
from k8sresolve.testing.checks.names.takers import pod_of, some_pod
from k8sresolve.testing.checks.names.words import word_set
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects, ServiceSubject
from k8sresolve.testing.checks.telling import finding_in
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import NAMESERVER_CONFIG, ConfigMap, Pod, Resource, Secret, Service
from k8sresolve.testing.objects.written import Written

# Of annotations: where nginx is told whom to ask, what people read, and who makes names of its own of what they hold.
_ASKED = re.compile(r"/(?:auth-url|upstream-vhost|[\w-]*snippets?)$")
_FOR_PEOPLE = word_set("description summary comment comments note notes message title help example documentation")
_OTHERS = ("external-dns.", "cert-manager.io/", "meta.helm.sh/", "consul.hashicorp.com/")
# What is a remark where nobody takes a ConfigMap, which may hold defaults for pods elsewhere.
_LACKING = ("name-service-missing", "name-namespace", "name-endpoint")
_OF_THE_CLUSTER = "kube-system"
_UNREAD = ("Corefile", "_example")  # which its plugins read, and Knative's, which nobody does


def check_containers(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Look up what a pod's manifest tells its containers."""
    texts = around.takers.told(origin).texts
    own = around.world.sets.only_pod(origin.namespace, origin.name) if origin.kind == "StatefulSet" else ""
    for finding, _ in _looked_up(texts, pod_of(origin), origin.written, origin.title, around, own=own):
        yield finding


def check_asked_by_kubelet(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Whether a probe or hook names a Service as its host, which the kubelet looks up, and not the pod."""
    for word in (word for container in origin.written.texts.containers for word in container.asked):
        mention = host_and_port(word.text)
        target = None if mention is None else around.world.target(mention.host, origin.namespace)
        if target is None or not (target.is_explicit or around.world.service(target) is not None):
            continue
        told = (
            f"the kubelet looks {word.text} up by its node's resolv.conf, which does not lead to Service {target.key}"
        )
        severity: Severity = "warning" if target.is_explicit else "remark"
        advice = "leave host out, so that it asks the pod itself"
        yield origin.finding("name-not-searched", severity, word.field, told, advice)


def check_data(source: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Look up what stands in a ConfigMap or Secret, as a pod that takes it, or else as one of its namespace."""
    is_taken = around.takers.is_taken(source)
    rewritten = {f"{_part(source, key)}[{key}]" for key in source.data if _is_rewritten(key, source)}
    pod, texts = around.takers.pod(source), texts_of(source, around)
    for finding, wrong in _looked_up(texts, pod, source.written, titled(source), around):
        may_be_elsewhere = not is_taken and wrong.rule in _LACKING and not wrong.is_slip
        is_doubted = may_be_elsewhere or (wrong.rule == "name-endpoint" and finding.field in rewritten)
        yield attrs.evolve(finding, severity="remark") if is_doubted else finding


def texts_of(source: ConfigMap | Secret, around: AllObjects) -> Iterable[Text]:
    """Find what stands in a ConfigMap or Secret, under each name by which it is taken."""
    if (source.namespace, source.name) in NAMESERVER_CONFIG:
        return ()
    names = around.takers.names(source)
    texts: list[Text] = []
    for key, text in source.data.items():
        called = dict.fromkeys((key, *names.get(key, ())))
        # Whoever says that it is secret is right, be it the key or the variable that takes it.
        if key not in _UNREAD and not any(map(holds_none, called)):
            texts += [Text(f"{_part(source, key)}[{key}]", name, text) for name in called]
    return with_pairs(texts)


def _is_rewritten(key: str, source: ConfigMap | Secret) -> bool:
    """Whether a script beside a file rewrites it before it is read."""
    rewrites = re.compile(rf"\bsed\s[^\n]{{0,300}}-i[^\n]{{0,300}}\b{re.escape(key)}\b")
    return any(rewrites.search(text) for name, text in source.data.items() if name != key)


def check_annotations(item: Resource, around: AllObjects) -> Iterator[Finding]:
    """Look up the Services that annotations name in full, or where an ingress controller is to ask one.

    Whoever reads them lives in a namespace of its own, so that a word alone says nothing.
    """
    for annotation in item.written.annotations:
        if _tells_nothing(annotation.key):
            continue
        is_asked = _ASKED.search(annotation.key) is not None
        for mention in mentions(annotation.key, annotation.text):
            target = around.world.target(mention.host, "")
            if target is not None and (target.is_explicit or (is_asked and target.namespace)):
                for wrong in judge(mention, some_pod(_OF_THE_CLUSTER), around.world):
                    yield _finding(wrong, annotation.field, item.written, titled(item))


def _tells_nothing(key: str) -> bool:
    """Whether an annotation is read by people, or says which names there are to be."""
    return key.startswith(_OTHERS) or not _FOR_PEOPLE.isdisjoint(words_of(key.rpartition("/")[2])[-1:])


def _part(source: ConfigMap | Secret, key: str) -> str:
    return "stringData" if isinstance(source, Secret) and key in source.stated else "data"


def _looked_up(
    texts: Iterable[Text], pod: Pod, written: Written, about: str, around: AllObjects, *, own: str = ""
) -> Iterator[tuple[Finding, Wrong]]:
    """Look up what texts name, but for the pod's `own` name."""
    told: set[tuple[str, Wrong | str]] = set()
    for text in texts:
        for mention in mentions(text.key, text.value, secret=about.startswith("Secret ")):
            for wrong in judge(mention, pod, around.world) if mention.host != own else ():
                # A pod that does not ask the cluster's nameserver finds none of its names: the first stands for all.
                what = (text.field, mention.whole or wrong.lacks or wrong)
                if wrong.rule == "name-not-searched":
                    what = (about, wrong.rule)
                if what not in told and text.only in ("", wrong.rule):
                    told.add(what)
                    yield _finding(wrong, text.field, written, about), wrong


def check_alias_target(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether the Service is there for which an ExternalName Service stands."""
    service = subject.service
    target = around.world.target(service.external_name, service.namespace)
    if target is None or not target.is_explicit or around.world.service(target) is not None:
        return
    for wrong in missing(service.external_name.lower(), target, None, around.world):
        yield _finding(wrong, "spec.externalName", service.written, titled(service))


def check_alias_loop(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether an ExternalName Service leads back to itself, by others or at once."""
    first = subject.service
    way = [f"{first.namespace}/{first.name}"]
    service = _led_to(first, around.world)
    while service is not None and (key := f"{service.namespace}/{service.name}") not in way:
        way.append(key)
        service = _led_to(service, around.world)
    if service is first:
        told = f"{' leads to '.join((*way, way[0]))}, an alias of itself, for which there is never an address"
        yield subject.finding("alias-loop", "warning", "spec.externalName", told, "write the host that is meant")


def _led_to(alias: Service, world: World) -> Service | None:
    target = world.target(alias.external_name, alias.namespace) if alias.external_name else None
    is_service = target is not None and target.is_explicit and not target.endpoint and target.port is None
    return world.service(target) if target is not None and is_service else None


def _finding(wrong: Wrong, field: str, written: Written, about: str) -> Finding:
    return finding_in(
        written, about, wrong.rule, severity=wrong.severity, field=field, problem=wrong.problem, advice=wrong.advice
    )
