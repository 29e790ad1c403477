from tests.controlplane.build import go_mod

PUBLISHED = """\
module k8s.io/kubernetes

go 1.26.0

require (
	github.com/blang/semver/v4 v4.0.0
	k8s.io/api v0.0.0
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/client-go => ./staging/src/k8s.io/client-go
)
"""


def test_the_folders_of_kubernetes_are_replaced_by_what_was_published_of_them():
    lines = go_mod(PUBLISHED, "1.38.0").splitlines()
    assert lines[0] == "module plane"
    assert "\tk8s.io/client-go => k8s.io/client-go v0.38.0" in lines
    assert not any("staging" in line for line in lines)
    assert lines[-1] == "require k8s.io/kubernetes v1.38.0"
