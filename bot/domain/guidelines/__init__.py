"""
The practice's guidelines, looked for in a merge request that a client opened itself.

Each check is advice to a person with a file and a line; none of them decides anything.
What is `serious` raises the risk. Only what a request brings in is told: what stood
there before is not the fault of who touches the file today.
"""

from bot.domain.guidelines.advice import Advice, ChangedFile, Guide
from bot.domain.guidelines.review import review

__all__ = ["Advice", "ChangedFile", "Guide", "review"]
