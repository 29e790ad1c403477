import pytest

from tests.bench import page

TEXT = "a\n<!-- goals -->\nold\n<!-- /goals -->\n<!-- instructions -->\n<!-- /instructions -->\n"


def test_a_block_of_the_page_is_replaced_and_no_other():
    assert page.replaced(TEXT, "goals", "new \\1") == TEXT.replace("old", "new \\1")
    assert page.replaced(TEXT, "instructions", "n\n") == TEXT.replace("ns -->\n<", "ns -->\nn\n<")


@pytest.mark.parametrize("block", ["goals", "instructions"])
def test_the_page_has_the_blocks(block):
    page.replaced(page.PAGE.read_text(), block, "")


def test_a_block_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="0 blocks"):
        page.replaced(TEXT, "other", "")
