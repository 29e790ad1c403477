"""What is taken for a host, and what looks like one."""

import pytest

from k8sresolve.testing.checks.names.mentions import mentions


def found(key, text, **how):
    return [(each.host, each.port) for each in mentions(key, text, **how) if not each.vague]


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        # A URL: what stands before and behind host and port is not told on.
        ("A", "http://web", [("web", 80)]),
        ("A", "https://web.shop/path?x=http://other", [("web.shop", 443)]),
        ("A", "see http://web:8080, and https://api.shop.", [("web", 8080), ("api.shop", 443)]),
        ("A", "postgres://me:pw@db.data:5433/x?sslmode=off", [("db.data", 5433)]),
        ("A", "jdbc:mysql://db/x", [("db", 3306)]),
        ("A", "mongodb://a:1,b.c:2,d/x", [("a", 1), ("b.c", 2), ("d", 27017)]),
        ("A", "dns:///web.shop:8080", [("web.shop", 8080)]),
        ("A", "tcp://10.0.0.1:80", []),
        ("A", "http://localhost:80", []),
        ("A", "http://web.localhost", []),
        ("A", "http://[::1]:80/", []),
        ("A", "http://${HOST}:80/", []),
        ("A", "http://db-{0...1}.db/data{1...4}", [("db-0.db", 80), ("db-1.db", 80)]),
        ("A", "tcp://db-{09..10}.db:81", [("db-09.db", 81), ("db-10.db", 81)]),
        ("A", "at db-{1...2}.db.shop.svc:81", [("db-1.db.shop.svc", 81), ("db-2.db.shop.svc", 81)]),
        ("A", "http://db-{0...999}.db/", []),
        ("A", "http://db-{a...c}.db/ http://db-{1,2}.db", []),
        ("A", "http://$(HOST).shop:80/", []),
        ("A", "http://{{ .Values.host }}/", []),
        ("A", "http://<your-host>/", []),
        ("A", "http://web:0/", []),
        ("A", "http://web:99999/", []),
        ("A", "http://web:/", []),
        ("A", "unix:///run/a.sock", []),
        ("A", "s3://bucket/key", []),
        ("A", "docker://redis:6379", []),
        ("A", "spiffe://cluster.local/ns/shop", []),
        ("A", "mongodb+srv://db.data", []),
        # Thanos, Loki and their like: whether addresses or SRV records are looked up.
        ("A", "dns+web:80", [("web", 80)]),
        ("store", "dnssrv+_grpc._tcp.store.shop:1", [("_grpc._tcp.store.shop", 1)]),
        (
            "A",
            "dnssrvnoa+_grpc._tcp.store.shop.svc",
            [("_grpc._tcp.store.shop.svc", None), ("_grpc._tcp.store.shop.svc", None)],
        ),
        ("addresses", "dns+a:1,dns+b.c", [("a", 1), ("b.c", None)]),
        ("a.yaml", "- x\n  members: [dns+ring.loki:7946]\n", [("ring.loki", 7946)]),
        ("A", "srv://_x._tcp.web", [("_x._tcp.web", None)]),
        ("A", "mdns+web:80", []),
        ("A", "dns+${HOST}:80", []),
        ("A", "dnssec+web", []),
        # A port behind it, and nothing else in the value.
        ("CART_ADDR", "cart:7070", [("cart", 7070)]),
        ("KAFKA_BROKERS", "kafka-0.kafka:9092,kafka-1.kafka:9092", [("kafka-0.kafka", 9092), ("kafka-1.kafka", 9092)]),
        ("OTHER", "cart:7070", [("cart", 7070)]),
        ("OTHER", "redis:7", []),
        ("REDIS_HOST", "redis:7", [("redis", 7)]),
        ("IMAGE", "redis:6379", []),
        ("SIDECAR_IMAGE", "ubuntu:2204", []),
        ("TIME", "12:30", []),
        ("A", "a:b", []),
        ("A", "say cart:7070", []),
        ("ADDR", ":8080", []),
        ("LISTEN_ADDR", "web:8080", []),
        ("bind-address", "web", []),
        # A key that says so.
        ("DB_HOST", "mysql", [("mysql", None)]),
        ("dbHost", "mysql.data", [("mysql.data", None)]),
        ("redis-addr", "redis", [("redis", None)]),
        ("spring.redis.host", "redis", [("redis", None)]),
        ("DB_HOST", "10.0.0.1", []),
        ("DB_HOST", "true", []),
        ("DB_HOST", "my_sql$", []),
        ("DB_HOST", "", []),
        ("DB_HOSTS", "a,b", [("a", None), ("b", None)]),
        ("DB_HOSTS", "a,b c", []),
        ("NAME", "mysql", []),
        ("BROKER", "kafka", []),
        ("API_URL", "/path", []),
        # What ends in .svc, wherever it stands.
        ("A", "ask web.shop.svc now", [("web.shop.svc", None)]),
        ("A", "-c=web.shop.svc.cluster.local:80;", [("web.shop.svc.cluster.local", 80)]),
        ("A", "_http._tcp.web.shop.svc", [("_http._tcp.web.shop.svc", None)]),
        ("A", "WEB.Shop.SVC", [("web.shop.svc", None)]),
        ("A", "*.shop.svc .shop.svc x@web.shop.svc", []),
        ("A", "$(X).shop.svc ${X}.shop.svc", []),
        ("A", "web.shop.svc.$DOMAIN", []),
        ("NO_PROXY", "web.shop.svc,localhost", []),
        # What looks like one and is none.
        ("FILE", "config.yaml", []),
        ("MAIN", "com.example.app.Main", []),
        ("args", "app.py", []),
        ("LABEL", "app.kubernetes.io/name", []),
        ("CGROUP", "/sys/fs/cgroup/memory.slice", []),
        ("VERSION", "1.2.3", []),
        ("SQL", "select a.b from shop.orders", []),
        ("GATES", "A=true,B=false", []),
    ],
)
def test_a_host_is_taken_and_nothing_else(key, text, expected):
    assert found(key, text) == expected


@pytest.mark.parametrize(
    "key",
    ["DB_PASSWORD", "db-password", "apiKey", "API_TOKEN", "client.secret", "ALLOWED_HOSTS", "CORS_URL", "no_proxy"],
)
def test_what_is_secret_or_compared_is_not_looked_at(key):
    assert found(key, "http://web.shop.svc:80") == found(key, "web:8080") == []


def test_of_a_secret_a_port_does_not_make_a_host():
    assert found("a", "web:8080", secret=True) == []
    assert found("ADDR", "web:8080", secret=True) == [("web", 8080)]


def test_a_password_with_an_unescaped_slash_is_taken_for_no_host():
    assert found("A", "postgres://me:54329/x@db") == []


def test_a_file_is_read_line_by_line():
    text = """
        # http://comment
        // http://comment
        url: http://web:8080  # http://comment
        db.host=mysql
        password: http://secret
        "redisHost": "redis",
        targets: ['node-exporter:9100', "web:80"]
        name: web
        proxy_pass http://catalogue/;
        import com.example.shop:8080
        image: redis:6379
    """
    hosts = [host for host, _ in found("app.conf", text)]
    assert hosts == ["web", "mysql", "redis", "node-exporter", "web", "catalogue"]


def test_a_dashboard_of_grafana_names_no_host():
    variable = '{"current": {"value": "http://web:8080"}, "name": "host"}'
    for gap in ("", "\n"):
        board = f'{gap}{{"panels": [],{gap} "schemaVersion": 36,{gap} "templating": {{"list": [{variable}]}}}}'
        assert found("board.json", board) == []
        assert found("board.json", board.replace("panels", "sources")) == [("web", 8080)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("zookeeper.connect=zookeeper:2181", [("zookeeper", 2181)]),
        ("zookeeper.connect=zoo-0.zoo:2181,zoo-1.zoo:2181/kafka", [("zoo-0.zoo", 2181), ("zoo-1.zoo", 2181)]),
        ("server.1=zoo-0.zoo:2888:3888:participant", [("zoo-0.zoo", 2888)]),
        ("where: cart:7070", [("cart", 7070)]),
        ("where: 'cart:7070' # a comment: web:80", [("cart", 7070)]),
        ('  "where": "cart:7070",', [("cart", 7070)]),
        ('- all: ["cart:7070", "web:8080"]', [("cart", 7070), ("web", 8080)]),
        ("  - cart:7070", [("cart", 7070)]),
        ('  - "cart:7070"', [("cart", 7070)]),
        ("upstream app { server cart:7070 weight=5; server web:8080; }", [("cart", 7070), ("web", 8080)]),
        ("  server cart1 cart:7070 check", [("cart", 7070)]),
        ("image: redis:6379", []),
        ("a: redis:14", []),
        ("password=cart:7070", []),
        ("a=b;password=cart:7070", []),
        ("listen: cart:7070", []),
        ("say cart:7070", []),
        ("a: 12:3000", []),
        ("a: cart:7070-alpine", []),
        ("a: x/cart:7070", []),
        ("a: cart:${PORT}", []),
        ("a: me@cart:7070", []),
    ],
)
def test_a_port_behind_a_word_in_a_file_makes_it_likely_a_host(line, expected):
    told = list(mentions("a.conf", f"x\n{line}\n"))
    assert [(each.host, each.port) for each in told] == expected
    assert all(each.likely for each in told)


def test_an_upstream_of_nginx_is_a_name_of_the_file_alone():
    text = "upstream app {\n  server web:80;\n}\nlocation / { proxy_pass http://app; }\nproxy_pass http://api;"
    assert found("default.conf", text) == [("web", 80), ("api", 80)]


def test_a_text_of_megabytes_is_left_alone():
    assert found("A", "http://web " + " " * (1 << 20)) == []


def test_time_grows_with_the_text():
    for text in ("a." * 100_000, "http://" * 50_000, "a-" * 100_000 + ".svc", "a://" + "b," * 100_000, "_." * 100_000):
        assert len(found("A", text)) < 2
        assert len(found("A", text + "\nx")) < 2
    for text in ("=a:79," * 50_000, "server " * 50_000, '-"' * 50_000, "=" + "a." * 100_000, "=a:79" + ":8" * 50_000):
        assert found("A", text + "\nx") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://a:1,http://b.c:2", [("a", 1), ("b.c", 2)]),
        ("a=http://a:1,b=https://b", [("a", 1), ("b", 443)]),
        ("amqp://me:pw@a:1,amqp://me:pw@b:2", [("a", 1), ("b", 2)]),
        ("jdbc:mysql:loadbalance://a,b:1/x", [("a", 3306), ("b", 1)]),
        ("jdbc:sqlserver://a;databaseName=x", [("a", 1433)]),
        ("PLAINTEXT://a:1,b:2", [("a", 1), ("b", 2)]),
        ("a:2181,b:2181/chroot", [("a", 2181), ("b", 2181)]),
        ("registry:5000/image", []),
        ("rs0/a:2701,b:2702", [("a", 2701), ("b", 2702)]),
        ("a:1121;b:1121", [("a", 1121), ("b", 1121)]),
        ("a:1121 b:1121", [("a", 1121), ("b", 1121)]),
        ("postgresql+psycopg2://me:pw@a/x", [("a", 5432)]),
        ("git+https://a/x", [("a", 443)]),
        ("mssql+pyodbc://me:pw@a/x?driver=y", [("a", 1433)]),
    ],
)
def test_each_host_of_a_list_is_taken(text, expected):
    assert found("A", text) == expected


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("join", "web,db.shop", ["web", "db.shop"]),
        ("service", "web", ["web"]),
        ("TYPHA_SERVICE_NAME", "web", ["web"]),
        ("SERVICE_NAME", "web", []),
        ("OTEL_SERVICE_NAME", "web", []),
        ("join", "true", []),
        ("join", "web app", []),
        ("name", "web", []),
    ],
)
def test_what_may_be_a_services_name_is_vague(key, text, expected):
    told = list(mentions(key, text))
    assert [each.host for each in told] == expected
    assert all(each.vague for each in told)
