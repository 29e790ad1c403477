"""The frameworks' examples, run by the lines of their pages beside CoreDNS, in a pod's environment."""

import re
from typing import Any

import pytest

from tests.live.clients.pods import RESOLV_CONF
from tests.live.clients.test_loops import CELERY
from tests.live.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.live
FOUND = "payments for payments"
ASK = ["POST", "/orders/7/payment"]


def line(page: str) -> list[str]:
    """The command that the page leads with."""
    text = (ROOT / f"docs/how-to/{page}.md").read_text()
    return re.findall(r"^```sh\n(.*)\n```$", text, re.MULTILINE)[0].replace("'", "").split(" ")


def run(real: Sandbox, **plan: Any) -> tuple[str | None, str]:
    asked = {"folder": "frameworks", "files": {}, "kind": "serves", "ask": ASK, **plan}
    said, log = real.run("tests.live.clients.page_line", asked, resolv_conf=RESOLV_CONF)
    return said, log


@pytest.mark.parametrize("page", ["fastapi", "flask", "django"])
def test_the_line_of_a_page(real: Sandbox, page: str) -> None:
    said, log = run(real, command=line(page))
    assert said in (FOUND, f'"{FOUND}"'), log


# The parent finds payments, and so has a resolver with open sockets, before gunicorn forks.
PRELOADED = """\
import k8sresolve
from django_shop import application
k8sresolve.service("payments")
"""


def test_what_was_found_before_the_fork_does_no_harm_after_it(real: Sandbox) -> None:
    command = ["gunicorn", "--preload", "--workers", "2", "preloaded:application"]
    said, log = run(real, files={"preloaded.py": PRELOADED}, command=command)
    assert said == FOUND, log


TASKS = """\
from celery_tasks import refund, settle
asked = [task.delay(7) for task in (settle, refund, settle, refund)]
print({one.get(timeout=50) for one in asked})
"""


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_celery(real: Sandbox, pool: str) -> None:
    said, log = run(
        real,
        kind="works",
        files={"celeryconfig.py": CELERY},
        command=[*line("celery"), "--pool", pool],
        client=["python", "-c", TASKS],
    )
    assert said == f"{{{FOUND!r}}}\nstatus 0", log
