"""Errors: the hierarchy, the EAI codes, that nothing is lost on the way through pickle, and how they read."""

import copy
import errno
import pickle
import socket
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import k8sresolve
from k8sresolve import errors
from k8sresolve.attempts import Attempt, ConnectAttempt, summarise
from k8sresolve.errors import (
    BadResponse,
    ConfigError,
    ConnectFailed,
    ConnectTimeout,
    Error,
    InternalError,
    InvalidHints,
    InvalidName,
    LookupTimeout,
    ManifestError,
    NetworkError,
    NoData,
    NoEndpoints,
    NoSuchName,
    NotFound,
    NotHeadless,
    PortsDiffer,
    Refused,
    ResolveError,
    ResolverClosed,
    ServerFailure,
    TemporaryFailure,
    WaitTimeout,
)

# class: (what is next above it, the builtin that an existing program catches, EAI code)
TREE = {
    ResolveError: (Error, socket.gaierror, socket.EAI_FAIL),
    NotFound: (ResolveError, OSError, socket.EAI_FAIL),
    NoSuchName: (NotFound, OSError, socket.EAI_NONAME),
    NoData: (NotFound, OSError, socket.EAI_NODATA),
    TemporaryFailure: (ResolveError, OSError, socket.EAI_AGAIN),
    LookupTimeout: (TemporaryFailure, TimeoutError, socket.EAI_AGAIN),
    WaitTimeout: (LookupTimeout, TimeoutError, socket.EAI_AGAIN),
    ServerFailure: (TemporaryFailure, OSError, socket.EAI_AGAIN),
    Refused: (TemporaryFailure, OSError, socket.EAI_AGAIN),
    NetworkError: (TemporaryFailure, OSError, socket.EAI_AGAIN),
    NoEndpoints: (TemporaryFailure, OSError, socket.EAI_AGAIN),
    BadResponse: (ResolveError, OSError, socket.EAI_FAIL),
    InternalError: (ResolveError, OSError, socket.EAI_FAIL),
    NotHeadless: (ResolveError, OSError, socket.EAI_FAIL),
    PortsDiffer: (ResolveError, OSError, socket.EAI_FAIL),
    InvalidName: (ResolveError, ValueError, socket.EAI_NONAME),
    InvalidHints: (ResolveError, ValueError, socket.EAI_BADFLAGS),
    ConnectFailed: (Error, ConnectionError, None),
    ConnectTimeout: (ConnectFailed, TimeoutError, None),
    ConfigError: (Error, ValueError, None),
    ManifestError: (Error, ValueError, None),
    ResolverClosed: (Error, RuntimeError, None),
}
RESOLVE_ERRORS = [kind for kind in TREE if issubclass(kind, ResolveError)]

ATTEMPTS = (
    Attempt("payments.shop.svc.cluster.local.", "A", "10.96.0.10", "udp", "no reply", 250.0),
    Attempt("payments.shop.svc.cluster.local.", "A", "10.96.0.10", "tcp", "NXDOMAIN", 0.42),
)
CONNECTS = (
    ConnectAttempt("10.244.1.7", 8080, errno.ECONNREFUSED, "connection refused", 0.34),
    ConnectAttempt("fd00::7", 8080, errno.ETIMEDOUT, "no answer", 4750.0),
)
MADE = [
    *(kind("payments.shop", "what is wrong", attempts=ATTEMPTS, advice="what to do") for kind in RESOLVE_ERRORS),
    InvalidHints("payments.shop", "what is wrong", code=socket.EAI_SERVICE),
    *(
        kind("payments.shop", "what is wrong", code=errno.ECONNREFUSED, attempts=CONNECTS, advice="what to do")
        for kind in (ConnectFailed, ConnectTimeout)
    ),
    ConfigError("what is wrong", advice="what to do"),
    ManifestError("what is wrong", file="shop.yaml", document=2, line=17, field="spec.ports[0].port"),
    ResolverClosed("this resolver is closed"),
]
FIELDS = {
    "name",
    "problem",
    "attempts",
    "advice",
    "code",
    "errno",
    "strerror",
    "file",
    "document",
    "line",
    "field",
    "args",
    "__notes__",
}


def fields(error):
    return {name: getattr(error, name) for name in FIELDS if hasattr(error, name)}


def bounce(error):
    """Cross a process boundary twice: as an argument, and raised."""
    raise error


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_the_hierarchy_is_the_documented_one(kind):
    above, builtin, _ = TREE[kind]
    assert issubclass(kind, above)
    assert issubclass(kind, builtin)
    assert issubclass(kind, Error)
    others = {other for other in TREE if other is not kind and issubclass(kind, other)}
    assert others == {above, *(up for up in TREE if issubclass(above, up))} - {Error, kind}


def test_no_error_is_left_out():
    defined = {v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Error)}
    assert {kind for kind in defined if not kind.__name__.startswith("_")} == {*TREE, Error}
    assert {name for name in k8sresolve.__all__ if name in vars(errors)} >= {kind.__name__ for kind in TREE}


@pytest.mark.parametrize("kind", RESOLVE_ERRORS, ids=lambda kind: kind.__name__)
def test_a_resolve_error_has_the_code_that_a_libc_would_give(kind):
    error = kind("payments.shop", "what is wrong")
    assert error.errno == error.args[0] == TREE[kind][2]
    assert error.strerror == "what is wrong"


def test_invalid_hints_have_the_code_that_they_are_given():
    error = InvalidHints("payments.shop", "what is wrong", code=socket.EAI_SERVICE)
    assert error.code == error.errno == error.args[0] == socket.EAI_SERVICE


def test_programs_that_catch_os_errors_go_on_working():
    for kind in RESOLVE_ERRORS:
        with pytest.raises(socket.gaierror):
            raise kind("payments.shop", "what is wrong")
    assert not issubclass(LookupTimeout, NotFound)
    assert not any(issubclass(kind, NotFound) for kind in TREE if issubclass(kind, TemporaryFailure))


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "through",
    [
        copy.copy,
        copy.deepcopy,
        *(lambda e, p=protocol: pickle.loads(pickle.dumps(e, p)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
    ],
)
def test_nothing_is_lost_on_the_way(error, through):
    twin = through(error)
    assert type(twin) is type(error)
    assert fields(twin) == fields(error)
    assert str(twin) == str(error)


def test_notes_and_own_attributes_are_kept_as_well():
    error = NoSuchName("payments.shop", "no such name", attempts=ATTEMPTS)
    error.add_note("while starting")
    error.request_id = 7
    twin = pickle.loads(pickle.dumps(error))
    assert (twin.__notes__, twin.request_id) == (["while starting"], 7)


def test_every_error_comes_out_of_a_process_pool_as_it_was_raised():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for error in MADE:
            with pytest.raises(type(error)) as caught:
                pool.submit(bounce, error).result(timeout=60)
            assert fields(caught.value) == fields(error)
            assert str(caught.value) == str(error)


# Messages.


def test_a_message_says_the_name_as_typed_then_what_was_tried_then_what_to_do():
    attempt = Attempt("payments.shop.svc.cluster.local.", "A", "10.96.0.10", "udp", "NXDOMAIN", 0.4)
    error = NoSuchName("payments.shop", "no such name", attempts=(attempt,))
    said = "payments.shop: no such name; tried payments.shop.svc.cluster.local. (NXDOMAIN from 10.96.0.10 in 0.4 ms)"
    assert str(error) == said
    error = NoSuchName("payments.shop", "no such name", attempts=(attempt,), advice="look again")
    assert str(error) == f"{said}; look again"
    assert str(NoSuchName("payments.shop", "no such name")) == "payments.shop: no such name"


def test_an_empty_name_shows():
    assert str(InvalidName("", "an empty name cannot be asked")) == "'': an empty name cannot be asked"


def attempt(name="a.", rdtype="A", outcome="NXDOMAIN", nameserver="10.96.0.10", transport="udp", milliseconds=1.0):
    return Attempt(name, rdtype, nameserver, transport, outcome, milliseconds)


@pytest.mark.parametrize(
    ("attempts", "text"),
    [
        ([attempt(milliseconds=0.44)], "a. (NXDOMAIN from 10.96.0.10 in 0.4 ms)"),
        # Two families with one outcome are one line, by the slower.
        ([attempt(), attempt(rdtype="AAAA", milliseconds=2)], "a. (NXDOMAIN from 10.96.0.10 in 2.0 ms)"),
        # With unlike outcomes each says its type.
        (
            [attempt(outcome="NODATA"), attempt(rdtype="AAAA", outcome="SERVFAIL")],
            "a. A (NODATA from 10.96.0.10 in 1.0 ms), a. AAAA (SERVFAIL from 10.96.0.10 in 1.0 ms)",
        ),
        # Resends are counted.
        (
            [attempt(outcome="no reply", milliseconds=ms) for ms in (750, 500, 250)],
            "a. (no reply from 10.96.0.10 in 750.0 ms, 3 sends)",
        ),
        (
            [attempt(outcome="truncated"), attempt(transport="tcp")],
            "a. A (truncated from 10.96.0.10 in 1.0 ms), a. A (NXDOMAIN from 10.96.0.10 over TCP in 1.0 ms)",
        ),
        (
            [attempt(), attempt(nameserver="[fd00::a]:5353")],
            "a. (NXDOMAIN from 10.96.0.10 in 1.0 ms), a. (NXDOMAIN from [fd00::a]:5353 in 1.0 ms)",
        ),
    ],
)
def test_attempts_are_told_without_repeating(attempts, text):
    assert summarise(tuple(attempts)) == text


def test_one_attempt_is_told_with_its_type():
    assert str(attempt("payments.", "SRV")) == "payments. SRV (NXDOMAIN from 10.96.0.10 in 1.0 ms)"


def test_of_many_attempts_the_first_and_the_last_are_told():
    text = summarise(tuple(attempt(f"n{i}.") for i in range(40)))
    assert text.count("(NXDOMAIN") == 6
    assert text.startswith("n0. ")
    assert "... 34 more ..." in text
    assert text.rpartition(", ")[2].startswith("n39. ")


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, "it is wrong"),
        ({"file": "a.yaml"}, "a.yaml: it is wrong"),
        (
            {"file": "a.yaml", "document": 2, "line": 7, "field": "spec"},
            "a.yaml, document 2, line 7, spec: it is wrong",
        ),
        ({"field": "spec.ports[0].port"}, "spec.ports[0].port: it is wrong"),
    ],
)
def test_a_manifest_error_says_where(where, text):
    assert str(ManifestError("it is wrong", **where)) == text


def test_a_config_error_says_what_to_do():
    assert str(ConfigError("it is wrong", advice="mend it")) == "it is wrong; mend it"
    assert str(ConfigError("it is wrong")) == "it is wrong"


def test_a_failed_connection_says_where_it_was_tried_and_why_and_what_to_do():
    error = ConnectFailed(
        "payments", "no connection to port 'http'", code=errno.ECONNREFUSED, attempts=CONNECTS, advice="look there"
    )
    assert str(error) == (
        "payments: no connection to port 'http'; tried 10.244.1.7:8080 (connection refused in 0.3 ms), "
        "[fd00::7]:8080 (no answer in 4750.0 ms); look there"
    )
    assert error.errno == error.args[0] == errno.ECONNREFUSED


def test_of_many_attempts_to_connect_the_text_has_the_first_and_the_last():
    attempts = tuple(
        ConnectAttempt(f"10.244.0.{n}", 80, errno.ECONNREFUSED, "connection refused", 0.1) for n in range(99)
    )
    error = ConnectFailed("payments", "no connection", attempts=attempts)
    assert error.attempts == attempts
    assert "10.244.0.8:80 (connection refused in 0.1 ms), ... 89 more ..., 10.244.0.98:80" in str(error)
