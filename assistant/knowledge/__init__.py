"""What can be looked up in the house: Kiwix archives and the owner's own documents. Nothing here uses a network."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Source:
    """Where a passage stands."""

    kind: Literal["archive", "document"]
    name: str
    """As a person would call it: "Wikipedia", "boiler manual"."""
    title: str
    """Of the article, or the heading above the passage; "" when there is none."""
    place: str
    """The file, and inside an archive the article behind a '#'."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences that may answer a question."""

    text: str
    """Plain sentences, at most `passages.LONGEST` letters."""
    source: Source
    score: float = 0.0
    """The chance that it answers the question, 0..1, by the words they share (`ranking.chance`)."""
