"""The logger `k8sresolve`: what records tell of names is printable, and their texts are this library's own."""

import logging

from k8sresolve._log import logger


def test_f11_arguments_are_escaped_and_the_text_is_not_touched(caplog):
    with caplog.at_level("DEBUG", "k8sresolve"):
        logger.info("%s took %.1f ms of %d", "a\n::error::b\x1b[2K\u202e", 1.25, 3)
    (record,) = caplog.records
    assert record.msg == "%s took %.1f ms of %d"
    assert record.getMessage() == r"a\n::error::b\x1b[2K\u202e took 1.2 ms of 3"


def test_f11_endless_arguments_are_cut(caplog):
    logger.warning("%s", ["x" * 10_000])
    assert len(caplog.records[0].getMessage()) == 4000


def test_it_is_the_one_logger_that_users_know():
    assert logger is logging.getLogger("k8sresolve")
