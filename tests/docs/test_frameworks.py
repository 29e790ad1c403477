"""The frameworks' examples pass with their own tests, and fail where they ask for another Service.

That of Celery, which is no light package, runs among the live tests.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples/frameworks"
# No plugins but our own, as few as an application has: each that is installed here is imported eight times.
PLUGINS = ("-pno:cacheprovider", "-pk8sresolve.testing.pytest_plugin")


def run(folder, name):
    command = [sys.executable, "-m", "pytest", "-q", *PLUGINS, "-W", "error", f"test_{name}.py"]
    env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(EXAMPLES, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.mark.parametrize(
    ("name", "passed"),
    [
        ("fastapi", 6),
        ("starlette", 3),
        ("flask", 3),
        ("django", 3),
        pytest.param("celery", 4, marks=pytest.mark.live),
    ],
)
def test_an_example(folder, name, passed):
    done = run(folder, name)
    assert f"{passed} passed" in done.stdout, done.stdout
    for source in folder.glob(f"{name}_*.py"):
        source.write_text(re.sub(r'(?<=//)payments(?=/)|(?<=\(")payments(?=")', "paymets", source.read_text()))
    done = run(folder, name)
    assert "failed" in done.stdout, done.stdout
    assert re.search(r"paymets\.shop\.svc\.cluster\.local\. (A|SRV)  NXDOMAIN", done.stdout), done.stdout


@pytest.mark.parametrize("name", ["fastapi", "flask", "django", "celery"])
def test_a_page_shows_its_example(name):
    page = (DOCS / f"how-to/{name}.md").read_text()
    shown = set(re.findall(r"examples/frameworks/(\w+\.py)", page))
    assert {path.name for path in (*EXAMPLES.glob(f"{name}_*.py"), EXAMPLES / f"test_{name}.py")} <= shown
