"""What the cluster's nameserver is told is checked as it is given, and the error says what to give."""

from pathlib import Path

import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing import Cluster, KubernetesOptions


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"server_addresses": "10.1.1.1"},
            r"^server_addresses='10\.1\.1\.1' are no addresses; give IP addresses: \['10\.244\.0\.2'\]",
        ),
        ({"server_addresses": []}, r"^server_addresses=\[\] are no addresses"),
        ({"server_addresses": ["dns"]}, "^server_addresses="),
        ({"server_addresses": [10]}, "^server_addresses="),
        ({"server_addresses": None}, "^server_addresses=None"),
        ({"options": "x"}, r"^options cannot be 'x'; give KubernetesOptions"),
        ({"corefile": Path("Corefile")}, "^corefile cannot be .*; give the text of a Corefile"),
        ({"upstream": "example.org"}, "^upstream cannot be 'example.org'; give the texts of zone files"),
        ({"upstream": {"example.org": None}}, r"^upstream\['example\.org'\] cannot be None"),
        ({"upstream": {None: ""}}, "^an origin in upstream cannot be None"),
        ({"seed": "7"}, "^seed cannot be '7'; give a whole number"),
        ({"corefile": "", "options": KubernetesOptions()}, "^corefile and options exclude each other"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_at_the_door(settings, says):
    with pytest.raises(ConfigError, match=says):
        Cluster.from_objects([], **settings)
    with pytest.raises(ConfigError, match=says):
        Cluster.from_manifests("docs/examples/shop.yaml", **settings)


@pytest.mark.parametrize("option", ["zones", "fallthrough", "namespaces", "multicluster"])
def test_one_text_is_not_taken_for_its_letters(option):
    with pytest.raises(ConfigError, match=r"^'shop' is one text, .*give \['shop'\]"):
        KubernetesOptions(**{option: "shop"})
