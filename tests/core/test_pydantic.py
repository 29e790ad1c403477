"""Names as fields of pydantic: from text and back, with this library's own words where it is none."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from k8sresolve import EndpointName, InvalidName, PodName, PortName, ServiceName, ZonalName

WEB = ServiceName("web", "shop")
NAMES = {
    "web.shop.svc.cluster.local": WEB,
    "web-0.web.shop.svc.cluster.local": EndpointName("web-0", WEB),
    "_http._tcp.web.shop.svc.cluster.local": PortName("http", "tcp", WEB),
    "10-244-1-7.shop.pod.cluster.local": PodName("10.244.1.7", "shop"),
    "eu-1a.pin._zone.web.shop.svc.cluster.local": ZonalName("eu-1a", "pin", WEB),
}
each_name = pytest.mark.parametrize(
    ("text", "name"), NAMES.items(), ids=[type(name).__name__ for name in NAMES.values()]
)


def field(name: object) -> TypeAdapter[Any]:
    return TypeAdapter(type(name))


@each_name
def test_text_is_read_and_written(text: str, name: object) -> None:
    assert field(name).validate_python(text) == name
    assert field(name).validate_json(f'"{text}"') == name
    assert field(name).dump_json(name) == f'"{text}"'.encode()
    assert field(name).dump_python(name, mode="json") == text


@each_name
def test_a_name_is_taken_as_it_is(text: str, name: object) -> None:
    assert field(name).validate_python(name) is name
    assert field(name).dump_python(name) is name


@each_name
@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_its_json_schema_is_that_of_text(text: str, name: object, mode: Any) -> None:
    assert field(name).json_schema(mode=mode) == {"type": "string"}


@each_name
@pytest.mark.parametrize("given", ["web shop", 7], ids=["text", "number"])
def test_what_is_no_name_is_told_in_our_words(text: str, name: Any, given: Any) -> None:
    with pytest.raises(InvalidName) as told:
        type(name).parse(given)
    with pytest.raises(ValidationError) as raised:
        field(name).validate_python(given)
    assert [one["msg"] for one in raised.value.errors()] == [f"Value error, {told.value}"]


@pytest.mark.parametrize("text", ["web.shop", "shop/web", "Web.Shop.svc", "web.shop.svc.cluster.local."])
def test_services_are_written_in_any_form_that_has_the_namespace(text: str) -> None:
    assert field(WEB).validate_python(text) == WEB


def test_a_service_without_namespace_is_none() -> None:
    with pytest.raises(ValidationError, match="web: the namespace is not known"):
        field(WEB).validate_json('"web"')


def test_pydantic_is_not_imported_before_it_asks() -> None:
    code = "import sys, k8sresolve.names; sys.exit(any(name.startswith('pydantic') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
