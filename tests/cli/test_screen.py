"""Widths and colours, and what is written for them."""

import io
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve.cli import progress
from k8sresolve.cli.progress import Progress, Waiting
from k8sresolve.cli.screen import Cell, Screen

HEADER = ("NAME", "PORT", "WHY")
ROWS = [("payments.shop", "80", "search domain shop.svc.cluster.local"), ("web", "", "as typed")]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# -- what a screen is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "variables", "width"),
    [
        (Terminal(), {"COLUMNS": "40"}, 40),
        (io.StringIO(), {"COLUMNS": "40"}, 40),
        (io.StringIO(), {}, 0),
        (io.StringIO(), {"COLUMNS": "wide"}, 0),
        (io.StringIO(), {"COLUMNS": "9" * 5000}, 0),
        (None, {}, 0),
    ],
)
def test_columns_counts_and_what_is_no_terminal_has_no_end(monkeypatch, stream, variables, width):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Screen.of(stream).width == width


@pytest.mark.parametrize(
    ("terminal", "color", "variables", "coloured"),
    [
        (True, "auto", {}, True),
        (False, "auto", {}, False),
        (True, "auto", {"TERM": "dumb"}, False),
        (True, "auto", {"NO_COLOR": "1"}, False),
        (True, "auto", {"NO_COLOR": ""}, True),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (False, "auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (True, "always", {"NO_COLOR": "1"}, True),
        (False, "always", {}, True),
        (True, "never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_are_by_the_flag_then_the_variables_then_the_terminal(
    monkeypatch, terminal, color, variables, coloured
):
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Screen.of(Terminal() if terminal else io.StringIO(), color).coloured is coloured


# -- what is written ---------------------------------------------------------------------------------------------------


def test_without_an_end_a_row_is_a_line():
    assert Screen().table(HEADER, ROWS).splitlines() == [
        "NAME           PORT  WHY",
        "payments.shop  80    search domain shop.svc.cluster.local",
        "web            -     as typed",
    ]


def test_the_last_column_is_wrapped_while_there_is_room():
    assert Screen(45).table(HEADER, ROWS).splitlines() == [
        "NAME           PORT  WHY",
        "payments.shop  80    search domain",
        "                     shop.svc.cluster.local",
        "web            -     as typed",
    ]


def test_where_there_is_none_each_row_is_a_block():
    assert Screen(30).table(HEADER, ROWS).splitlines() == [
        "payments.shop",
        "  PORT  80",
        "  WHY   search domain",
        "        shop.svc.cluster.local",
        "",
        "web",
        "  WHY  as typed",
    ]


def test_values_are_aligned_wrapped_and_left_out_where_empty():
    rows = [("host", "web"), ("alias of", []), ("addresses", ["10.0.0.1", "10.0.0.2"]), ("why", "one two three four")]
    assert Screen(20).fields(*rows).splitlines() == [
        "host       web",
        "addresses  10.0.0.1",
        "           10.0.0.2",
        "why        one two",
        "           three",
        "           four",
    ]


def test_colours_change_no_letter_and_no_place():
    rows = [(Cell("payments.shop", "good"), Cell("80", "bad"), Cell("search domain of the cluster", "dim"))]
    plain, coloured = (Screen(45, on).table(HEADER, rows) for on in (False, True))
    assert "\033[32mpayments.shop\033[0m  " in coloured
    assert re.sub(r"\033\[\d*m", "", coloured) == plain


@given(st.lists(st.tuples(*[st.text(max_size=60)] * 3), max_size=4), st.just(0) | st.integers(10, 100))
def test_whatever_is_told_nothing_is_lost_and_lines_end_where_the_screen_does(rows, width):
    told = Screen(width).table(HEADER, rows)
    assert all(letter.isprintable() or letter == "\n" for letter in told)
    words = {word for row in rows for cell in row for word in re.split("[ \n]", Screen().line(cell)) if word}
    assert words <= set(told.split())
    if width:
        assert all(len(line.rpartition(" ")[0]) <= width for line in told.split("\n"))


# -- progress ----------------------------------------------------------------------------------------------------------


def terminal(monkeypatch):
    """Make standard error a terminal of 40 columns, where half a second goes by with each step."""
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", "40")
    ticks = iter(range(1000))
    monkeypatch.setattr("k8sresolve.cli.progress.monotonic", lambda: next(ticks) / 2)
    return stream


def test_a_bar_is_drawn_within_the_screen_and_taken_away(monkeypatch):
    shown = terminal(monkeypatch)
    with Progress("asking", 4) as progress:
        for _ in range(4):
            progress.step()
    drawn = shown.getvalue().split("\r\033[K")
    assert drawn[1] == f"asking [{'#' * 6}{'.' * 20}] 1/4"
    assert drawn[4] == f"asking [{'#' * 26}] 4/4"
    assert drawn[-1] == ""
    assert max(map(len, drawn)) < 40


def test_of_an_unknown_number_the_count_is_told(monkeypatch):
    shown = terminal(monkeypatch)
    with Progress("reading a file with a name that is longer than the screen") as progress:
        progress.step(1_000_000)
    assert shown.getvalue().split("\r\033[K")[1] == "reading a file with a name that is longer than"[:39]


def test_elsewhere_there_is_no_bar(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with Progress("asking", 4) as progress:
        progress.step()
    assert stream.getvalue() == ""


def test_a_wait_is_told_from_two_seconds_on_and_taken_away(monkeypatch):
    told = threading.Event()

    class Watched(Terminal):
        def write(self, text: str) -> int:
            told.set()
            return super().write(text)

    shown = Watched()
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(progress, "_LONG", 0.001)
    with Waiting("asking about a name that is longer than the screen"):
        assert told.wait(30)
    assert shown.getvalue().split("\r\033[K") == ["", "asking about a name that is longer than", ""]


def test_a_wait_that_is_short_is_not_told(monkeypatch):
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    with Waiting("asking"):
        pass
    assert shown.getvalue() == ""
