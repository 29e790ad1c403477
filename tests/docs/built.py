"""Whether the built pages have a place for every public name, and hide what is the library's own.

python -m tests.docs.built docs/_build/html
"""

import html
import re
import sys
import zlib
from pathlib import Path

from tests.docs.described import publics
from tests.docs.test_reference import MODULES

_TITLE = re.compile(r'title="(k8sresolve\.[^"]*)"')
_SHOWN = re.compile(r'<dt class="sig [^>]*>(.*?)</dt>|<p>Bases: (.*?)</p>', re.DOTALL)
_HIDDEN = re.compile(r"\bk8sresolve(?:\.\w+)*\._\w+|Bases:.*\b_\w+|= _\w+|\battr_dict\b|\bmappingproxy\b")


def inventory(folder: Path) -> set[str]:
    """The names that other projects' pages can link to."""
    packed = (folder / "objects.inv").read_bytes().split(b"\n", 4)[4]
    return {line.split(" ")[0] for line in zlib.decompress(packed).decode().splitlines()}


def problems(folder: Path) -> list[str]:
    """What is lacking, or shown and should not be."""
    public, listed = publics(*MODULES), inventory(folder)
    found = [f"objects.inv lacks {one.path}" for one in public if one.path not in listed]
    homes = {f"{one.value.__module__}.{one.value.__qualname__}" for one in public if isinstance(one.value, type)} - {
        one.path for one in public
    }
    for page in sorted(folder.glob("reference/*.html")):
        text = page.read_text()
        found += [f"{page.name}: a link is titled {title}" for title in _TITLE.findall(text) if title in homes]
        shown = [html.unescape(re.sub(r"<[^>]*>", "", "".join(parts))) for parts in _SHOWN.findall(text)]
        found += [f"{page.name}: {hidden[0]}" for one in shown if (hidden := _HIDDEN.search(one))]
    return found


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(sys.argv[1]))) or None)
