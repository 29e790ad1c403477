"""The logger `k8sresolve`: what its records tell of names and files can be printed as it stands."""

from __future__ import annotations

import logging

from k8sresolve._escaping import escaped

# A search list, or what a Corefile has that is not modelled, may be of any length.
_MOST = 4000  # characters of one argument


class _Escaping(logging.Filter):
    """Escapes the arguments of records; their texts are this library's own."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                argument if isinstance(argument, int | float) else escaped(str(argument), _MOST)
                for argument in record.args
            )
        return True


logger = logging.getLogger("k8sresolve")
logger.addFilter(_Escaping())
