"""The page that shows what was measured: `docs/explanation/performance.md`."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/explanation/performance.md"


def replaced(page: str, block: str, text: str) -> str:
    """The page with another text between `<!-- block -->` and `<!-- /block -->`."""
    found = re.compile(rf"(?<=<!-- {block} -->\n).*?(?=<!-- /{block} -->)", re.DOTALL)
    new, count = found.subn(lambda _: text.rstrip("\n") + "\n", page)
    if count != 1:
        raise ValueError(f"{count} blocks <!-- {block} --> in the page")
    return new


def write(block: str, text: str) -> None:
    PAGE.write_text(replaced(PAGE.read_text(), block, text))
