"""What a change adds to what a client pays a month, as rules and cards count it."""

from __future__ import annotations

from bot.domain.frozen import Frozen


class Cost(Frozen):
    """
    The difference a month in cents of a US dollar, the currency of the price list.

    What costs less than before is negative. What no list knows is no `Cost` at all, and
    so never mistaken for what costs nothing.
    """

    cents: int

    @property
    def told(self) -> str:
        """The difference in dollars, with its sign: `+47.30`."""
        dollars, cents = divmod(abs(self.cents), 100)
        return f"{'-' if self.cents < 0 else '+'}{dollars}.{cents:02}"

    def is_up_to(self, dollars: int) -> bool:
        """Tell whether it is so many dollars a month at most."""
        return self.cents <= dollars * 100
