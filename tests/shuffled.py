"""A plugin that runs files in any order, and the tests within each; the same ODD_SEED gives the same order."""

import os
import random

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    chance = random.Random(os.environ["ODD_SEED"])
    rank = {path: chance.random() for path in dict.fromkeys(item.path for item in items)}
    chance.shuffle(items)
    items.sort(key=lambda item: rank[item.path])
