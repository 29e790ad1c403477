"""The alerts of docs/examples/metrics, by Prometheus's own promtool: that they load, and when they go off."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.live.sandbox import ROOT

METRICS = ROOT / "docs/examples/metrics"
pytestmark = pytest.mark.live


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_alerts() -> None:
    promtool("check", "rules", METRICS / "alerts.yaml")


def test_the_alerts_go_off_when_they_should_and_only_then() -> None:
    promtool("test", "rules", ROOT / "tests/live/alerts_test.yaml")


def test_promtool_takes_each_query_of_the_dashboard(tmp_path: Path) -> None:
    panels = json.loads((METRICS / "dashboard.json").read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [
        {"record": f"query:{number}", "expr": re.sub(r"\$__rate_interval", "1m", query).replace("$", "")}
        for number, query in enumerate(queries)
    ]
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", tmp_path / "rules.yaml")
