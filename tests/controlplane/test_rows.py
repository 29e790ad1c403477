import pytest

from tests.controlplane import rows


@pytest.mark.parametrize(
    ("status", "want"),
    [
        (
            {
                "code": 422,
                "reason": "Invalid",
                "details": {"causes": [{"reason": "FieldValueInvalid", "message": "...", "field": "metadata.name"}]},
            },
            {"field": "metadata.name", "type": "FieldValueInvalid"},
        ),
        ({"code": 409, "reason": "AlreadyExists"}, {"field": None, "type": "AlreadyExists"}),
        (
            {"code": 400, "message": 'strict decoding error: unknown field "spec.clusterip"'},
            {"field": "spec.clusterip", "type": "UnknownField"},
        ),
        (
            {
                "code": 400,
                "message": "Service in version v1 cannot be handled as a Service: json: cannot unmarshal string into"
                " Go struct field ServicePort.spec.ports.port of type int32",
            },
            {"field": "spec.ports.port", "type": "BadRequest"},
        ),
    ],
)
def test_a_refusal_is_field_and_type(status, want):
    assert rows.causes(status) == [want]


def test_a_warning_is_the_field_that_it_names_or_else_its_text():
    assert rows.warning("spec.clusterIPs[0]: should be in canonical form") == "spec.clusterIPs[0]"
    assert (
        rows.warning("v1 Endpoints is deprecated in v1.33+; use ...") == "v1 Endpoints is deprecated in v1.33+; use ..."
    )


def test_what_the_server_chose_has_a_placeholder():
    spec = {
        "clusterIP": "10.96.0.9",
        "clusterIPs": ["10.96.0.9", "fd00::9"],
        "ports": [{"port": 80, "nodePort": 30001}, {"port": 81, "nodePort": 30002}],
    }
    assert rows.stored(spec, '{"clusterIP": "10.96.0.9", "nodePort": 30002}') == {
        "clusterIP": "10.96.0.9",
        "clusterIPs": ["10.96.0.9", "<IPv6>"],
        "ports": [{"port": 80, "nodePort": "<port>"}, {"port": 81, "nodePort": 30002}],
    }
