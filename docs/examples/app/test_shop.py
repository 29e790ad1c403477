import pytest
from aiohttp import ClientConnectorDNSError, web
from aiohttp.test_utils import TestServer
from psycopg.conninfo import conninfo_to_dict
from shop import Shop

from k8sresolve import NotFound, ServerFailure

pytestmark = pytest.mark.k8s_manifests("deploy.yaml", namespace="shop")


@pytest.fixture
def shop(k8s_async_resolver):
    return Shop(k8s_async_resolver)


# 1. Names
async def test_the_database_is_found_with_all_its_instances(shop):
    found = conninfo_to_dict(await shop.conninfo())
    assert found["host"].split(",") == [
        "orders-db-0.orders-db.shop.svc.cluster.local",
        "orders-db-1.orders-db.shop.svc.cluster.local",
    ]
    assert found["port"] == "5432,5432"


# 2. Changes
async def test_a_new_instance_is_found_when_the_answer_has_expired(shop, k8s_cluster):
    before = await shop.conninfo()
    k8s_cluster.scale("shop/orders-db", 3)
    assert await shop.conninfo() == before
    k8s_cluster.clock.advance(30)
    assert "orders-db-2" in await shop.conninfo()


async def test_an_instance_that_is_not_ready_is_left_out(shop, k8s_cluster):
    k8s_cluster.set_ready("shop/orders-db-1", False)
    found = conninfo_to_dict(await shop.conninfo())
    assert found["host"] == "orders-db-0.orders-db.shop.svc.cluster.local"


async def test_during_a_rollout_the_database_is_always_found(shop, k8s_cluster):
    for step in k8s_cluster.roll_out("shop/orders-db"):
        k8s_cluster.clock.advance(30)
        assert await shop.conninfo(), step


# 3. Connections
@pytest.fixture
async def payments(k8s_cluster):
    async def settle(request):
        return web.Response(text=f"order {request.match_info['order']} is paid")

    application = web.Application()
    application.router.add_post("/orders/{order}", settle)
    async with TestServer(application) as server:
        k8s_cluster.route("payments.shop", "http", to=("127.0.0.1", server.port))
        with k8s_cluster.patch(namespace="shop"):
            yield


@pytest.mark.usefixtures("payments")
async def test_an_order_is_paid(shop):
    assert await shop.pay(7) == "order 7 is paid"


# 4. Trouble
async def test_without_payments_the_shop_says_so(shop, k8s_cluster):
    k8s_cluster.delete("Service", "shop/payments")
    with pytest.raises(ClientConnectorDNSError, match="no such name") as caught:
        await shop.pay(7)
    assert isinstance(caught.value.__cause__, NotFound)


async def test_a_nameserver_that_fails_is_not_a_missing_service(shop, k8s_cluster):
    k8s_cluster.network.rcode("SERVFAIL")
    with pytest.raises(ClientConnectorDNSError) as caught:
        await shop.pay(7)
    assert isinstance(caught.value.__cause__, ServerFailure)
    k8s_cluster.network.restore()
    assert await shop.conninfo()


async def test_two_lost_packets_are_made_up_for(shop, k8s_cluster):
    k8s_cluster.network.drop(next=2)
    assert await shop.conninfo()


# 5. Questions
@pytest.mark.usefixtures("payments")
async def test_the_port_costs_one_question(shop, k8s_cluster):
    await shop.pay(7)
    await shop.pay(8)
    port = "_http._tcp.payments.shop.svc.cluster.local"
    assert k8s_cluster.queries.asked(port, "SRV") == 1
