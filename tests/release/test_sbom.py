"""The bill of materials in the wheel says what pyproject.toml says."""

import json
from importlib.metadata import requires

from packaging.requirements import Requirement

from tests.release import sbom


def test_the_bill_is_up_to_date() -> None:
    assert sbom.FILE.read_text() == sbom.text()


def test_it_has_each_requirement_of_the_package() -> None:
    components = json.loads(sbom.FILE.read_text())["components"]
    listed = {
        (Requirement(one["value"]).name, str(Requirement(one["value"]).specifier))
        for component in components
        for one in component["properties"]
        if one["name"] == "k8sresolve:requirement"
    }
    assert listed == {(one.name, str(one.specifier)) for one in map(Requirement, requires("k8sresolve") or [])}


def test_no_two_components_share_a_reference() -> None:
    references = [one["bom-ref"] for one in json.loads(sbom.FILE.read_text())["components"]]
    assert len(references) == len(set(references)) > 0
