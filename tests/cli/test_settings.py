"""What a project sets: where it is found, what it does, and what is refused."""

import attrs
import pytest

from k8sresolve import ConfigError
from k8sresolve.cli.settings import settings
from tests.cli.formats.reports import ERROR, REMARK, WARNING


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    return tmp_path


def counted(given=None):
    return [(each.rule, each.severity) for each in settings(given).apply([REMARK, WARNING, ERROR])]


ALL = [("alias-to-address", "error"), ("selector-no-pods", "warning"), ("port-unnamed", "remark")]


def test_without_a_file_all_counts():
    assert counted() == ALL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ALL),
        ('select = ["selector-*", "port-unnamed"]', ALL[1:]),
        ('ignore = ["selector-*"]', [ALL[0], ALL[2]]),
        ('select = ["port-unnamed", "alias-*"]\nignore = ["alias-to-address"]', ALL[2:]),
        ('[severity]\nport-unnamed = "error"', [("port-unnamed", "error"), ALL[0], ALL[1]]),
        ('[severity]\n"*" = "remark"\nselector-no-pods = "error"', [("selector-no-pods", "error")]),
    ],
)
def test_rules_are_selected_ignored_and_weighed(here, text, expected):
    (here / ".k8sresolve.toml").write_text(text)
    assert counted()[: len(expected)] == expected
    if "severity" not in text:
        assert len(counted()) == len(expected)


def test_the_nearest_file_counts_and_one_without_the_table_is_passed_over(here):
    (here / "pyproject.toml").write_text('[tool.k8sresolve]\nignore = ["port-*"]\n')
    (here / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert counted() == ALL[:2]
    (here / "a" / ".k8sresolve.toml").write_text('ignore = ["alias-*"]')
    assert counted() == ALL[1:]
    (here / "a" / "pyproject.toml").write_text('[tool.k8sresolve]\nignore = ["*"]\n')
    assert counted() == ALL[1:]  # the own file is the nearer of two in a folder


def test_a_file_that_is_given_takes_the_place_of_those_that_are_found(here):
    (here / ".k8sresolve.toml").write_text('ignore = ["*"]')
    (here / "mine.toml").write_text('ignore = ["port-*"]')
    assert counted(str(here / "mine.toml")) == ALL[:2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x =", "is not TOML"),
        ("x = 1", "'x' is no setting"),
        ('ignore = "a"', "ignore is no list of rules"),
        ("select = [1]", "select is no list of rules"),
        ('severity = "error"', "severity of"),
        ('[severity]\na = "fatal"', "severity of 'a' is 'fatal'"),
        ("[severity]\na = []", r"severity of 'a' is \[\]"),
        ('"\\u001b[2K" = 1', "is no setting"),
    ],
)
def test_what_is_no_setting_is_refused(here, text, told):
    (here / ".k8sresolve.toml").write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        settings(None)
    assert str(caught.value).isprintable()
    assert ".k8sresolve.toml" in str(caught.value)


def test_a_file_that_cannot_be_read_is_an_error(here):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        settings("mine.toml")
    (here / "latin").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not TOML"):
        settings(str(here / "latin"))
    (here / "large").write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ConfigError, match="more than 1,048,576 bytes"):
        settings(str(here / "large"))


def test_settings_change_no_finding():
    found = settings(None).apply([ERROR])
    assert found == (ERROR,)
    assert attrs.evolve(ERROR) == ERROR


@pytest.mark.parametrize(
    "text", ['ignore = ["port-unamed"]', 'select = ["port-unamed"]', '[severity]\nport-unamed = "error"']
)
def test_a_rule_that_there_is_not_is_refused_with_the_nearest(here, text):
    (here / ".k8sresolve.toml").write_text(text)
    with pytest.raises(ConfigError, match="did you mean port-unnamed"):
        settings(None)
