"""The smallest project of Django: a view that asks `payments`."""

import secrets

import django_services as services
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django_services.NotReached"],
    ALLOWED_HOSTS=["*"],
    SECRET_KEY=secrets.token_hex(),
)


def pay(_request, order):
    reply = services.session().post(f"http://payments/orders/{order}", timeout=5)
    reply.raise_for_status()
    return HttpResponse(reply.text)


urlpatterns = [path("orders/<int:order>/payment", pay)]
application = get_wsgi_application()
