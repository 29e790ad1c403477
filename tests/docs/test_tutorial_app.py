"""The tests that the tutorial has its readers write pass with nothing but its files."""

import re

import pytest

from tests.docs.apps import DOCS, copy, run

APP = DOCS / "examples/app"


@pytest.fixture
def app(tmp_path):
    return copy(APP, tmp_path)


def test_the_apps_tests_pass(app):
    done = run(app)
    tests = len(re.findall("^async def test_", (app / "test_shop.py").read_text(), re.MULTILINE))
    assert f"{tests} passed" in done.stdout, done.stdout


def test_they_fail_when_the_app_asks_for_another_service(app):
    source = (app / "shop.py").read_text()
    (app / "shop.py").write_text(source.replace('"orders-db"', '"order-db"'))
    done = run(app)
    assert done.returncode == 1, done.stdout
    assert "_postgres._tcp.order-db.shop.svc.cluster.local. SRV  NXDOMAIN" in done.stdout


def test_the_page_shows_all_of_the_tests():
    page = (DOCS / "tutorial/test-your-app.md").read_text()
    marks = re.findall(r"^# \d\. \w+$", (APP / "test_shop.py").read_text(), re.MULTILINE)
    assert re.findall(r'^:start-after: "(.*)"$', page, re.MULTILINE) == marks
    assert re.findall(r'^:end-before: "(.*)"$', page, re.MULTILINE) == marks
