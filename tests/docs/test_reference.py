"""Every public name is described: what it takes and has, an example that runs, and a place on a reference page."""

import builtins
import doctest
import inspect
from codeop import CommandCompiler
from types import FunctionType

import pytest

import k8sresolve
from k8sresolve import errors
from tests.docs.described import ROOT, Call, Public, calls, entries, fields, listed, on_pages, publics

MODULES = (
    "k8sresolve",
    "k8sresolve.balance",
    "k8sresolve.config",
    "k8sresolve.doctor",
    "k8sresolve.errors",
    "k8sresolve.names",
    "k8sresolve.seeds",
)
PUBLIC = publics(*MODULES)
CALLS = calls(*MODULES)
CLASSES = list({one.value: one for one in reversed(PUBLIC) if isinstance(one.value, type)}.values())


def called(one: Public | Call) -> str:
    return f"{one.module}.{one[1]}"


@pytest.mark.parametrize("public", PUBLIC, ids=called)
def test_it_is_described_by_a_text_of_its_own(public: Public) -> None:
    assert public.doc
    if isinstance(public.value, type):
        assert "__doc__" in vars(public.value)
        assert public.value.__doc__


@pytest.mark.parametrize("call", CALLS, ids=called)
def test_each_parameter_of_a_call_is_listed(call: Call) -> None:
    assert call.doc
    assert listed(call) == {*call.parameters}


@pytest.mark.parametrize("public", CLASSES, ids=called)
def test_each_field_of_a_class_has_a_text_of_its_own(public: Public) -> None:
    assert [name for name, text in fields(public.value).items() if not text] == []


@pytest.mark.parametrize("public", CLASSES, ids=called)
def test_what_makes_one_is_listed_or_a_field(public: Public) -> None:
    if "Made by `" in public.doc or getattr(public.value, "_is_protocol", False):
        return  # programs make none
    try:
        parameters = inspect.signature(public.value).parameters.values()
    except ValueError:  # of a class whose __init__ is not Python's
        return
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    taken = {one.name for one in parameters if one.kind not in variable}
    assert taken - {*fields(public.value)} - entries(public.doc, "Args") == set()


@pytest.mark.parametrize("one", [*PUBLIC, *CALLS], ids=called)
def test_what_it_raises_is_an_error(one: Public | Call) -> None:
    for name in entries(one.doc, "Raises"):
        kind = getattr(errors, name, None) or getattr(builtins, name)
        assert issubclass(kind, BaseException)


@pytest.mark.parametrize("public", PUBLIC, ids=called)
def test_it_has_an_example(public: Public) -> None:
    assert doctest.DocTestParser().get_examples(public.doc)


@pytest.mark.parametrize(
    "public", [one for one in PUBLIC if not isinstance(one.value, type | FunctionType)], ids=called
)
def test_the_example_below_it_runs(public: Public, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of docstrings run in tests/core/test_public.py."""
    monkeypatch.chdir(ROOT)
    test = doctest.DocTestParser().get_doctest(public.doc, {}, called(public), None, None)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


@pytest.mark.parametrize("one", [*PUBLIC, *CALLS], ids=called)
def test_its_example_can_be_pasted_at_the_prompt(one: Public | Call) -> None:
    """At that of Python 3.11 and 3.12 a block ends with an empty line: `...` alone."""
    pasted = [line for example in doctest.DocTestParser().get_examples(one.doc) for line in _typed(example.source)]
    compiler, statement = CommandCompiler(), ""
    for line in [*pasted, ""]:
        statement += f"{line}\n"
        if compiler(statement.removesuffix("\n"), "<pasted>", "single") is not None:
            statement = ""
    assert not statement.strip()


def _typed(source: str) -> list[str]:
    return source.removesuffix("\n").split("\n")


@pytest.mark.parametrize("public", PUBLIC, ids=called)
def test_it_has_a_place_on_a_page(public: Public) -> None:
    path = public.name if getattr(k8sresolve, public.name, None) is public.value else called(public)
    assert f"k8sresolve.{path.removeprefix('k8sresolve.')}" in on_pages()
