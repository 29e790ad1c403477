"""The app of the first day passes its tests, and its files and its page fit together."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from k8sresolve.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"
APP = DOCS / "examples/first-day"
PAGE = (DOCS / "tutorial/first-day.md").read_text()


def run(folder):
    command = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", "-pno:asyncio", "-W", "error"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def app(tmp_path):
    return Path(shutil.copytree(APP, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__")))


def test_its_tests_pass_and_notice_another_service(app):
    done = run(app)
    assert "3 passed" in done.stdout, done.stdout
    (app / "app.py").write_text((app / "app.py").read_text().replace('"payments"', '"payment"'))
    assert "1 failed, 2 passed" in run(app).stdout


def test_image_and_manifests_run_the_app_where_it_listens():
    [checkout] = [
        container
        for thing in yaml.safe_load_all((APP / "app.yaml").read_text())
        if thing["kind"] == "Deployment" and thing["metadata"]["name"] == "checkout"
        for container in thing["spec"]["template"]["spec"]["containers"]
    ]
    listens = re.search(r'ThreadingHTTPServer\(\("", (\d+)\)', (APP / "app.py").read_text())
    assert [port["containerPort"] for port in checkout["ports"]] == [int(listens[1])]
    image = (APP / "Dockerfile").read_text()
    assert "COPY app.py /\n" in image
    assert image.endswith('CMD ["python", "/app.py"]\n')
    assert f"docker build -t {checkout['image']} ." in PAGE


def test_the_page_shows_what_is_said_of_a_port_that_is_not_there(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    arguments = ["-f", str(APP / "app.yaml"), "-n", "shop", "port", "payments", "htpp"]
    assert main(arguments) == 1
    assert f"```text\n{capsys.readouterr().err}```" in PAGE
