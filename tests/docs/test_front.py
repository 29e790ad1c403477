"""The front pages: what they draw is what the code does, and each figure stands where it was measured."""

import re
from pathlib import Path

import pytest

from docs.diagrams.__main__ import HERE, PICTURES
from docs.diagrams.drawing import COLOURS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", PICTURES)
def test_diagrams_are_as_drawn_from_the_code(name: str) -> None:
    drawing = PICTURES[name]()
    for mode in COLOURS:
        assert (HERE / f"{name}-{mode}.svg").read_text() == drawing.svg(mode), "run python -m docs.diagrams"


def test_each_diagram_stands_in_a_page_in_light_and_dark_with_an_alt_text() -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    for name in PICTURES:
        for mode in COLOURS:
            block = rf'^```\{{image\}} \S*diagrams/{name}-{mode}\.svg\n:alt: "[^"]{{40,}}"\n:class: only-{mode}\n```$'
            assert re.search(block, pages, re.MULTILINE), f"{name}-{mode}"


MEASURED = {
    "performance": [
        "| G1 | knot, cold A, CPU µs: k8sresolve / dnspython | 25.87 | 263 |",
        "| G1 | knot, cold A, CPU µs: k8sresolve / getaddrinfo | 25.87 | 18.38 |",
        "| G2 | knot, cold A, CPU µs: k8sresolve-async / dnspython-async | 34.42 | 466 |",
        "| G3 | knot, cold A, CPU µs: k8sresolve-async / aiodns | 34.42 | 87.24 |",
        "| G9 | knot, remembered, CPU µs: k8sresolve / dnspython | 0.513 | 20.47 |",
        "| G9 | knot, remembered, CPU µs: k8sresolve / getaddrinfo | 0.513 | 20.66 |",
        "| G10 | knot, remembered, CPU µs: k8sresolve-async / aiodns | 0.860 | 41.19 |",
        "import-dns.resolver            413,",
        "import-Resolver                296,",
    ],
    "load-on-coredns": [
        "| glibc | 2 / 2 | 4 / 4 | 6 / 8 | 8 / 2 |",
        "| dnspython | 2 / 2 | 3 / 3 | 4 / 5 | 5 / 2 |",
        "| aiodns | 2 / 2 | 4 / 4 | 6 / 8 | 8 / 2 |",
        "| k8sresolve | 1 / 1 | 2 / 2 | 2 / 3 | 1 / 1 |",
        "| glibc | 49,500 |",
        "| dnspython, cache | 7,440 |",
        "| aiodns | 9,070 |",
        "| k8sresolve | 4,580 |",
    ],
    "figures": [
        "| knot, 1% loss | k8sresolve | 10.7 | 29.7 | 65.7 |",
        "| knot, 1% loss | getaddrinfo | 4.9 | 33.1 | 5,005.3 |",
        "| knot, 1% loss | dnspython | 10.8 | 32.9 | 2,104.9 |",
        "| knot, 1% loss | aiodns | 2.7 | 8.5 | 258.3 |",
    ],
    "what-dns-can-promise": ["7 ms after it was ready", "`cache 30` | 18, 35"],
}
"""What the README's figures are rounded from: who measures anew writes these, and those of the README, anew."""


@pytest.mark.parametrize("page", MEASURED)
def test_figures_of_the_readme_stand_where_they_were_measured(page: str) -> None:
    text = (ROOT / f"docs/explanation/{page}.md").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert [figure for figure in MEASURED[page] if figure not in text] == []
    assert f"](docs/explanation/{page}.md)" in README


def test_figures_of_the_readme_that_are_counts_are_counted() -> None:
    rules = (ROOT / "docs/reference/rules.md").read_text().partition("\n## check\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `.*$", rules, re.MULTILINE)
    likewise = [row for row in rows if "kube-linter" in row]
    assert f"[{len(likewise)} of the {len(rows)} rules](docs/reference/rules.md)" in README
    assert "| aiohttp | 97 to 128 us | 56 to 75 us | 62 to 79 us |" in (ROOT / "docs/how-to/balanced.md").read_text()
