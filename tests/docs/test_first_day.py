"""The app of the first day passes its tests, and its files and its page fit together."""

import re

import pytest
import yaml

from k8sresolve.cli.main import main
from tests.docs.apps import DOCS, copy, run

APP = DOCS / "examples/first-day"
PAGE = (DOCS / "tutorial/first-day.md").read_text()


@pytest.fixture
def app(tmp_path):
    return copy(APP, tmp_path)


def test_its_tests_pass_and_notice_another_service(app):
    done = run(app, "-pno:asyncio")
    assert "3 passed" in done.stdout, done.stdout
    (app / "app.py").write_text((app / "app.py").read_text().replace('"payments"', '"payment"'))
    assert "1 failed, 2 passed" in run(app, "-pno:asyncio").stdout


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
