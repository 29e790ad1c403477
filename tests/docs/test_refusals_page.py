"""The page of what the API server refuses has the rules that there are."""

import pathlib
import re

from k8sresolve.testing.objects import validation

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "refusals.md"
_RULE = re.compile(r'(?:Refused|row|_named)\(\s*"([a-z-]+)"')


def test_every_rule_is_on_the_page_and_no_other():
    [folder] = validation.__path__
    sources = [file.read_text() for file in pathlib.Path(folder).glob("*.py")]
    written = {rule for text in sources for rule in _RULE.findall(text)}
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert {rule for row in rows for rule in re.findall("`([a-z-]+)`", row)} == written
    assert len(written) > 40
