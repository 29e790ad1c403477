"""Services and their ports: SRV, glue, and what is missing."""

from tests.drivers import script
from tests.drivers.scenarios.vocabulary import call, one

SCENARIOS = (
    one("G6 a port with glue is one question", "80 payments=10.96.20.1", {"SRV udp": 1},
        calls=(call("port", "payments", "http"),)),
    one("a service and its port in one round", "10.96.20.1", {"A udp": 1, "SRV udp": 1},
        calls=(call("service", "payments", ports=["http"]),)),
    one("missing glue is asked for", "9042 cassandra-0=10.244.1.10 cassandra-1=10.244.1.11",
        {"SRV udp": 1, "A udp": 2}, script.no_glue, calls=(call("port", "cassandra", "cql"),)),
    one("partial glue: only the rest is asked for", "9042 cassandra-0=10.244.1.10 cassandra-1=10.244.1.11",
        {"SRV udp": 1, "A udp": 1}, script.partial_glue, calls=(call("port", "cassandra", "cql"),)),
    one("a target '.' is decidedly nothing", "NoData", {"SRV udp": 1}, says="not offered",
        calls=(call("port", "payments", "none"),)),
    one("a port that is missing, of a Service that is there", "NoSuchName", {"SRV udp": 1, "A udp": 1},
        says="the Service has no port 'htp'", calls=(call("port", "payments", "htp"),)),
    one("a port of a Service that is missing", "NoSuchName", {"SRV udp": 1, "A udp": 1},
        says="there is no Service 'nope'", calls=(call("port", "nope", "http"),)),
)  # fmt: skip
