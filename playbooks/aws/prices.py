"""
What an EC2 instance and a disk cost: a small list, dated, to tell a difference by.

On-demand prices for Linux with shared tenancy, in US dollars, as AWS publishes them
(https://aws.amazon.com/ec2/pricing/on-demand/); disks by their size alone
(https://aws.amazon.com/ebs/pricing/). They are here as data so that a card needs no
network; what is not here is unknown and said so. Discounts, savings plans, databases'
storage, more IOPS, traffic and taxes are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.sdk import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

AS_OF: Final = "2025-03-02"
# A month as AWS's own calculator counts it.
HOURS: Final = 730

_PARIS: Final = """
    t2.nano 0.0066 t2.micro 0.0132 t2.small 0.0264 t2.medium 0.0528
    t2.xlarge 0.2112 t2.2xlarge 0.4224
    t3.nano 0.0059 t3.micro 0.0118 t3.small 0.0236 t3.medium 0.0472 t3.large 0.0944
    t3a.nano 0.0053 t3a.micro 0.0106 t3a.small 0.0212 t3a.medium 0.0425
    t3a.large 0.085 t3a.xlarge 0.1699 t3a.2xlarge 0.3398
    t4g.nano 0.0047 t4g.micro 0.0094 t4g.small 0.0188 t4g.medium 0.0376
    t4g.large 0.0752 t4g.xlarge 0.1504 t4g.2xlarge 0.3008
    m5.large 0.112 m5.xlarge 0.224 m5.4xlarge 0.896 m5.12xlarge 2.688
    m6g.medium 0.045 m6g.large 0.09 m6g.xlarge 0.18 m6g.2xlarge 0.36
    m6g.4xlarge 0.72 m6g.8xlarge 1.44
    m6i.large 0.112 m6i.xlarge 0.224 m6i.2xlarge 0.448 m6i.4xlarge 0.896
    m6i.8xlarge 1.792 m6i.12xlarge 2.688
    c5.xlarge 0.202 c5.2xlarge 0.404 c5.9xlarge 1.818 c5.12xlarge 2.424
"""


def _read(listed: str) -> Mapping[str, Decimal]:
    """Return the prices by type, out of names and numbers in turn."""
    words = listed.split()
    prices = (Decimal(one) for one in words[1::2])
    return dict(zip(words[::2], prices, strict=True))


_HOURLY: Final[Mapping[str, Mapping[str, Decimal]]] = {"eu-west-3": _read(_PARIS)}

# A gibibyte of an EBS volume a month, by the volume's type.
_GIBIBYTE: Final[Mapping[str, Mapping[str, Decimal]]] = {
    "eu-west-3": _read("gp2 0.116 gp3 0.0928 st1 0.053")
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes a month, in US dollars with a sign, and both prices."""

    before: Decimal
    after: Decimal

    @property
    def cost(self) -> Cost:
        """The difference as rules count it; both prices are whole cents."""
        return Cost(cents=int((self.after - self.before) * 100))


def monthly(*, region: str, before: str, after: str) -> Difference | None:
    """Return what a change of type costs a month, or nothing if either is unknown."""
    hourly = _HOURLY.get(region, {})
    if before not in hourly or after not in hourly:
        return None
    return Difference(_cents(hourly[before] * HOURS), _cents(hourly[after] * HOURS))


def monthly_disk(
    *, region: str, type_: str, before: int, after: int
) -> Difference | None:
    """Return what a change of size costs a month, or nothing for an unknown type."""
    each = _GIBIBYTE.get(region, {}).get(type_)
    if each is None:
        return None
    return Difference(_cents(each * before), _cents(each * after))


def _cents(price: Decimal) -> Decimal:
    return price.quantize(Decimal("0.01"))
