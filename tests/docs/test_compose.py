"""The example for docker compose fits the manifests that it serves, and `serve` takes its words."""

import shlex
from ipaddress import ip_address, ip_network
from pathlib import Path

import yaml

from k8sresolve import ResolverConfig
from k8sresolve.cli.main import main
from k8sresolve.testing import Cluster

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


def test_containers_have_the_addresses_and_the_search_list_of_the_manifests():
    compose = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())
    services, networks = compose["services"], compose["networks"]
    command = shlex.split(services["dns"]["command"])
    listen = command[command.index("--listen") + 1].removesuffix(":53")
    addresses = {
        name: {network: how["ipv4_address"] for network, how in service["networks"].items() if how}
        for name, service in services.items()
        if isinstance(service["networks"], dict)
    }
    assert addresses["dns"] == {"cluster": listen}
    for given in addresses.values():
        for network, address in given.items():
            assert ip_address(address) in ip_network(networks[network]["ipam"]["config"][0]["subnet"])
    checkout = services["checkout"]
    assert checkout["dns"] == [listen]
    pod = ResolverConfig.for_cluster(listen, namespace="shop")
    assert (tuple(checkout["dns_search"]), checkout["dns_opt"]) == (pod.search, [f"ndots:{pod.ndots}"])
    cluster = Cluster.from_manifests(str(EXAMPLES / "shop.yaml"))
    assert cluster.serve(listen, 53).host == listen
    with cluster.resolver(namespace="shop") as resolver:
        [address] = resolver.addresses("payments.shop").addresses
    assert addresses["payments"] == {"services": str(address)}


def test_serve_takes_its_words(capsys, monkeypatch):
    monkeypatch.chdir(EXAMPLES)
    command = yaml.safe_load(Path("compose.yaml").read_text())["services"]["dns"]["command"]
    # This machine has no such address, which is all that keeps it from listening.
    status = main(shlex.split(command.replace("/manifests", "shop.yaml").replace("172.30.0.53:53", "172.30.255.254:0")))
    assert status == 2
    assert capsys.readouterr().err.startswith("k8sresolve: cannot listen on 172.30.255.254:0: Cannot assign requested")
