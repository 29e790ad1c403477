"""Text in columns: how wide they are, and what is left at the end of a line."""

from k8sresolve._columns import Columns, aligned


def test_a_column_is_as_wide_as_its_widest_cell():
    assert aligned([("A", "BB", "C"), ("aaa", "b", "c")]) == ["A    BB  C", "aaa  b   c"]


def test_no_line_ends_in_spaces():
    assert aligned([("a", "b"), ("", "b"), ("a", "")]) == ["a  b", "   b", "a"]


def test_no_rows_are_no_lines():
    assert aligned([]) == []


def test_columns_widen_as_rows_come_and_never_shrink():
    columns = Columns(widths=(3, 2, 0))
    assert columns.line(("a", "b", "c")) == "a    b   c"
    columns.fit(("aaaa", "b", "cccccc"))
    assert columns.line(("a", "b", "c")) == "a     b   c"
    assert (columns.widths, columns.indent) == ([4, 2, 6], 10)
