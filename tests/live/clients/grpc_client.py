"""gRPC's own DNS resolver, told by GRPC_DNS_RESOLVER to be `native` or `ares`; servers at the Services' addresses.

The argument is the nameserver that a target states, or nothing for the one of resolv.conf.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

SERVERS = ("10.96.20.1:9090", "10.244.1.51:50051", "10.244.2.51:50051", "10.244.3.51:50051")
METHOD = "/shop.Who/Are"
ROUND_ROBIN = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})
CALLS = 30


def server(pool: ThreadPoolExecutor, address: str) -> grpc.Server:
    def handle(_request: bytes, _context: Any) -> bytes:
        return address.encode()

    handlers = {"Are": grpc.unary_unary_rpc_method_handler(handle)}
    made = grpc.server(pool)
    made.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("shop.Who", handlers)])
    made.add_insecure_port(address)
    made.start()
    return made


def call(target: str, calls: int) -> list[str] | str:
    options = [("grpc.service_config", ROUND_ROBIN), ("grpc.enable_retries", 0)]
    with grpc.insecure_channel(target, options) as channel:
        method = channel.unary_unary(METHOD)
        try:
            if calls > 1:
                # All subchannels connect in their own time.
                method(b"", wait_for_ready=True, timeout=5)
            return sorted({method(b"", timeout=5).decode() for _ in range(calls)})
        except grpc.RpcError as error:
            return error.code().name


def main() -> None:
    nameserver = sys.argv[1]
    with ThreadPoolExecutor(8) as pool:
        servers = [server(pool, address) for address in SERVERS]
        told = {
            "payments": call(f"dns://{nameserver}/payments:9090", 1),
            "ledger": call(f"dns://{nameserver}/ledger.shop:50051", CALLS),
            "nope": call(f"dns://{nameserver}/nope.shop:50051", 1),
        }
        for each in servers:
            each.stop(None).wait()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
