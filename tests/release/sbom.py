"""Write the wheel's bill of materials (PEP 770) by pyproject.toml: `python -m tests.release.sbom`.

It is CycloneDX 1.6, and has what is declared: the wheel bundles nothing, and an installer chooses the versions. It has
no time and no serial number, so that a wheel is the same whenever it is built.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FILE = ROOT / "k8sresolve.cdx.json"


def library(requirement: str, extra: str | None) -> dict[str, Any]:
    """What is required: by the package itself, or by one of its extras."""
    one = Requirement(requirement)
    name = one.name.lower()
    properties = [{"name": "k8sresolve:requirement", "value": requirement}]
    if extra:
        properties.append({"name": "k8sresolve:extra", "value": extra})
    return {
        "type": "library",
        "bom-ref": f"{name}[{extra}]" if extra else name,
        "name": one.name,
        "purl": f"pkg:pypi/{name}",
        "scope": "optional" if extra else "required",
        "properties": properties,
    }


def bill(project: dict[str, Any]) -> dict[str, Any]:
    """The bill of materials of a `[project]`."""
    name, version = project["name"], project["version"]
    extras = [(one, extra) for extra, required in project["optional-dependencies"].items() for one in required]
    libraries = [library(one, extra) for one, extra in [*((one, None) for one in project["dependencies"]), *extras]]
    purl = f"pkg:pypi/{name}@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": purl,
                "externalReferences": [{"type": "vcs", "url": project["urls"]["Homepage"]}],
            }
        },
        "components": libraries,
        "dependencies": [
            {"ref": purl, "dependsOn": [one["bom-ref"] for one in libraries]},
            *({"ref": one["bom-ref"]} for one in libraries),
        ],
    }


def text() -> str:
    """The file as it is to be."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return json.dumps(bill(project), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
