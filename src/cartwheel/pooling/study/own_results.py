"""Results of ours beside one another: which rows are one pool, and whose patients are the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cartwheel.errors import FileRefused, Problem
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result import ResultRows


def in_sets(found: Sequence[ResultRows]) -> tuple[ResultRows, ...]:
    """Divide validations into sets by score, where the files hold more than one.

    Parameters
    ----------
    found : sequence of ResultRows
        Of every result file given.

    Returns
    -------
    tuple of ResultRows
        Two scores on the same patients are never one pool, nor are two versions of a score, or
        risks read at two times, which are then named by them. With one score there is no set, so
        that the rows meet published ones of a table without sets.
    """
    found = _by_moment(_by_version(found))
    factors = {study.factor for rows in found for study in rows.studies if _validated(rows)}
    if len(factors) < 2:
        return tuple(found)
    return tuple(
        replace(rows, studies=tuple(replace(each, group=each.factor) for each in rows.studies))
        if _validated(rows)
        else rows
        for rows in found
    )


def _by_version(found: Sequence[ResultRows]) -> tuple[ResultRows, ...]:
    """Name a score by its version too where there are several, and by its hash at need."""
    known: dict[str, set[tuple[str, str]]] = {}
    for rows in found:
        for study, version in zip(rows.studies, rows.versions, strict=False):
            known.setdefault(study.factor, set()).add(version)

    def named(study: Study, version: tuple[str, str]) -> Study:
        alike = known[study.factor]
        if len(alike) < 2:
            return study
        said = f"{study.factor}, version {version[0]}"
        if sum(each[0] == version[0] for each in alike) > 1:
            said += f" ({version[1].removeprefix('sha256:')[:8]})"
        return replace(study, factor=said)

    return tuple(
        replace(
            rows,
            studies=tuple(
                named(study, version)
                for study, version in zip(rows.studies, rows.versions, strict=True)
            ),
        )
        if rows.versions
        else rows
        for rows in found
    )


def _by_moment(found: Sequence[ResultRows]) -> tuple[ResultRows, ...]:
    """Name an outcome by its horizon too where the files read risk at several."""
    known: dict[str, set[str]] = {}
    for rows in filter(_validated, found):
        for study in rows.studies:
            known.setdefault(study.outcome, set()).add(rows.moment)

    def named(study: Study, moment: str) -> Study:
        if len(known[study.outcome]) < 2:
            return study
        return replace(study, outcome=f"{study.outcome} {moment}".rstrip())

    return tuple(
        replace(rows, studies=tuple(named(study, rows.moment) for study in rows.studies))
        if _validated(rows)
        else rows
        for rows in found
    )


def _validated(rows: ResultRows) -> bool:
    return rows.source.kind in ("validate", "share")


def refuse_same_patients(found: Iterable[ResultRows]) -> None:
    """Refuse two files that tell of one score in the same cohort file.

    Parameters
    ----------
    found : iterable of ResultRows
        Of every result file given.

    Raises
    ------
    FileRefused
        ``same_patients``: they would count twice.
    """
    seen: dict[tuple[str, str], str] = {}
    problems: dict[str, Problem] = {}
    for rows in _by_version(tuple(found)):
        name = rows.source.name
        for factor in dict.fromkeys(study.factor for study in rows.studies):
            first = seen.setdefault((rows.data_sha256, factor), name)
            if not rows.data_sha256 or first == name:
                continue
            problems[name] = Problem(
                "same_patients",
                f"it comes from the same cohort file as {first} (their hashes agree), so its "
                "patients would count twice",
                name,
                "give one of the two",
            )
    if problems:
        raise FileRefused(list(problems.values()))
