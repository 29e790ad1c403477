"""What pyproject.toml says of the package is what the other files say."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HOME = PROJECT["urls"]["Homepage"]
TELL_HOME = ("CHANGELOG.md", "SECURITY.md", "docs/support.md", "pyproject.toml")


@pytest.mark.parametrize("file", TELL_HOME)
def test_the_repository_has_one_address(file: str) -> None:
    told = re.findall(
        r"https://(?:github|raw\.githubusercontent)\.com/([\w-]+/k8sresolve)\b", (ROOT / file).read_text()
    )
    assert {f"https://github.com/{one}" for one in told} == {HOME}


def test_its_classifiers_are_the_pythons_that_are_tested() -> None:
    workflow = ROOT / ".github/workflows/ci.yml"
    stated = re.findall(
        r"^Programming Language :: Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE
    )
    [matrix] = re.findall(r"^        python: \[(.*)\]$", workflow.read_text(), re.MULTILINE)
    assert re.findall(r"3\.\d+", matrix) == stated
    assert PROJECT["requires-python"] == f">={stated[0]}"


def test_the_changelog_has_this_version() -> None:
    version = re.escape(PROJECT["version"])
    assert re.search(
        rf"^## \[{version}\] - (unreleased|\d{{4}}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
