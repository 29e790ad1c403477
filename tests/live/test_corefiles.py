"""Which Corefiles CoreDNS starts with: each directive and option of its own, and words that it does not know."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.coredns.directives import REMOVED, Arguments, Known, directives
from k8sresolve.testing.versions import DEFAULT_COREDNS, coredns
from tests.live import servers
from tests.testing.coredns.plugins.test_forward import NO_TARGETS, TARGETS
from tests.testing.coredns.test_values import REFUSED, TAKEN

pytestmark = pytest.mark.live

# What CoreDNS says of words and counts, in contrast to values, files, and what it cannot reach.
PARSING = re.compile(
    r"Unknown directive|[Uu]nknown property|[Uu]nknown option|Unknown field|Wrong argument count|Syntax error"
    r"|unexpected token|invalid selector|needs a|Unexpected token|unknown ACME|takes no options|is missing|required"
    r"|unknown or invalid|provided|unexpected argument|no (?:flag|token)|invalid length|set up.*argument"
)
SECONDS = 7  # `kubernetes` waits 5 s for an API server
GOOD: Mapping[str, str] = {
    "autopath": "@kubernetes",
    "bind": "127.0.0.1",
    "dnstap": "/tmp/dnstap.sock",
    "file": "/dev/null",
    "forward": ". 127.0.0.2",
    "geoip": "/dev/null",
    "grpc": ". 127.0.0.2",
    "root": "/tmp",
    "sign": "/dev/null",
    "template": "IN A",
    "view": "v",
}

NEEDS_A_BLOCK = frozenset({"transfer"})
# Options whose words are values of few, to be told apart by the plugin.
OWN_WORDS = frozenset(
    {("acl", "allow"), ("acl", "block"), ("acl", "filter"), ("acl", "drop"), ("dnssec", "key"), ("sign", "key")}
    | {("proxyproto", "default"), ("secondary", "transfer"), ("tsig", "secrets"), ("tsig", "require")}
    | {("tsig", "require_opcode"), ("template", "expr"), ("template", "var")}
)


def corefiles(known_directives: Mapping[str, Known]) -> Iterator[str]:
    """A line, or a block, for each directive and option: as few and as many words as it takes, and one beside."""
    for name, known in known_directives.items():
        if name in ("on", "tls", "rewrite", "dynupdate"):
            continue  # these have words of their own, or options that need each other
        head = f"{name} {GOOD.get(name, '')}".strip()
        if name not in NEEDS_A_BLOCK:
            yield head
        yield f"{name}x"
        yield from (f"{name} {'w ' * count}" for count in beside(known.arguments))
        for option in (*REMOVED, "nonsense"):
            yield f"{head} {{\n {option}\n}}"
        for option, arguments in (known.options or {}).items():
            if (name, option) in OWN_WORDS:
                continue
            yield from (f"{head} {{\n {option} {'w ' * count}\n}}" for count in (0, 1, 2, *beside(arguments)))
    yield from REMOVED


def beside(arguments: Arguments) -> tuple[int, ...]:
    fewer = (arguments.least - 1,) if arguments.least else ()
    return (*fewer, arguments.most + 1) if arguments.most is not None else fewer


def added(version: str) -> Mapping[str, Known]:
    """What a version knows besides what the default one does: directives, and options of those that both have."""
    older = directives(DEFAULT_COREDNS)
    found: dict[str, Known] = {}
    for name, known in directives(coredns(version)).items():
        before = older[name].options or {} if name in older else {}
        options = {option: arguments for option, arguments in (known.options or {}).items() if option not in before}
        if options or name not in older:
            found[name] = known._replace(options=options)
    return found


def starts(folder: Path, version: str, number: int, text: str) -> str:
    """Start CoreDNS, without a network; give what keeps it from that, empty if nothing does."""
    path, log = folder / f"Corefile-{number}", folder / f"log-{number}"
    path.write_text(text)
    with log.open("w") as file:
        argv = ["unshare", "--net", servers.coredns_binary(version), "-conf", str(path)]
        process = subprocess.Popen(argv, stdout=file, stderr=subprocess.STDOUT)
    try:
        for _ in range(SECONDS * 50):
            if process.poll() is not None:
                return log.read_text() or "it ended"
            if "CoreDNS-" in log.read_text():
                return ""
            time.sleep(0.02)
        return "it waits"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("version", "least"), [("1.14.7", 600), ("1.15.0", 60)])
def test_a_corefile_that_coredns_does_not_start_with_is_refused(
    version: str, least: int, tmp_path: Path, tally: Any
) -> None:
    """All words of the default version, and those that a newer one has besides."""
    words = directives(DEFAULT_COREDNS) if version == DEFAULT_COREDNS.text else added(version)
    texts = list(dict.fromkeys(f".:5399 {{\n{body}\n}}\n" for body in corefiles(words)))
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda item: starts(tmp_path, version, *item), enumerate(texts)))
    wrong, judged = [], 0
    for text, problem in zip(texts, verdicts, strict=True):
        try:
            Cluster.from_objects([], corefile=text, coredns=version)
            ours = ""
        except ManifestError as error:
            ours = str(error)
        if problem and not PARSING.search(problem):
            continue
        judged += 1
        if bool(problem) is not bool(ours):
            wrong.append(f"{text}  CoreDNS: {problem.strip() or 'starts'}\n  offline: {ours or 'starts'}")
    tally(f"Corefiles refused or not, CoreDNS {version}", judged - len(wrong), judged)
    assert judged > least
    assert not wrong, f"{len(wrong)} of {judged} differ:\n" + "\n".join(wrong)


@pytest.mark.parametrize("version", ["1.14.7", "1.15.0"])
def test_a_value_with_which_coredns_does_not_start_is_refused(version: str, tmp_path: Path, tally: Any) -> None:
    """Each value of the tests, refused or taken, and each nameserver of `forward`."""
    lines = [*REFUSED, *TAKEN, *(f"forward . {targets}" for targets in (*NO_TARGETS, *TARGETS))]
    texts = [f".:5399 {{\n{line}\n}}\n" for line in lines]
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda item: starts(tmp_path, version, *item), enumerate(texts)))
    wrong: list[str] = []
    for text, problem in zip(texts, verdicts, strict=True):
        try:
            Cluster.from_objects([], corefile=text, coredns=version)
            ours = ""
        except ManifestError as error:
            ours = str(error)
        if bool(problem) is not bool(ours):
            wrong.append(f"{text}  CoreDNS: {problem.strip() or 'starts'}\n  offline: {ours or 'starts'}")
    tally(f"values of Corefiles refused or not, CoreDNS {version}", len(texts) - len(wrong), len(texts))
    assert not wrong, "\n".join(wrong)
