"""The table of what is modelled says what the registry does."""

import re
from pathlib import Path

from k8sresolve.testing.coredns.registry import PLUGINS, SILENT

PAGE = (Path(__file__).parents[2] / "docs/reference/corefile.md").read_text()
_CODE = re.compile(r"`([^`]+)`")


def test_the_table_lists_plugins_and_options_in_order() -> None:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    assert [_CODE.findall(row[0]) for row in rows] == [[plugin.name] for plugin in PLUGINS]
    for (_, _, options, without_effect), plugin in zip(rows, PLUGINS, strict=True):
        assert set(_CODE.findall(options)) == plugin.options, plugin.name
        assert set(_CODE.findall(without_effect)) == plugin.without_effect, plugin.name


def test_plugins_without_effect_are_listed() -> None:
    section = PAGE.partition("## Plugins without effect\n")[2].partition("\n\n")[2].partition("Any other plugin")[0]
    listed = _CODE.findall(PAGE.partition("## Plugins without effect\n")[2].partition("Any other plugin")[0])
    assert set(listed) >= SILENT, section
    assert set(listed) - SILENT == {"hosts", "file"}
