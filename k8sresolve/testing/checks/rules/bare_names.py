"""Variables of one word that are a Service's name but for letters at its end, as `REDIS=azure-vote-backend`.

Such a word may be anything. It is taken for a slip where it has several parts, nothing here is called so, and nobody
names the Service, which must be somebody's.
"""

import re
from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.names.mentions import holds_none, mentions
from k8sresolve.testing.checks.names.said import stem
from k8sresolve.testing.checks.names.slips import is_plain_slip
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.objects.kinds import Service
from k8sresolve.testing.objects.texts import Variable
from k8sresolve.testing.objects.written import UNWRITTEN

_WORD = re.compile(r"[a-z]+(?:-[a-z]+){2,}")
_LEAST_LAST = 3  # letters of the last part that both have


def check_bare_names(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Whether a variable is the name of a Service that nobody names, but for letters at its end."""
    for container in origin.written.texts.containers:
        for variable in container.variables:
            word = variable.value
            if not _WORD.fullmatch(word) or holds_none(variable.name):
                continue
            same = around.services_by_stem.get((origin.namespace, stem(word)), ())
            near = [service.name for service in same if _is_near(word, service)]
            if len(near) == 1 and _is_lone(word, near[0], origin, around) and not _is_judged(variable, near[0]):
                meant = near[0]
                told = f"{word} is the name of nothing here, and nobody names Service {origin.namespace}/{meant}"
                yield origin.finding(
                    "name-service-missing", "warning", variable.field, told, f"write {meant}, if that is meant"
                )


def _is_near(word: str, service: Service) -> bool:
    """Whether a word has letters behind a Service's name, or lacks some at its end."""
    first, second = sorted((word, service.name), key=len)
    is_beside = second.startswith(first) and second.removeprefix(first).isalpha()
    return is_beside and len(first.rpartition("-")[2]) >= _LEAST_LAST and service.written is not UNWRITTEN


def _is_lone(word: str, meant: str, origin: Origin, around: AllObjects) -> bool:
    """Whether a word stands nowhere else, nothing leads to the Service, and nobody is told of it."""
    is_idle = (origin.namespace, meant) not in around.led_to and not around.said.told[meant]
    return is_idle and around.said.told[word] == 1 and not around.said.called[word]


def _is_judged(variable: Variable, meant: str) -> bool:
    """Whether the word is taken for a host by its key, and so is judged as one."""
    word = variable.value
    return any(not mention.vague or is_plain_slip(word, meant) for mention in mentions(variable.name, word))
