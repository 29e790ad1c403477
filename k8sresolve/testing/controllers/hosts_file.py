"""What the kubelet writes into a pod's /etc/hosts.

Source: `pkg/kubelet/kubelet_pods.go` of Kubernetes 1.37.2, `managedHostsFileContent` and `nodeHostsFileContent`.
"""

from collections.abc import Iterator

from k8sresolve.testing.controllers.kubelet import Kubelet
from k8sresolve.testing.objects.kinds import Pod
from k8sresolve.testing.objects.labels import MOST_LABEL

_LOCAL = """\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
"""
_NODE = "# Kubernetes-managed hosts file (host network).\n"
_ALIASES = "\n# Entries added by HostAliases.\n"


def write_hosts_file(pod: Pod, kubelet: Kubelet) -> str:
    """Write the file that a pod would have; one with hostNetwork has its node's.

    >>> from k8sresolve.testing import Kubelet, Pod
    >>> write_hosts_file(Pod("shop", "db-0", ips=("10.244.0.7",)), Kubelet()).splitlines()[-1].split()
    ['10.244.0.7', 'db-0']
    """
    head = _NODE + kubelet.hosts if pod.spec.host_network else _LOCAL + "".join(_own_lines(pod, kubelet))
    aliases = [_line(ip, *names) for ip, names in pod.spec.host_aliases]
    return head + (_ALIASES + "".join(aliases) if aliases else "")


def _own_lines(pod: Pod, kubelet: Kubelet) -> Iterator[str]:
    """Write a line for each address of the pod (`GeneratePodHostNameAndDomain`)."""
    spec = pod.spec
    name = spec.hostname_override or pod.hostname or pod.name[:MOST_LABEL].rstrip("-.")
    has_domain = spec.subdomain and not spec.hostname_override
    domain = f"{spec.subdomain}.{pod.namespace}.svc.{kubelet.cluster_domain}"
    for ip in pod.ips:
        yield _line(ip, f"{name}.{domain}", name) if has_domain else _line(ip, name)


def _line(ip: str, *names: str) -> str:
    return "\t".join((ip, *names)) + "\n"
