"""Public holidays by country, as the library `holidays` knows them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final

import holidays
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from datetime import date

COUNTRY: Final = r"^[A-Z]{2}(-[A-Z0-9]{1,6})?$"


def _known(name: str) -> str:
    country, _, part = name.partition("-")
    parts = holidays.list_supported_countries().get(country)
    if parts is None or (part and part not in parts):
        raise PydanticCustomError("catalog.unknown-country", "no holidays are known")
    return name


# A country, or a part of one that has holidays of its own: FR, FR-57, DE-BY.
Country = Annotated[str, StringConstraints(pattern=COUNTRY), AfterValidator(_known)]


@lru_cache(maxsize=512)
def public_holidays(country: str, *, year: int) -> frozenset[date]:
    """Return the days of this year on which the country is closed."""
    name, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(name, subdiv=part or None, years=year))
