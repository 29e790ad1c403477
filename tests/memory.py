"""What is in use of memory, for tests and soaks: see tracemalloc(3)."""

import functools
import gc
import sys
import tracemalloc
from itertools import chain


def in_use() -> int:
    """Octets in use, but for what functions remember of so many calls at most: that takes days to fill."""
    # The collector does not tell of what it has frozen, such as what modules have.
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "k8sresolve"]
    for one in chain(gc.get_objects(), *(list(vars(module).values()) for module in modules)):
        if isinstance(one, functools._lru_cache_wrapper) and one.cache_parameters()["maxsize"] is not None:
            one.cache_clear()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
