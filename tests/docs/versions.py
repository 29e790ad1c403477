"""The tables of differences in `docs/reference/versions.md`, from the list of them.

`python -m tests.docs.versions` writes them anew into the page.
"""

import re
from pathlib import Path

from k8sresolve.testing.versions import DIFFERENCES, Difference, Program

PAGE = Path(__file__).parents[2] / "docs/reference/versions.md"
BLOCK = re.compile(r"<!-- (\w+) -->\n.*?<!-- /\1 -->", re.DOTALL)
HEAD = "| name | since | what changed | for whom | what to do | source |\n|---|---|---|---|---|---|"
_PULL = re.compile(r"([\w-]+/[\w-]+)#(\d+)")


def source(text: str) -> str:
    """Write a pull request as a link, and a file as it is."""
    found = _PULL.fullmatch(text)
    return f"[#{found[2]}](https://github.com/{found[1]}/issues/{found[2]})" if found else f"`{text}`"


def row(one: Difference) -> str:
    cells = (f"`{one.name}`", one.since, one.what, one.who, one.advice, ", ".join(map(source, one.sources)))
    return f"| {' | '.join(cells)} |"


def table(program: Program) -> str:
    """Write the differences of a program in Markdown."""
    rows = [row(one) for one in DIFFERENCES if one.program == program]
    return "\n".join([HEAD, *rows]) + "\n"


def written(page: str) -> str:
    """Write all tables anew."""
    tables = {"coredns": table("CoreDNS"), "kubernetes": table("Kubernetes")}
    return BLOCK.sub(lambda found: f"<!-- {found[1]} -->\n{tables[found[1]]}<!-- /{found[1]} -->", page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
