"""Write the page anew; with `--measure`, ask the peers first in all scenarios, with `--measure-new` in new ones."""

import sys

from tests.docs.behaviours import measuring
from tests.docs.behaviours.collecting import collected
from tests.docs.behaviours.page import BLOCK, PAGE, page

if __name__ == "__main__":
    if sys.argv[1:] in (["--measure"], ["--measure-new"]):
        measuring.measure(anew=sys.argv[1] == "--measure")
    elif sys.argv[1:]:
        sys.exit("usage: python -m tests.docs.behaviours [--measure | --measure-new]")
    text = page(collected())
    PAGE.write_text(BLOCK.sub(lambda _: text, PAGE.read_text(), count=1))
