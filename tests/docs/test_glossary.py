"""Each term says where it comes from, once, and no page has another word for it."""

import re

import pytest

from tests.docs.test_examples import PAGES, ROOT

GLOSSARY = ROOT / "docs/reference/glossary.md"
TEXT = GLOSSARY.read_text()
TERMS = [
    entry
    for body in re.findall(r"^```\{glossary\}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    for entry in re.findall(r"^(\S.*)\n((?:  .*\n)+)", body, re.MULTILINE)
]
OTHERS = [
    other
    for line in re.findall(r"^- (.*): \{term\}", TEXT.partition("## What other words")[2], re.MULTILINE)
    for other in line.split(", ")
]
# What an API calls a value, or what is quoted.
PROSE = [page for page in PAGES if page != GLOSSARY and "decisions" not in page.parts]


def test_there_are_terms_and_other_words():
    assert len(TERMS) > 40
    assert len(OTHERS) == 6


@pytest.mark.parametrize(("term", "meaning"), TERMS, ids=[term for term, _ in TERMS])
def test_a_term_names_its_source(term, meaning):
    assert re.search(r"\*(RFC \d+|resolv\.conf\(5\)|Kubernetes|DNS spec|Ours)[^*]*\*\n$", meaning)
    assert [name for name, _ in TERMS].count(term) == 1


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_has_one_word_for_one_thing(page):
    said = re.sub(r"^```.*?^```$|`[^`]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(rf"\b(?:{'|'.join(OTHERS)})s?\b", " ".join(said.split()), re.IGNORECASE) == []
