"""The same publication in several lists: found by identifier or title; every decision is kept."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

from cartwheel.pooling.appraisal.references import Reference

# below this likeness two titles under one DOI are two abstracts of one supplement, not one record
SAME_DOI_LIKENESS = 0.6
NEAR_LIKENESS = 0.9
SHORTEST_TITLE = 20  # "Reply", "Correction" and the like name nothing


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records and what was seen.

    Parameters
    ----------
    kept, other : Reference
        The earlier and the later record.
    by : str
        Why they are the same, or what speaks for and against.
    """

    kept: Reference
    other: Reference
    by: str


@dataclass(frozen=True, slots=True)
class Deduplication:
    """Records without duplicates, and every decision.

    Parameters
    ----------
    records : tuple of Reference
        All, in order of the files.
    kept : tuple of Reference
        The first of each publication.
    removed : tuple of Pair
        One for every record that is not kept.
    questions : tuple of Pair
        Near-duplicates for a person to decide; both were kept.
    """

    records: tuple[Reference, ...]
    kept: tuple[Reference, ...]
    removed: tuple[Pair, ...]
    questions: tuple[Pair, ...]


def find_duplicates(records: Sequence[Reference]) -> Deduplication:
    """Find records of the same publication.

    Parameters
    ----------
    records : sequence of Reference
        Of one or more lists, in order.

    Returns
    -------
    Deduplication
        The first record of a publication is kept.

    Notes
    -----
    The same: equal PMID; equal DOI and not clearly different titles (the abstracts of a supplement
    can share one DOI); or equal normalised title, of 20 signs at least, in the same year, where
    first author, DOI and PMID do not contradict. A question: equal identifier with a different
    title, equal title with a contradiction or a year apart, or nearly equal titles of one first
    author within a year (likeness 0.9 of difflib).
    """
    found = _Found(records)
    found.by_key(lambda one: one.pmid, "PMID", _never)
    found.by_key(lambda one: one.doi, "DOI", _other_title)
    found.by_key(_title_and_year, "title and year", _contradiction)
    found.by_key(_long_title, "title", _years_apart)
    found.near()
    kept = tuple(one for place, one in enumerate(records) if found.root(place) == place)
    removed = tuple(
        Pair(records[found.root(place)], one, found.by[place])
        for place, one in enumerate(records)
        if found.root(place) != place
    )
    return Deduplication(tuple(records), kept, removed, found.open_questions())


class _Found:
    """Groups of records that are the same; the first of a group stands for it."""

    def __init__(self, records: Sequence[Reference]) -> None:
        self.records = records
        self.first = list(range(len(records)))
        self.by = [""] * len(records)
        self.questions: dict[tuple[int, int], str] = {}

    def root(self, place: int) -> int:
        while self.first[place] != place:
            self.first[place] = self.first[self.first[place]]
            place = self.first[place]
        return place

    def join(self, one: int, other: int, by: str) -> None:
        early, late = sorted((self.root(one), self.root(other)))
        if early != late:
            self.first[late] = early
            self.by[late] = by

    def by_key(
        self,
        key: Callable[[Reference], Hashable],
        name: str,
        doubt: Callable[[Reference, Reference], str],
    ) -> None:
        """Join records with the same key; where there is a doubt, keep both and ask."""
        groups: dict[Hashable, list[int]] = defaultdict(list)
        for place, record in enumerate(self.records):
            if value := key(record):
                groups[value].append(place)
        for places in groups.values():
            for position, later in enumerate(places):
                self._against_earlier(later, places[:position], name, doubt)

    def _against_earlier(
        self,
        later: int,
        earlier: Sequence[int],
        name: str,
        doubt: Callable[[Reference, Reference], str],
    ) -> None:
        asked = {}
        for place in earlier:
            if self.root(place) == self.root(later):
                return
            against = doubt(self.records[place], self.records[later])
            if not against:
                self.join(place, later, name)
                return
            asked[(place, later)] = f"same {name}, {against}"
        for pair, text in asked.items():
            self.questions.setdefault(pair, text)

    def near(self) -> None:
        """Ask about nearly equal titles of one first author within a year."""
        blocks: dict[str, list[int]] = defaultdict(list)
        for place, record in enumerate(self.records):
            if self.root(place) == place and record.title and (name := _surname(record)):
                blocks[name].append(place)
        for places in blocks.values():
            titles = {place: plain_title(self.records[place].title) for place in places}
            signs = {place: Counter(title) for place, title in titles.items()}
            for one, other in combinations(places, 2):
                if self._may_be_near(one, other) and _share(signs[one], signs[other]):
                    self._near_pair(one, other, titles)

    def _may_be_near(self, one: int, other: int) -> bool:
        years = (self.records[one].year or 0, self.records[other].year or 0)
        return abs(years[0] - years[1]) <= 1 and (one, other) not in self.questions

    def _near_pair(self, one: int, other: int, titles: dict[int, str]) -> None:
        likeness = SequenceMatcher(None, titles[one], titles[other], False).ratio()
        if likeness >= NEAR_LIKENESS:
            text = f"same first author, nearly the same title (likeness {likeness:.2f})"
            self.questions[(one, other)] = text

    def open_questions(self) -> tuple[Pair, ...]:
        """Give the questions about records that were not joined after all, each pair once."""
        found: dict[tuple[int, int], str] = {}
        for (one, other), text in sorted(self.questions.items()):
            early, late = sorted((self.root(one), self.root(other)))
            if early != late:
                found.setdefault((early, late), text)
        return tuple(
            Pair(self.records[one], self.records[other], text)
            for (one, other), text in found.items()
        )


def plain_title(text: str) -> str:
    """Write a title as letters and digits only: no case, accents, punctuation or spaces.

    Parameters
    ----------
    text : str
        A title.

    Returns
    -------
    str

    Examples
    --------
    >>> plain_title("CAR-T in R/R myeloma: a na\u00efve comparison.")
    'cartinrrmyelomaanaivecomparison'
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(sign for sign in folded if sign.isalnum())


def _surname(record: Reference) -> str:
    """Family name: before the comma, else the longest word that is not in capitals only."""
    name = record.first_author
    if "," in name:
        return plain_title(name.partition(",")[0])
    words = [word for word in re.split(r"[\s.]+", name) if len(word) > 1 and not word.isupper()]
    return plain_title(" ".join(words) if words else name)


def _long_title(record: Reference) -> str:
    title = plain_title(record.title)
    return title if len(title) >= SHORTEST_TITLE else ""


def _title_and_year(record: Reference) -> Hashable:
    title = _long_title(record)
    return (title, record.year) if title and record.year else None


def _share(one: Counter[str], other: Counter[str]) -> bool:
    """Whether two titles have enough signs in common to be alike: quick, and never wrong."""
    return 2 * (one & other).total() >= NEAR_LIKENESS * (one.total() + other.total())


def _never(one: Reference, other: Reference) -> str:
    del one, other
    return ""


def _other_title(one: Reference, other: Reference) -> str:
    if not one.title or not other.title:
        return ""
    matcher = SequenceMatcher(None, plain_title(one.title), plain_title(other.title), False)
    return "" if matcher.ratio() >= SAME_DOI_LIKENESS else "different titles"


def _contradiction(one: Reference, other: Reference) -> str:
    return ", ".join(_differences(one, other))


def _differences(one: Reference, other: Reference) -> Iterator[str]:
    if _surname(one) and _surname(other) and _surname(one) != _surname(other):
        yield "different first authors"
    if one.doi and other.doi and one.doi != other.doi:
        yield "different DOIs"
    if one.pmid and other.pmid and one.pmid != other.pmid:
        yield "different PMIDs"


def _years_apart(one: Reference, other: Reference) -> str:
    if one.year == other.year and one.year is not None:
        return _contradiction(one, other)  # was asked already
    years = f"years {one.year or 'not given'} and {other.year or 'not given'}"
    return ", ".join([years, *_differences(one, other)])
