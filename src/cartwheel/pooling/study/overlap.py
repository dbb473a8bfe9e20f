"""Suspected sharing of patients inside a pool: notes, repeated labels and numbers, one DOI."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cartwheel.clinic.grid import row_list
from cartwheel.note import Note
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result import Overlap

_HARMLESS = re.compile(r"\bnone known|\bindependent patients|\bno overlap|^(?:no|none)\W*$", re.I)
_SHARED = re.compile(r"(?:rows?|they) share(?:s)? (?:the same )?patients|same patients", re.I)
_WARNS = re.compile(
    r"shar|overlap|recur|same|only one|never|leave\b.*\bout|not pool|do not|more than once", re.I
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s;,)\"]+", re.I)
# by these routes equal digits are no accident
_TELLING = ("interval", "two_by_two", "accuracy", "means", "rates", "log_rank", "o_minus_e")
_DIGITS = re.compile(r"(?:\d\D*){6}")
_TOKEN = re.compile(r"[A-Za-z]*\d{4,}")


def overlaps_in(pool: Sequence[tuple[int, Study]]) -> tuple[Overlap, ...]:
    """Find the suspicions in one pool.

    Parameters
    ----------
    pool : sequence of (int, Study)
        Place in the table, and study: rows of one group, outcome and measure that are used.

    Returns
    -------
    tuple of Overlap
        ``same_label``, ``noted``, ``same_numbers`` and ``same_source``; a set of rows is reported
        once, by the first of these that finds it.
    """
    found: dict[tuple[int, ...], Overlap] = {}
    suspicions = (*_same_label(pool), *_noted(pool), *_same_numbers(pool), *_same_source(pool))
    for kind, places, text in suspicions:
        key = tuple(sorted(places))
        if len(key) > 1 and key not in found:
            rows = {place: study.row for place, study in pool}
            found[key] = Overlap(key, tuple(rows[place] for place in key), kind, text)
    noted = [set(key) for key, overlap in found.items() if overlap.kind == "noted"]
    # two notes that name each other, and a third row: said once, by the largest set
    return tuple(
        overlap
        for key, overlap in found.items()
        if overlap.kind != "noted" or not any(set(key) < larger for larger in noted)
    )


_Found = tuple[str, tuple[int, ...], str]


def _same_label(pool: Sequence[tuple[int, Study]]) -> list[_Found]:
    groups: dict[str, list[tuple[int, Study]]] = {}
    for place, study in pool:
        label = " ".join(study.study.casefold().split())
        # an author's name with two years is two papers
        groups.setdefault(f"{label}|{study.year}", []).append((place, study))
    return [
        (
            "same_label",
            tuple(place for place, _ in members),
            f"'{members[0][1].study}' stands in {row_list(s.row for _, s in members)} of one pool: "
            "the same patients would count more than once",
        )
        for members in groups.values()
        if len(members) > 1
    ]


def _same_numbers(pool: Sequence[tuple[int, Study]]) -> list[_Found]:
    """Rows that print the same digits under different labels: one cohort, or a slip of copying."""
    groups: dict[tuple[str, float | None], list[tuple[int, Study]]] = {}
    for place, study in pool:
        # two small cohorts may well count 2 of 40 each
        known = study.overlap and _HARMLESS.search(study.overlap)
        if known or study.route not in _TELLING or not _DIGITS.search(study.reported):
            continue
        groups.setdefault((_folded_numbers(study), study.n), []).append((place, study))
    return [
        (
            "same_numbers",
            tuple(place for place, _ in members),
            f"{row_list(s.row for _, s in members)} print the same numbers "
            f"({members[0][1].reported}): one cohort twice, or a slip of copying",
        )
        for members in groups.values()
        if len(members) > 1
    ]


def _folded_numbers(study: Study) -> str:
    return " ".join(study.reported.replace("·", ".").casefold().split())


def _noted(pool: Sequence[tuple[int, Study]]) -> list[_Found]:
    """Notes that name another study of the pool, or say that rows share patients."""
    found: list[_Found] = []
    handles = [(place, _handles(study)) for place, study in pool]
    named_by: dict[str, set[int]] = {}
    for place, study in pool:
        note = study.overlap
        if not note or _HARMLESS.search(note):
            continue
        if note not in named_by:
            text = note.casefold()
            named_by[note] = {
                other for other, words in handles if any(_stands_in(word, text) for word in words)
            }
        named = named_by[note] - {place}
        if _SHARED.search(note):
            named |= {
                other
                for other, peer in pool
                if other != place and peer.overlap == note and peer.source == study.source
            }
        if named:
            places = tuple(sorted({place, *named}))
            text = f"the overlap note of row {study.row} ({study.study}): {_short(note)}"
            found.append(("noted", places, text))
    return found


def _handles(study: Study) -> tuple[str, ...]:
    """What a note may call a study: its label, or a number of it such as a registration."""
    label = study.study.casefold().strip()
    tokens = [token.casefold() for token in _TOKEN.findall(study.study) if not _is_year(token)]
    return (*([label] if len(label) > 3 else []), *tokens)


def _stands_in(word: str, text: str) -> bool:
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _is_year(token: str) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", token) is not None


def _same_source(pool: Sequence[tuple[int, Study]]) -> list[_Found]:
    groups: dict[str, list[tuple[int, Study]]] = {}
    for place, study in pool:
        doi = _DOI.search(study.source)
        if doi is not None and not re.search(r"independent patients|no overlap", study.overlap):
            groups.setdefault(doi[0].rstrip(".").lower(), []).append((place, study))
    return [
        (
            "same_source",
            tuple(place for place, _ in members),
            f"{row_list(s.row for _, s in members)} come from one paper ({doi}); make sure that"
            " they are separate patients",
        )
        for doi, members in groups.items()
        if len(members) > 1
    ]


def overlap_notes(
    name: str, pool: Sequence[tuple[int, Study]], overlaps: Sequence[Overlap]
) -> tuple[Note, ...]:
    """Say the suspicions of one pool, and what else its overlap notes warn of.

    Parameters
    ----------
    name : str
        Of the pool, for the reader.
    pool : sequence of (int, Study)
        Its rows in use.
    overlaps : sequence of Overlap
        Found in it.

    Returns
    -------
    tuple of Note
        Cautions, but for several cohorts of one paper under different labels (information).
    """
    notes = []
    for overlap in overlaps:
        sure = overlap.kind != "same_source"
        sentence = f"{name}: {overlap.text}."
        if sure and overlap.kind == "noted":
            sentence = (
                f"{name}: {row_list(overlap.rows)} may hold the same patients: {overlap.text}."
            )
        notes.append(
            Note(f"overlap_{overlap.kind}", "caution" if sure else "information", sentence)
        )
    said = {row for overlap in overlaps if overlap.kind == "noted" for row in overlap.rows}
    others: dict[str, list[int]] = {}
    for _, study in pool:
        if study.overlap and not _HARMLESS.search(study.overlap) and study.row not in said:
            others.setdefault(_short(study.overlap), []).append(study.row)
    if len(pool) > 1:
        notes += [
            Note(
                "overlap_note",
                "caution" if _WARNS.search(text) else "information",
                f"{name}, {row_list(rows)}: the table notes: {text}.",
            )
            for text, rows in others.items()
        ]
    return tuple(notes)


def _short(note: str) -> str:
    text = " ".join(note.split()).rstrip(".")
    return text if len(text) <= 240 else text[:237] + "..."
