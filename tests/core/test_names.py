"""Names: every spelling, the limits, and what is no name."""

import copy
import pickle
from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve import EndpointName, InvalidName, PodName, PortName, ServiceName, ZonalName
from k8sresolve.names import check_domain, check_host, check_namespace, dashed, parse_pointer, port_number, undashed

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
SERVICES = st.builds(ServiceName, LABELS, LABELS, DOMAINS)
ADDRESSES = st.ip_addresses()
CASE = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])
PAYMENTS = ServiceName("payments", "shop")

# What is neither a name nor could be read as one.
NO_TEXT = [None, 5, 5.0, b"payments", ["payments"], object, True]


# Services.


@pytest.mark.parametrize(
    "text",
    [
        "payments",
        "payments.shop",
        "payments.shop.svc",
        "payments.shop.svc.cluster.local",
        "payments.shop.svc.cluster.local.",
        "PayMents",
        "PAYMENTS.Shop",
        "payments.shop.SVC",
        "Payments.Shop.Svc.Cluster.LOCAL.",
        "shop/payments",
        "Shop/PAYMENTS",
    ],
)
def test_each_spelling_in_each_letter_case_names_the_service(text):
    assert ServiceName.parse(text, namespace="shop", cluster_domain="cluster.local") == PAYMENTS


def test_a_name_has_its_forms_for_dns_and_for_urls():
    assert PAYMENTS.fqdn == "payments.shop.svc.cluster.local."
    assert PAYMENTS.host == str(PAYMENTS) == "payments.shop.svc.cluster.local"


@pytest.mark.parametrize("domain", ["local", "k8s.corp.example", "svc", "a.b.c.d.e.f"])
def test_a_full_name_states_its_own_domain_which_wins(domain):
    name = ServiceName.parse(f"payments.shop.svc.{domain}", namespace="other", cluster_domain="cluster.local")
    assert (name.namespace, name.cluster_domain) == ("shop", domain)


@pytest.mark.parametrize(
    ("text", "service", "namespace"),
    [("svc", "svc", "shop"), ("svc.svc", "svc", "svc"), ("svc.svc.svc", "svc", "svc"), ("0.1", "0", "1")],
)
def test_labels_that_look_like_something_else_are_labels(text, service, namespace):
    name = ServiceName.parse(text, namespace="shop", cluster_domain="cluster.local")
    assert (name.service, name.namespace) == (service, namespace)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        ".payments",
        "payments..shop",
        "payments.shop.svc..",
        "payments.",
        "payments.shop.",
        "payments.shop.svc.",
        "api.example.com",
        "api.example.com.",
        "web-0.web.shop.svc.cluster.local",
        "_http._tcp.payments.shop.svc.cluster.local",
        "10-244-1-7.shop.pod.cluster.local",
        "-payments",
        "payments-.shop",
        "pay_ments",
        "pay ments",
        " payments",
        "payments\n",
        "payments\x00",
        "zahlungen-für.shop",
        "\u212a8s",  # the Kelvin sign, whose lower case is k
        "payments.shop.svc.cluster.lo_cal",
        f"{'a' * 64}.shop",
        f"a.b.svc.{'c' * 60}.{'c' * 60}.{'c' * 60}.{'c' * 64}",
        f"payments.shop.svc.{'.'.join(['c' * 59] * 4)}.toolong",
        *NO_TEXT,
    ],
)
def test_what_names_no_service_is_an_invalid_name(text):
    with pytest.raises(InvalidName):
        ServiceName.parse(text, namespace="shop", cluster_domain="cluster.local")


def test_no_service_name_points_to_addresses():
    with pytest.raises(InvalidName, match=r"^api.example.com: .*addresses\(\)"):
        ServiceName.parse("api.example.com", namespace="shop", cluster_domain="cluster.local")


def test_a_short_form_says_what_would_complete_it():
    with pytest.raises(InvalidName, match="namespace="):
        ServiceName.parse("payments", cluster_domain="cluster.local")
    with pytest.raises(InvalidName, match="cluster_domain="):
        ServiceName.parse("payments.shop")


@pytest.mark.parametrize("field", range(3))
@pytest.mark.parametrize("value", ["", "-a", "a_b", "a b", "ä", "\u212a", "a\n", *NO_TEXT])
def test_a_name_cannot_be_made_of_what_is_no_label(field, value):
    fields = ["payments", "shop", "cluster.local"]
    fields[field] = value
    with pytest.raises(InvalidName):
        ServiceName(*fields)


def test_dots_stand_in_a_cluster_domain_alone():
    assert ServiceName("a", "b", "Corp.Example.").cluster_domain == "corp.example"
    for fields in (("a.b", "c"), ("a", "b.c")):
        with pytest.raises(InvalidName):
            ServiceName(*fields)


# Limits: RFC 1035, section 2.3.4. 253 characters of text are 255 octets in a message.


def domain_of(length):
    """A cluster domain of so many characters."""
    labels = ["d" * 50] * (length // 51)
    rest = length - 51 * len(labels)
    return ".".join([*labels, "d" * rest])


def test_a_label_has_63_characters_at_most():
    assert ServiceName("a" * 63, "b" * 63).service == "a" * 63
    with pytest.raises(InvalidName, match="63"):
        ServiceName("a" * 64, "b")


def test_a_name_has_253_characters_at_most():
    room = 253 - len("payments.shop.svc.")
    assert len(ServiceName("payments", "shop", domain_of(room)).host) == 253
    with pytest.raises(InvalidName, match="253 characters; this one has 254"):
        ServiceName("payments", "shop", domain_of(room + 1))


def test_names_below_a_service_have_the_same_limit():
    service = ServiceName("payments", "shop", domain_of(253 - len("payments.shop.svc.")))
    for make in (lambda: EndpointName("a", service), lambda: PortName("a").at(service)):
        with pytest.raises(InvalidName, match="253"):
            make()
    with pytest.raises(InvalidName, match="253"):
        PodName("10.10.10.10", "shop", service.cluster_domain)


def test_check_host_takes_what_can_be_asked():
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert len(longest) == 253
    for name in ("a", "A.b.", ".", "_x._y.z", "x--y", "127.0.0.1", "a*b", longest, f"{longest}."):
        assert check_host(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        ".a",
        "a..",
        "a..b",
        "a" * 64,
        "a." * 127 + "a",
        "a b",
        "a\tb",
        "a\x7f",
        "a\x1b[31m",
        "\u202e",
        "ä.example",
        *NO_TEXT,
    ],
)
def test_check_host_refuses_what_cannot_and_shows_it_in_plain_ascii(name):
    with pytest.raises(InvalidName) as caught:
        check_host(name)
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


def test_an_endless_name_does_not_make_an_endless_message():
    for make in (check_host, check_namespace, ServiceName.parse, PortName):
        with pytest.raises(InvalidName) as caught:
            make("a" * 1_000_000)
        assert len(str(caught.value)) < 600


def test_namespaces_and_domains_are_checked_alike():
    assert (check_namespace("Shop"), check_domain("K8s.Example.")) == ("shop", "k8s.example")
    for bad in ("", ".", "a..b", "a_b", *NO_TEXT):
        with pytest.raises(InvalidName):
            check_namespace(bad)
        with pytest.raises(InvalidName):
            check_domain(bad)


# Endpoints, ports and pods.


def test_an_endpoint_is_named_by_host_name_or_address():
    named = EndpointName.parse("Cassandra-0.cassandra.data.svc.cluster.local.")
    assert (named.endpoint, named.address) == ("cassandra-0", None)
    assert named.service == ServiceName("cassandra", "data")
    assert named.fqdn == "cassandra-0.cassandra.data.svc.cluster.local."
    assert EndpointName.parse("10-244-3-1.w.data.svc.c.local").address == IPv4Address("10.244.3.1")
    assert EndpointName.parse("fd00--0.w.data.svc.c.local").address == IPv6Address("fd00::")
    assert EndpointName.parse("--1.w.data.svc.c.local").address == IPv6Address("::1")


@pytest.mark.parametrize(
    "text",
    [
        "cassandra.data.svc.cluster.local",
        "cassandra-0.cassandra.data",
        "cassandra-0.cassandra.data.svc",
        "a.b.c.d.svc.cluster.local",
        "-x.cassandra.data.svc.cluster.local",
        "",
        *NO_TEXT,
    ],
)
def test_no_endpoint_names(text):
    with pytest.raises(InvalidName):
        EndpointName.parse(text)


def test_errors_name_what_was_given_as_a_whole():
    for parse, text in (
        (EndpointName.parse, "web-0.we_b.shop.svc.cluster.local"),
        (PortName.parse, "_http._tcp.web.shop"),
        (PodName.parse, "10-1-1-1.sh_op.pod.cluster.local"),
        (PodName.parse, "10-1-1.shop.pod.cluster.local"),
    ):
        with pytest.raises(InvalidName) as caught:
            parse(text)
        assert caught.value.name == text


@pytest.mark.parametrize(
    ("text", "port", "protocol"),
    [
        ("http", "http", "tcp"),
        ("HTTP", "http", "tcp"),
        ("dns/udp", "dns", "udp"),
        ("dns/UDP", "dns", "udp"),
        ("sig/sctp", "sig", "sctp"),
        ("_http._tcp", "http", "tcp"),
        ("_Dns._Udp", "dns", "udp"),
        ("8080-tcp", "8080-tcp", "tcp"),
    ],
)
def test_each_spelling_of_a_port(text, port, protocol):
    assert PortName.parse(text) == PortName(port, protocol)


def test_a_full_port_name_tells_its_service():
    name = PortName.parse("_http._tcp.payments.shop.svc.cluster.local.")
    assert name == PortName("http", "tcp", PAYMENTS)
    assert name.fqdn == "_http._tcp.payments.shop.svc.cluster.local."


@pytest.mark.parametrize("port", [80, "80", 65535, "00080"])
def test_a_port_number_is_no_port_name_and_the_error_says_so(port):
    for make in (PortName, PortName.parse):
        with pytest.raises(InvalidName, match=r"is a port number.*port\(\) takes a number, ports\(\) lists"):
            make(port)


@pytest.mark.parametrize("port", [0, "0", -1, 65536, "65536", 10**400, "1" * 5000])
def test_a_number_that_no_port_has_is_told_apart(port):
    for make in (PortName, PortName.parse, port_number):
        with pytest.raises(InvalidName, match=r" is no port number; one is 1 to 65535$"):
            make(port)


@pytest.mark.parametrize("port", [True, False, 80.0, None, b"80", "٨٠", "-1", "http", "8080-tcp", ""])
def test_what_is_no_number_may_be_a_name(port):
    assert port_number(port) is None


@pytest.mark.parametrize(
    "text",
    ["", "/tcp", "http/", "http/icmp", "_http", "_http.tcp", "_._tcp", "-a", "a b", "ä", "a" * 63, None, b"http"],
)
def test_no_port_names(text):
    with pytest.raises(InvalidName) as caught:
        PortName.parse(text)
    assert "port number" not in str(caught.value)


def test_a_port_name_fits_one_label_with_its_underscore():
    assert PortName("a" * 62).host == f"_{'a' * 62}._tcp"


@pytest.mark.parametrize("protocol", ["", "http", "tcp ", None, 6, b"tcp"])
def test_no_protocols(protocol):
    with pytest.raises(InvalidName, match="tcp, udp or sctp"):
        PortName("http", protocol)


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("10.244.1.7", "10-244-1-7"),
        ("fd00::7", "fd00--7"),
        ("fd00::1:2", "fd00--1-2"),
        ("fd00::", "fd00--"),
        ("::1", "--1"),
        ("fd00:10:244:1:2:3:4:5", "fd00-10-244-1-2-3-4-5"),
        ("FD00:0:0::7", "fd00--7"),
    ],
)
def test_a_pods_name_both_ways(address, label):
    name = PodName(address, "shop")
    assert name.host == f"{label}.shop.pod.cluster.local"
    assert PodName.parse(name.fqdn) == name
    assert name.address == ip_address(address)


def test_coredns_spelling_of_an_endpoints_address_is_read():
    # plugin/kubernetes endpointHostname(): an IPv6 address that would end in a hyphen gets a 0.
    assert undashed("fd00--0") == undashed("fd00--") == IPv6Address("fd00::")


@pytest.mark.parametrize(
    "label", ["", "a", "10-244-1", "10-244-1-256", "010-1-1-1", "web-0", "-", "---", "my-web-a-0", "fe80--1%eth0"]
)
def test_labels_that_spell_no_address(label):
    assert undashed(label) is None


@given(st.text("019afAFx-", max_size=20))
def test_a_label_spells_what_it_spells_with_dots_or_colons(label):
    try:
        spelt = ip_address(label.replace("-", "." if label.count("-") == 3 and "--" not in label else ":"))
    except ValueError:
        spelt = None
    assert undashed(label) == spelt


def test_a_zone_is_no_part_of_a_name():
    assert PodName("fe80::1%eth0", "shop").host == "fe80--1.shop.pod.cluster.local"


@pytest.mark.parametrize(
    "address", ["", "10.1.1", "10.1.1.1.", "localhost", "10.1.1.1/24", "a\nb", *NO_TEXT, b"\x0a\0\0\1"]
)
def test_no_addresses(address):
    with pytest.raises(InvalidName, match="no IP address"):
        PodName(address, "shop")


@pytest.mark.parametrize(
    "text", ["10-1-1-1.shop.pod", "10-1-1-1.shop.svc.cluster.local", "web-0.shop.pod.c.local", *NO_TEXT]
)
def test_no_pod_names(text):
    with pytest.raises(InvalidName):
        PodName.parse(text)


def test_a_pointer_is_read_as_what_it_names():
    assert parse_pointer("payments.shop.svc.cluster.local.") == PAYMENTS
    assert parse_pointer("web-0.web.shop.svc.cluster.local.") == EndpointName("web-0", ServiceName("web", "shop"))
    assert parse_pointer("node-1.corp.example.") == "node-1.corp.example."


# Round trips.


@given(service=SERVICES, case=CASE, dot=st.sampled_from(["", "."]))
def test_services_survive_formatting_and_parsing(service, case, dot):
    assert ServiceName.parse(case(service.host) + dot) == service
    assert ServiceName.parse(service.fqdn).fqdn == service.fqdn


@given(service=SERVICES, labels=st.integers(1, 3), case=CASE)
def test_short_forms_are_completed_to_the_same_name(service, labels, case):
    text = ".".join(service.host.split(".")[:labels])
    parsed = ServiceName.parse(case(text), namespace=service.namespace, cluster_domain=service.cluster_domain)
    assert parsed == service


@given(service=SERVICES, endpoint=LABELS)
def test_endpoints_survive_formatting_and_parsing(service, endpoint):
    name = EndpointName(endpoint, service)
    assert EndpointName.parse(name.fqdn) == EndpointName.parse(name.host.upper()) == name


@given(
    service=SERVICES, port=LABELS.filter(lambda p: not p.isdigit()), protocol=st.sampled_from(["tcp", "udp", "sctp"])
)
def test_ports_survive_formatting_and_parsing(service, port, protocol):
    name = PortName(port, protocol, service)
    assert PortName.parse(name.fqdn) == name
    assert PortName.parse(f"{port}/{protocol}").at(service) == name


def test_an_address_of_both_versions_is_written_alike_by_every_python():
    assert PodName("::ffff:10.0.0.1", "shop").host == "--ffff-a00-1.shop.pod.cluster.local"
    assert PodName.parse(PodName("::ffff:0.0.0.0", "shop").fqdn) == PodName("::ffff:0.0.0.0", "shop")


@given(address=ADDRESSES, namespace=LABELS, domain=DOMAINS)
def test_pods_survive_formatting_and_parsing(address, namespace, domain):
    name = PodName(address, namespace, domain)
    assert PodName.parse(name.fqdn) == name
    assert undashed(dashed(address)) == address


ZONES = st.from_regex(r"[a-z0-9]([a-z0-9_.-]{0,20}[a-z0-9])?", fullmatch=True).filter(lambda zone: ".." not in zone)


@given(zone=ZONES, directive=st.sampled_from(["prefer", "pin"]), service=SERVICES)
def test_zonal_names_survive_formatting_and_parsing(zone, directive, service):
    name = ZonalName(zone, directive, service)
    assert ZonalName.parse(name.fqdn) == ZonalName.parse(name.host.upper()) == name
    assert (name.zone, name.directive, name.service) == (zone, directive, service)


def test_a_zonal_name_is_written_as_coredns_reads_it():
    # https://coredns.io/plugins/kubernetes/, `zonal`; a zone's own dots are labels there.
    assert ZonalName("EU-1a", "pin", PAYMENTS).fqdn == "eu-1a.pin._zone.payments.shop.svc.cluster.local."
    assert ZonalName("a.b", "prefer", PAYMENTS).host == "a.b.prefer._zone.payments.shop.svc.cluster.local"


@pytest.mark.parametrize("zone", ["", "-a", "a-", "a..b", ".a", "a b", "ä", "a" * 64, "a\n", *NO_TEXT])
def test_no_zones(zone):
    with pytest.raises(InvalidName, match="is no zone"):
        ZonalName(zone, "pin", PAYMENTS)


@pytest.mark.parametrize("directive", ["", "Pin", "prefers", *NO_TEXT])
def test_a_zone_is_preferred_or_pinned(directive):
    with pytest.raises(InvalidName, match="give prefer or pin"):
        ZonalName("a", directive, PAYMENTS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "payments",
        PAYMENTS.fqdn,
        f"a.pin.{PAYMENTS.fqdn}",
        f"a._zone.{PAYMENTS.fqdn}",
        f"pin._zone.{PAYMENTS.fqdn}",
        f"a.other._zone.{PAYMENTS.fqdn}",
        "a.pin._zone.payments.shop",
        None,
    ],
)
def test_no_zonal_names(text):
    with pytest.raises(InvalidName) as caught:
        ZonalName.parse(text)
    assert caught.value.name == str(text)


@given(text=st.text())
def test_no_text_makes_a_parser_fail_otherwise(text):
    for parse in (ServiceName.parse, EndpointName.parse, PortName.parse, PodName.parse, ZonalName.parse, check_host):
        said = "well done"
        try:
            parse(text)
        except InvalidName as error:
            said = str(error)
        assert said.isascii()
        assert said.isprintable()


@given(service=SERVICES, address=ADDRESSES)
def test_names_are_values(service, address):
    below = EndpointName("e", service), PortName("p", "udp", service), ZonalName("z", "pin", service)
    for name in (service, *below, PodName(address, "n")):
        assert pickle.loads(pickle.dumps(name)) == copy.deepcopy(name) == name
        assert hash(copy.deepcopy(name)) == hash(name)
        with pytest.raises(AttributeError):
            name.namespace = "other"


# Equality.


@pytest.mark.parametrize(
    ("name", "others"),
    [
        (
            PAYMENTS,
            [ServiceName("refunds", "shop"), ServiceName("payments", "web"), ServiceName("payments", "shop", "corp")],
        ),
        (
            PortName("dns", "tcp", PAYMENTS),
            [PortName("web", "tcp", PAYMENTS), PortName("dns", "udp", PAYMENTS), PortName("dns", "tcp")],
        ),
    ],
    ids=["a Service's", "a port's"],
)
def test_names_are_equal_where_all_their_parts_are(name, others):
    twin = attrs.evolve(name)
    assert twin == name
    assert hash(twin) == hash(name)
    assert name not in others
    assert len({name, twin, *others}) == 4
    assert name != tuple(attrs.astuple(name))
