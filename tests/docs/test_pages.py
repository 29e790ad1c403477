"""A person in a hurry can use the pages: code pastes at a prompt, fits a narrow window, and shows what it prints."""

import re
from codeop import CommandCompiler

import pytest

from tests.docs.test_examples import PAGES, ROOT, blocks, parted

COLUMNS = 88
_FILE = re.compile(r"# [\w/]+\.py$", re.MULTILINE)  # the first line of a block that is a file
_SET_UP = "python3 -m venv "  # pip is told to be quiet
_LONG = "k8sresolve schema "  # hundreds of lines

GUIDES = [page for page in PAGES if page.parent.name in ("tutorial", "how-to", "explanation")]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
every_guide = pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)


def at_a_prompt(source: str) -> str | None:
    """Paste text into the prompt of Python 3.11 and older, which takes it by the line; return what it says against."""
    compiler, lines = CommandCompiler(), []
    for line in [*source.splitlines(), ""]:
        lines.append(line)
        try:
            if compiler("\n".join(lines), "<stdin>", "single") is not None:
                lines = []
        except SyntaxError as error:
            return f"{error.msg}: {line}"
    return "unfinished" if any(lines) else None


@every_page
def test_code_pastes_into_a_prompt(page):
    sources = [block.text for block in blocks(page) if block.kind in ("python", "py")]
    refused = [at_a_prompt(source) for source in sources if not _FILE.match(source)]
    assert [each for each in refused if each] == []


@pytest.mark.parametrize(
    "source",
    ["with a:\n    b\nc\n", "def f():\n    a\n\n    b\n", "class A:\n    def b(self): ...\n\n    def c(self): ...\n"],
)
def test_a_prompt_refuses_what_it_cannot_part(source):
    assert at_a_prompt(source)
    assert at_a_prompt(source.replace("\n\n", "\n").replace("\nc", "\n\nc")) is None


@every_page
def test_code_fits_a_narrow_window(page):
    code = [block.text for block in blocks(page) if block.kind not in ("text", "console")]
    included = re.findall(r"^```\{literalinclude\} (\S+)$", page.read_text(), re.MULTILINE)
    code += [(page.parent / name).read_text() for name in included]
    typed = [f"$ {command}" for command, _ in commands(page) if not command.startswith(_SET_UP)]
    assert [line for text in (*code, *typed) for line in text.splitlines() if len(line) > COLUMNS] == []


def commands(page):
    """Each command of a page's sessions, with what stands below it."""
    for block in blocks(page):
        if block.kind == "console":
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                shown = parted(part)[1]
                yield part.removesuffix(shown), shown


@every_page
def test_each_command_shows_what_it_prints(page):
    silent = [command for command, shown in commands(page) if not shown and not command.startswith((_SET_UP, _LONG))]
    assert silent == []


@every_guide
def test_a_page_begins_with_whom_it_is_for(page):
    assert re.match(r"# \S.*\n\nFor ", page.read_text())


@every_guide
def test_no_paragraph_is_a_heap_of_links(page):
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    heaps = [
        paragraph
        for paragraph in re.split(r"\n\s*\n|\n(?=- |\d+\. |\|)", prose)
        if len(re.findall(r"\{doc\}|\]\(", paragraph)) > 4
    ]
    assert heaps == []
