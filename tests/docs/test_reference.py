"""Every public name is described: what it takes and has, an example that runs, and a place on a reference page."""

import builtins
import doctest
import inspect
import os
from codeop import CommandCompiler
from pkgutil import iter_modules

import pytest

from k8sresolve import Resolver, _default, contrib, errors
from k8sresolve.testing import Cluster
from tests.docs.described import ROOT, Call, Public, calls, entries, fields, listed, on_pages, publics, typed

MODULES = (
    "k8sresolve",
    "k8sresolve.balance",
    "k8sresolve.config",
    "k8sresolve.doctor",
    "k8sresolve.errors",
    "k8sresolve.names",
    "k8sresolve.seeds",
    "k8sresolve.testing",
    "k8sresolve.testing.conformance",
    "k8sresolve.testing.histories",
    "k8sresolve.testing.scenarios",
    *sorted(f"k8sresolve.contrib.{one.name}" for one in iter_modules(contrib.__path__) if one.name[0] != "_"),
)


def called(one: Public | Call) -> str:
    return f"{one.module}.{one[1]}"


PUBLIC = publics(*MODULES)
CALLS = calls(*MODULES)
DESCRIBED = list({called(one): one for one in [*PUBLIC, *CALLS]}.values())
CLASSES = list({one.value: one for one in reversed(PUBLIC) if isinstance(one.value, type)}.values())


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
    assert [name for name, text in fields(public).items() if not text] == []


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
    assert taken - {*fields(public)} - entries(public.doc, "Args") == set()


@pytest.mark.parametrize("one", DESCRIBED, ids=called)
def test_what_it_raises_is_an_error(one: Public | Call) -> None:
    for name in entries(one.doc, "Raises"):
        kind = getattr(errors, name, None) or getattr(builtins, name)
        assert issubclass(kind, BaseException)


@pytest.mark.parametrize("public", PUBLIC, ids=called)
def test_it_has_an_example(public: Public) -> None:
    assert doctest.DocTestParser().get_examples(public.doc)


@pytest.mark.parametrize("one", DESCRIBED, ids=called)
def test_its_example_runs_by_itself(one: Public | Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """It imports all that it needs, as whoever pastes it must; the process's own resolver is that of a pod."""
    test = doctest.DocTestParser().get_doctest(one.doc, {"__name__": "__main__"}, called(one), None, None)
    if not test.examples:
        return
    monkeypatch.chdir(ROOT)
    cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    monkeypatch.setattr(_default, "_made", {(os.getpid(), Resolver): cluster.resolver(namespace="shop")})
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


@pytest.mark.parametrize("one", DESCRIBED, ids=called)
def test_its_example_can_be_pasted_at_the_prompt(one: Public | Call) -> None:
    """At that of Python 3.11 and 3.12 a block ends with an empty line: `...` alone."""
    compiler, statement = CommandCompiler(), ""
    for line in [*typed(one.doc), ""]:
        statement += f"{line}\n"
        if compiler(statement.removesuffix("\n"), "<pasted>", "single") is not None:
            statement = ""
    assert not statement.strip()


@pytest.mark.parametrize("public", PUBLIC, ids=called)
def test_it_has_a_place_on_a_page(public: Public) -> None:
    assert public.path in on_pages()
