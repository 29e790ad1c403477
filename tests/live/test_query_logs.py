"""What `profile` tells of CoreDNS's own query log, recorded anew, and what asking another way really saves there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k8sresolve.cli.main import main
from tests.live.query_logs import FORMS, LOGS, PODS, Recorder, job

pytestmark = pytest.mark.live

# What differs each time: ports, ids, times, and the order of A and AAAA.
CHANGING = re.compile(r":\d+ - \d+ |[\d.e-]+s\b|\"time\":\"[^\"]*\"|\"(?:client_port|id|duration_seconds)\":[\d.e-]+")


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def recorder(form: str, tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path, *FORMS[form])
    with recorder.sandbox:
        yield recorder


def profile(log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    path = tmp_path / "asked.log"
    path.write_text(log)
    assert main(["profile", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def queries(log: str) -> list[str]:
    return [line for line in log.splitlines() if re.search(r"\bA{1,4} IN ", line)]


def test_logs_are_as_recorded_and_tell_what_was_asked(
    form: str, recorder: Recorder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To record them anew: `python -m tests.live.query_logs`."""
    log = recorder.ask(map(job, PODS))
    recorded = (LOGS / f"{form}.log").read_text()
    assert sorted(CHANGING.sub("", line) for line in queries(log)) == sorted(
        CHANGING.sub("", line) for line in queries(recorded)
    )
    told = profile(log, tmp_path, capsys)
    assert told["questions"] == len(queries(log))
    assert told["would_ask"]["as_it_is"] == told["questions"]
    for pod in PODS:
        [row] = [row for row in told["who"] if row["who"] == pod.address]
        assert row["lookups"] == sum(pod.asks.values())
        assert row["questions"] == sum(pod.address in line for line in queries(log))
        assert row["namespaces"] == [pod.namespace]
    walked = {name: 0 for pod in PODS for (_, name) in pod.asks}
    for pod in PODS:
        for (_, name), count in pod.asks.items():
            walked[name] += count
    # Where the first candidate is found, or a dot stands at the end, nothing tells what was typed.
    named = {row["name"]: row["lookups"] for row in told["names"]}
    for name in ("payments.shop", "payments.shop.svc.cluster.local", "api.example.com", "cassandra.data", "missing"):
        assert named[name] == walked[name], name


def test_asking_another_way_saves_what_profile_says(
    recorder: Recorder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = recorder.ask(map(job, PODS))
    timed = re.sub(r"(?m)^\[INFO\]", "2026-11-29T10:00:00Z [INFO]", log)  # JSON has times of its own
    told = profile(timed, tmp_path, capsys)["would_ask"]
    asked = {
        "ndots_2": recorder.ask(job(pod, ndots=2) for pod in PODS),
        "full_names": recorder.ask(job(pod, dot=True) for pod in PODS),
        "library_cache": recorder.ask(job(pod, ours=True, absolute=["example.com"]) for pod in PODS),
    }
    assert {way: len(queries(text)) for way, text in asked.items()} == {way: told[way] for way in asked}
