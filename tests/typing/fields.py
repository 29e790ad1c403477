"""Names as fields of users' models."""

from typing import assert_type

from pydantic import BaseModel

from k8sresolve import Resolver, ServiceName


class Settings(BaseModel):
    database: ServiceName
    caches: tuple[ServiceName, ...] = ()


def by_settings(resolver: Resolver, text: str) -> None:
    settings = Settings.model_validate_json(text)
    assert_type(settings.database, ServiceName)
    assert_type(settings.caches, tuple[ServiceName, ...])
    resolver.endpoints(settings.database, "postgres")
    Settings(database=ServiceName("db", "shop"))
    Settings(database=7)  # type: ignore[arg-type]
