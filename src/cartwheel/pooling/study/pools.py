"""Rows that are pooled together, and what a pool mixes that should perhaps not be mixed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cartwheel.clinic.grid import row_list
from cartwheel.note import Note
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.comparison import sides_of
from cartwheel.pooling.study.cutoffs import folded_unit

Placed = tuple[int, Study]
# short and long names of one outcome, folded
_SHORT = {
    name: names.split()[0]
    for names in (
        "pfs progressionfreesurvival",
        "os overallsurvival",
        "efs eventfreesurvival",
        "dfs diseasefreesurvival",
        "rfs relapsefreesurvival recurrencefreesurvival",
        "ttp timetoprogression",
        "nrm nonrelapsemortality",
        "crs cytokinereleasesyndrome",
        "icans immuneeffectorcellassociatedneurotoxicitysyndrome",
        "orr overallresponserate objectiveresponserate",
    )
    for name in names.split()
}


def fold(text: str) -> str:
    """Fold a name for comparison: case and spaces do not count.

    Parameters
    ----------
    text : str
        Of a group, an outcome or a study.
    """
    return " ".join(text.casefold().split())


def pool_name(study: Study) -> str:
    """Name the pool of a study for the reader.

    Parameters
    ----------
    study : Study
        Any of its rows.
    """
    parts = [part for part in (study.group, study.outcome) if part]
    return f"{', '.join(parts) or 'all rows'} ({study.measure})"


def pools_of(studies: Sequence[Study]) -> dict[tuple[str, str, str], list[Placed]]:
    """Gather the rows in use by group, outcome and measure.

    Parameters
    ----------
    studies : sequence of Study
        All rows.

    Returns
    -------
    dict of (str, str, str) to list of (int, Study)
        Keys as written; in order of the file.
    """
    pools: dict[tuple[str, str, str], list[Placed]] = {}
    for place, study in enumerate(studies):
        if study.used:
            pools.setdefault((study.group, study.outcome, study.measure), []).append((place, study))
    return pools


def mixture_notes(pools: dict[tuple[str, str, str], list[Placed]]) -> tuple[Note, ...]:
    """Name what pools mix: measures in one set, factors, and directions of comparison.

    Parameters
    ----------
    pools : dict
        From `pools_of`.

    Returns
    -------
    tuple of Note
    """
    notes: list[Note] = []
    for members in pools.values():
        name = pool_name(members[0][1])
        factors = {_factor(study.factor) for _, study in members if study.factor}
        if len(factors) > 1:
            shown = list(dict.fromkeys(study.factor for _, study in members if study.factor))
            notes.append(
                Note(
                    "mixed_factors",
                    "caution",
                    f"{name} pools different factors ({'; '.join(shown[:6])}): divide the rows by "
                    "'set', or choose some.",
                )
            )
        notes += _mirrored(name, members)
    return (*_mixed_measures(pools), *_two_names(pools), *notes)


def _two_names(pools: dict[tuple[str, str, str], list[Placed]]) -> Iterable[Note]:
    """Outcomes that go by a short and a long name are pooled apart: say so, and how to join."""
    seen: dict[tuple[str, str, str], list[str]] = {}
    for group, outcome, measure in pools:
        short = _SHORT.get(re.sub(r"[^a-z0-9]+", "", outcome.casefold()))
        if short is not None:
            seen.setdefault((group, short, measure), []).append(outcome)
    for (group, _, measure), names in seen.items():
        if len(names) > 1:
            joined = " ".join(f"--same-outcome '{name}={names[0]}'" for name in names[1:])
            where = f"{group}, " if group else ""
            yield Note(
                "two_names",
                "caution",
                f"{where}{' and '.join(names)} ({measure}) may be one outcome under two names; "
                f"they were pooled apart. If they are the same: {joined}.",
            )


def _factor(text: str) -> str:
    """Fold a factor: ``CAR-HEMATOTOX score`` and ``CAR-HEMATOTOX high vs low`` are one."""
    sides = re.sub(r"\b\w+\s+(?:vs?\.?|versus)\s+.*$", " ", fold(text))
    return " ".join(re.sub(r"\b(?:score|levels?|serum|baseline)\b", " ", sides).split())


def _mixed_measures(pools: dict[tuple[str, str, str], list[Placed]]) -> Iterable[Note]:
    together: dict[tuple[str, str], list[str]] = {}
    for group, outcome, measure in pools:
        together.setdefault((group, outcome), []).append(measure)
    for (group, outcome), measures in together.items():
        ratios = [measure for measure in measures if measure in ("HR", "OR", "RR", "IRR")]
        if len(ratios) > 1:
            where = ", ".join(part for part in (group, outcome) if part) or "the table"
            yield Note(
                "mixed_measures",
                "caution",
                f"{where} holds {' and '.join(ratios)}: they are different quantities and were "
                "pooled apart.",
            )


def _mirrored(name: str, members: Sequence[Placed]) -> Iterable[Note]:
    """Flag comparisons that stand the other way round than the first of their kind."""
    seen: dict[tuple[str, str], list[int]] = {}
    for _, study in members:
        sides = sides_of(study.comparison) if study.comparison else None
        if sides is not None:
            seen.setdefault(sides, []).append(study.row)
    for sides, rows in seen.items():
        turned = seen.get((sides[1], sides[0]))
        if turned is not None and rows[0] < turned[0]:
            verb = "compares" if len(turned) == 1 else "compare"
            yield Note(
                "mirrored",
                "caution",
                f"{name}: {row_list(turned)} {verb} {sides[1]} with {sides[0]}, {row_list(rows)} "
                f"{sides[0]} with {sides[1]}: write 'invert' into the comparison of one kind; "
                "nothing was turned round unasked.",
            )


def same_cut_units(
    studies: Sequence[Study], units: Sequence[str]
) -> tuple[tuple[Study, ...], tuple[Note, ...]]:
    """Take the numbers of cut-offs away where a pool states them in different units.

    Parameters
    ----------
    studies : sequence of Study
        All rows.
    units : sequence of str
        Stated unit of each row's cut-off; empty where none is.

    Returns
    -------
    tuple of (tuple of Study, tuple of Note)
    """
    kept = list(studies)
    notes = []
    for members in pools_of(studies).values():
        cut = [(place, study) for place, study in members if study.cutoff is not None]
        stated = {folded_unit(units[place]): units[place] for place, _ in cut if units[place]}
        silent = [study.row for place, study in cut if not units[place]]
        if len(stated) > 1:
            for place, study in cut:
                kept[place] = replace(study, cutoff=None)
            notes.append(
                Note(
                    "cutoff_units",
                    "caution",
                    f"{pool_name(members[0][1])}: cut-offs are stated in different units "
                    f"({', '.join(stated.values())}): no trend over them is fitted.",
                )
            )
        elif stated and silent:
            notes.append(
                Note(
                    "cutoff_unit_unsaid",
                    "assumption",
                    f"{pool_name(members[0][1])}, {row_list(silent)}: the cut-off has no unit; it "
                    f"was taken to be in {next(iter(stated.values()))}, as in the other rows.",
                )
            )
    return tuple(kept), tuple(notes)
