"""The page of the doctor has the findings that there are."""

import re
from pathlib import Path

from k8sresolve.doctor import RULES

PAGE = Path(__file__).parents[2] / "docs/reference/doctor.md"


def test_every_rule_is_on_the_page_and_no_other():
    told = re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(told) == sorted(RULES)
