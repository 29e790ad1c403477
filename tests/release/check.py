"""Whether what was built may be released: `python -m tests.release.check DIST`, with the group `release` installed.

PyPI can show the description, which has no relative link; the bill of materials is CycloneDX and says what is so.
"""

import re
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from readme_renderer.markdown import render

from tests.release.sbom import text

_LINK = re.compile(r'\b(?:href|src|srcset)="([^"]*)"')


def problems(folder: Path) -> list[str]:
    """What is wrong with the wheel and the source distribution in the folder."""
    (wheel,) = folder.glob("*.whl")
    (source,) = folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed:
        inside = {Path(name).name: name for name in packed.namelist() if ".dist-info/" in name}
        metadata, bill = packed.read(inside["METADATA"]).decode(), packed.read(inside["k8sresolve.cdx.json"]).decode()
    with tarfile.open(source) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    found = [
        f"the source distribution lacks {name}" for name in ("SECURITY.md", "tests/conftest.py") if name not in names
    ]
    if bill != text():
        found.append("k8sresolve.cdx.json is not what pyproject.toml says: python -m tests.release.sbom")
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill):
        found.append(f"k8sresolve.cdx.json: {error}")
    page = render(Parser().parsestr(metadata).get_payload())
    if page is None:
        found.append("PyPI cannot show the description")
    links = _LINK.findall(page or "")
    if not any("/blob/v" in link for link in links):
        found.append("the description has no link to a page of this version")
    found += [f"the description has a relative link: {link}" for link in links if not re.match("https?://|#", link)]
    return found


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(sys.argv[1]))) or None)
