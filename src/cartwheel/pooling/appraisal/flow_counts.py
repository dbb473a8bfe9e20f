"""PRISMA 2020 flow of records: counts that add up, or are refused with the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cartwheel.errors import FileRefused, Problem
from cartwheel.pooling.result_appraisal import Flow, FlowCount

# Every box there can be, in order of the flow: code and label (Page 2021, doi:10.1136/bmj.n71).
BOXES: Mapping[str, str] = {
    "previous_studies": "Studies included in previous version of review",
    "previous_reports": "Reports of studies included in previous version of review",
    "databases": "Records identified from databases",
    "registers": "Records identified from registers",
    "duplicates": "Duplicate records removed",
    "automation": "Records marked as ineligible by automation tools",
    "removed_other": "Records removed for other reasons",
    "screened": "Records screened",
    "excluded": "Records excluded",
    "sought": "Reports sought for retrieval",
    "not_retrieved": "Reports not retrieved",
    "assessed": "Reports assessed for eligibility",
    "reports_excluded": "Reports excluded",
    "other_identified": "Records identified by other methods",
    "other_sought": "Reports sought for retrieval (other methods)",
    "other_not_retrieved": "Reports not retrieved (other methods)",
    "other_assessed": "Reports assessed for eligibility (other methods)",
    "other_reports_excluded": "Reports excluded (other methods)",
    "studies": "Studies included in review",
    "reports": "Reports of included studies",
    "total_studies": "Total studies included in review",
    "total_reports": "Reports of total included studies",
}
WITH_REASONS = frozenset(
    {"databases", "registers", "reports_excluded", "other_identified", "other_reports_excluded"}
)
_REMOVED = ("duplicates", "automation", "removed_other")
_MAIN = ("screened", "excluded", "assessed", "studies")
_LATER = ("excluded", "sought", "not_retrieved", "assessed", "reports_excluded", "studies")
_OTHER = tuple(code for code in BOXES if code.startswith("other_"))


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts as they were said.

    Parameters
    ----------
    counts : mapping of str to int
        Box to count.
    parts : mapping of str to tuple of (str, int)
        Databases by name, or reasons for an exclusion; their sum is the count.
    duplicates, questions : tuple of (str, str, str)
        Decisions about imported lists.
    """

    counts: Mapping[str, int]
    parts: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    duplicates: tuple[tuple[str, str, str], ...] = ()
    questions: tuple[tuple[str, str, str], ...] = ()


def flow_from_counts(said: Counts, *, where: str = "flow") -> Flow:
    """Make the flow of records from counts, if they add up.

    Parameters
    ----------
    said : Counts
        At least what was identified, and either nothing after it (a review under way) or
        ``screened``, ``excluded``, ``assessed`` and ``studies``. What else is not given is 0, but
        ``sought``, which then is what was assessed and not retrieved.
    where : str
        File, for refusals.

    Returns
    -------
    Flow
        With the boxes that were given or follow. Without screening, the records left to screen are
        the last box.

    Raises
    ------
    FileRefused
        ``flow_incomplete`` for boxes that are missing; ``flow_sum`` for every two neighbours that
        do not agree, with both counts and the difference.

    References
    ----------
    Page MJ et al 2021, doi:10.1136/bmj.n71.
    """
    counts = dict(said.counts)
    problems = [*_incomplete(counts, where)]
    if not problems:
        silent = "reports_excluded" not in counts and "reports" not in counts
        _complete(counts)
        problems = [
            _difference(left, right, where)
            for left, right in _equations(counts)
            if left[1] != right[1]
        ]
        problems += _studies_and_reports(counts, where)
        if silent and not problems:
            problems += _vanished(counts, where)
    if problems:
        raise FileRefused(problems)
    return Flow(
        boxes=tuple(
            FlowCount(code, label, counts[code], said.parts.get(code, ()))
            for code, label in BOXES.items()
            if code in counts
        ),
        duplicates=said.duplicates,
        questions=said.questions,
    )


def _incomplete(counts: Mapping[str, int], where: str) -> Iterator[Problem]:
    if "databases" not in counts and "registers" not in counts:
        what = "the records identified in databases are missing"
        yield Problem("flow_incomplete", what, where, "add: databases = NUMBER")
    if not any(code in counts for code in (*_LATER, "reports")):
        return
    for code in _MAIN:
        if code not in counts:
            what = f"'{BOXES[code].lower()}' is missing"
            yield Problem("flow_incomplete", what, where, f"add: {code} = NUMBER")
    if any(code in counts for code in _OTHER):
        for code in ("other_identified", "other_assessed"):
            if code not in counts:
                what = f"'{BOXES[code].lower()}' is missing"
                yield Problem("flow_incomplete", what, where, f"add: {code} = NUMBER")


def _complete(counts: dict[str, int]) -> None:
    """Fill in what follows or is 0 when nobody says otherwise; the sums are checked afterwards."""
    for code in _REMOVED:
        counts.setdefault(code, 0)
    identified = counts.get("databases", 0) + counts.get("registers", 0)
    counts.setdefault("screened", identified - sum(counts[code] for code in _REMOVED))
    if "studies" not in counts:
        return
    for code in ("not_retrieved", "reports_excluded"):
        counts.setdefault(code, 0)
    counts.setdefault("sought", counts["assessed"] + counts["not_retrieved"])
    if "other_identified" in counts:
        for code in ("other_not_retrieved", "other_reports_excluded"):
            counts.setdefault(code, 0)
        counts.setdefault("other_sought", counts["other_assessed"] + counts["other_not_retrieved"])


Side = tuple[str, int]


def _equations(counts: Mapping[str, int]) -> Iterator[tuple[Side, Side]]:
    """Give both sides of everything that must be equal, in words and numbers."""

    def less(code: str, *others: str) -> Side:
        words = [f"{code} ({counts.get(code, 0)})"]
        words += [f"{other} ({counts[other]})" for other in others if counts.get(other)]
        return " - ".join(words), counts.get(code, 0) - sum(counts.get(one, 0) for one in others)

    def more(*codes: str) -> Side:
        words = [f"{code} ({counts[code]})" for code in codes if code in counts]
        return " + ".join(words), sum(counts.get(code, 0) for code in codes)

    identified, total = more("databases", "registers")
    removed = [code for code in _REMOVED if counts[code]]
    words = " - ".join([identified, *(f"{code} ({counts[code]})" for code in removed)])
    yield (words, total - sum(counts[code] for code in removed)), more("screened")
    if "studies" not in counts:
        return
    yield less("screened", "excluded"), more("sought")
    yield less("sought", "not_retrieved"), more("assessed")
    included = less("assessed", "reports_excluded")
    if "other_identified" in counts:
        yield more("other_identified"), more("other_sought")
        yield less("other_sought", "other_not_retrieved"), more("other_assessed")
        other = less("other_assessed", "other_reports_excluded")
        included = (f"{included[0]} + {other[0]}", included[1] + other[1])
    if "reports" in counts:
        yield included, more("reports")
    for kind in ("studies", "reports"):
        if f"total_{kind}" in counts:
            yield more(f"previous_{kind}", kind), more(f"total_{kind}")


def _difference(left: Side, right: Side, where: str) -> Problem:
    gap = left[1] - right[1]
    return Problem(
        "flow_sum",
        f"{left[0]} is {left[1]}, but {right[0]} stands against it: {abs(gap)} too "
        f"{'few' if gap > 0 else 'many'}",
        where,
        "correct one of these boxes",
    )


def _vanished(counts: Mapping[str, int], where: str) -> Iterator[Problem]:
    """Refuse reports that are in no box: neither excluded, nor said to belong to a study."""
    if "studies" not in counts:
        return
    left = counts["assessed"] + counts.get("other_assessed", 0)
    left -= counts.get("other_reports_excluded", 0)
    gap = left - counts["studies"]
    if gap > 0:
        yield Problem(
            "flow_sum",
            f"assessed ({left}) and studies ({counts['studies']}): {gap} "
            f"{'report is' if gap == 1 else 'reports are'} in no box",
            where,
            f"say reports_excluded = {gap} with reasons, or reports = {left} where studies have "
            "more than one report",
        )


def _studies_and_reports(counts: Mapping[str, int], where: str) -> Iterator[Problem]:
    """Refuse more studies than reports, negative remainders, and reports of no study."""
    for code, count in counts.items():
        if count < 0:
            what = f"more is taken away than there was: {code} would be {count}"
            yield Problem("flow_sum", what, where, "correct the boxes above it")
    if "studies" not in counts:
        return
    left = counts["assessed"] - counts["reports_excluded"]
    left += counts.get("other_assessed", 0) - counts.get("other_reports_excluded", 0)
    reports = counts.get("reports", left)
    if counts["studies"] > reports:
        yield Problem(
            "flow_sum",
            f"studies ({counts['studies']}) are more than the reports left for them ({reports}): "
            f"{counts['studies'] - reports} too many",
            where,
            "a study has at least one report: correct one of these boxes",
        )
    elif reports > 0 and counts["studies"] == 0:
        yield Problem(
            "flow_sum",
            f"{reports} reports are left, but no study is included",
            where,
            "correct studies, or the reports excluded",
        )
