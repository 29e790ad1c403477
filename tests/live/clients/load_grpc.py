"""gRPC under load: a channel to a target, `dns:///` with `round_robin`, or a static one."""

import json

import grpc

from tests.live import load

METHOD = "/shop.Who/Are"
ROUND_ROBIN = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})


def main() -> None:
    options = [("grpc.service_config", ROUND_ROBIN), *map(tuple, load.plan.get("options", ()))]
    with grpc.insecure_channel(load.plan["target"], options) as channel:
        are = channel.unary_unary(METHOD)
        load.drive(lambda: str(json.loads(are(b"", timeout=5))["pod"]))


if __name__ == "__main__":
    main()
