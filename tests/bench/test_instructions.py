import pytest

from tests.bench import instructions
from tests.bench.instructions import Known


def test_the_file_says_what_it_was_told():
    made_with = {"python": "3.11.7", "attrs": "26.1.0"}
    known = {"cold-sync": Known(540_000, 165_000), "import-dns.resolver": Known(407_845_892), "new": Known(goal=6000)}
    assert instructions.read(instructions.written(made_with, known)) == (made_with, known)


def test_the_file_of_this_project_can_be_read_and_is_as_written():
    text = instructions.FILE.read_text()
    made_with, known = instructions.read(text)
    assert instructions.written(made_with, known) == text
    assert made_with["python"].startswith(f"{instructions.PYTHON}.")
    assert instructions.YARDSTICK in known


@pytest.mark.parametrize(("counted", "above"), [(99, []), (103, []), (104, ["cold"])])
def test_a_count_may_rise_by_three_in_a_hundred(counted, above):
    assert instructions.risen({"cold": Known(100, 50), "raw": Known()}, {"cold": counted, "raw": 9}) == above


def test_what_others_have_may_rise_as_it_likes():
    assert (
        instructions.risen({part: Known(100) for part in instructions.OTHERS}, dict.fromkeys(instructions.OTHERS, 900))
        == []
    )
    assert {
        part for part in instructions.read(instructions.FILE.read_text())[1] if part in instructions.OTHERS
    } == instructions.OTHERS


def test_writing_lowers_and_takes_what_is_new_and_raises_only_when_told():
    known = {"fell": Known(100, 50), "rose": Known(100), "gone": Known(1)}
    counts = {"fell": 90, "rose": 101, "new": 7}
    kept = {"fell": Known(90, 50), "rose": Known(100), "new": Known(7)}
    assert instructions.lowered(known, counts) == kept
    assert instructions.lowered(known, counts, up=True) == {**kept, "rose": Known(101)}


def test_machines_are_alike_where_the_yardstick_is():
    known = {instructions.YARDSTICK: Known(1000)}
    assert instructions.alike(known, {instructions.YARDSTICK: 1019})
    assert not instructions.alike(known, {instructions.YARDSTICK: 979})
    assert instructions.alike({}, {instructions.YARDSTICK: 1})


def test_the_sum_of_one_of_callgrinds_files_is_read():
    assert instructions.total("# callgrind format\nevents: Ir\nfn=(1)\n+3 17\ntotals: 387189\n") == 387_189
