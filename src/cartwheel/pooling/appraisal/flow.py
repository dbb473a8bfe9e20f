"""Counts of the PRISMA flow from a file: TOML, CSV, or lists of references to be counted."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from cartwheel.errors import FileRefused, Problem, refuse
from cartwheel.pooling.appraisal.duplicates import Pair, find_duplicates
from cartwheel.pooling.appraisal.flow_counts import BOXES, WITH_REASONS, Counts, flow_from_counts
from cartwheel.pooling.appraisal.references import Reference, read_references
from cartwheel.pooling.result_appraisal import Flow

# names in use elsewhere; those with two underscores or more are the PRISMA2020 R package's
_ALSO: Mapping[str, str] = {
    "database_results": "databases",
    "database_specific_results": "databases",
    "register_results": "registers",
    "register_specific_results": "registers",
    "excluded_automatic": "automation",
    "automation_tools": "automation",
    "excluded_other": "removed_other",
    "records_screened": "screened",
    "records_excluded": "excluded",
    "dbr_sought_reports": "sought",
    "reports_sought": "sought",
    "dbr_notretrieved_reports": "not_retrieved",
    "reports_not_retrieved": "not_retrieved",
    "dbr_assessed": "assessed",
    "reports_assessed": "assessed",
    "dbr_excluded": "reports_excluded",
    "website_results": "other_identified",
    "organisation_results": "other_identified",
    "citations_results": "other_identified",
    "other_sought_reports": "other_sought",
    "other_notretrieved_reports": "other_not_retrieved",
    "other_excluded": "other_reports_excluded",
    "new_studies": "studies",
    "studies_included": "studies",
    "new_reports": "reports",
    "reports_included": "reports",
}
_PARTS_OF_OTHER = {
    "website_results": "Websites",
    "organisation_results": "Organisations",
    "citations_results": "Citation searching",
}
_LISTS = (".ris", ".nbib", ".txt", ".ciw")
_REASON = re.compile(r"\s*(.+?)\s*[,:=]\s*(?:n\s*=\s*)?(\d+)\s*")
# rows of the PRISMA2020 package that hold titles only
_NOT_BOXES = frozenset({"NA", "identification", "screening", "included"})
Said = dict[str, object]


def read_flow(path: str | Path) -> Flow:
    """Read the PRISMA flow from a file of counts, or count imported lists of references.

    Parameters
    ----------
    path : path
        TOML with the boxes as keys (``databases = 812``, or by name: ``databases = { PubMed = 400,
        Embase = 412 }``; ``reports_excluded = { "no survival" = 12 }``), where the name of a list
        of references beside it may stand in place of a count; CSV with columns ``box``, ``count``
        and ``reason``, or as the PRISMA2020 package for R takes it; or one list of references (RIS,
        NBIB).

    Returns
    -------
    Flow

    Raises
    ------
    FileRefused
        ``file_missing``, ``flow_format``, ``flow_box`` for a box that is not known, ``flow_count``
        for what is not a count, and what `flow_from_counts` and `read_references` refuse.
    """
    source = Path(path)
    if source.suffix.lower() in _LISTS:
        return flow_from_references({source.stem: source})
    said = _toml(source) if source.suffix.lower() == ".toml" else _table(source)
    return flow_from_counts(_counts(said, source), where=source.name)


def flow_from_references(lists: Mapping[str, str | Path]) -> Flow:
    """Count imported lists of references and their duplicates: the beginning of a flow.

    Parameters
    ----------
    lists : mapping of str to path
        Name of each database, and its list.

    Returns
    -------
    Flow
        Records identified, duplicates with every decision, and records left to screen.

    Raises
    ------
    FileRefused
        What `read_references` refuses.
    """
    said: Said = {"databases": {name: str(path) for name, path in lists.items()}}
    return flow_from_counts(_counts(said, Path("references")), where="references")


def _counts(said: Mapping[str, object], source: Path) -> Counts:
    problems: list[Problem] = []
    counts: dict[str, int] = {}
    parts: dict[str, tuple[tuple[str, int], ...]] = {}
    records: list[Reference] = []
    for key, value in said.items():
        code = _box(key, source.name, problems)
        where = f"{source.name}: {key}"
        named = [*value.items()] if isinstance(value, Mapping) else [("", value)]
        if code is None:
            continue
        if isinstance(value, Mapping) and code not in WITH_REASONS:
            what = "this box has one count, not parts"
            problems.append(Problem("flow_count", what, where, f"write: {key} = NUMBER"))
            continue
        found = tuple(
            (str(name), _one(part, (code, where), source.parent, records, problems))
            for name, part in named
        )
        counts[code] = counts.get(code, 0) + sum(count for _, count in found)
        if isinstance(value, Mapping):
            parts[code] = (*parts.get(code, ()), *found)
    if problems:
        raise FileRefused(problems)
    return _with_duplicates(Counts(counts, parts), records, source.name)


def _with_duplicates(said: Counts, records: Sequence[Reference], where: str) -> Counts:
    """Add the duplicates among imported lists; a count that says otherwise is refused."""
    if not records:
        return said
    found = find_duplicates(records)
    counted = len(found.removed)
    given = said.counts.get("duplicates", counted)
    if given != counted:
        raise refuse(
            FileRefused,
            "flow_sum",
            f"duplicates ({given}) were given, but {counted} were found in the imported lists: "
            f"{abs(given - counted)} too {'many' if given > counted else 'few'}",
            where=where,
            mend="leave duplicates out, and put further removals under removed_other",
        )
    return Counts(
        {**said.counts, "duplicates": counted},
        said.parts,
        decisions(found.removed),
        decisions(found.questions),
    )


def decisions(pairs: Iterable[Pair]) -> tuple[tuple[str, str, str], ...]:
    """Write pairs of records as the flow keeps them.

    Parameters
    ----------
    pairs : iterable of Pair
        Duplicates or questions.

    Returns
    -------
    tuple of (str, str, str)
        Earlier record, later record, why.
    """
    return tuple((pair.kept.label, pair.other.label, pair.by) for pair in pairs)


def _one(
    value: object,
    place: tuple[str, str],
    folder: Path,
    records: list[Reference],
    problems: list[Problem],
) -> int:
    """Read one count, or count a list of references whose name stands in its place."""
    code, where = place
    if isinstance(value, str) and code in {"databases", "registers"} and not _number(value):
        found = read_references(folder / value)
        records += found
        return len(found)
    number = _number(value)
    if number is None:
        what = f"'{str(value)[:30]}' is not a count"
        problems.append(Problem("flow_count", what, where, "write a whole number, 0 or more"))
        return 0
    return int(number)


def _number(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    text = str(value).strip()
    # thousands as papers print them: 1,234 or 1 234
    if re.fullmatch(r"\d{1,3}(?:[, \u00a0\u2009\u202f]\d{3})+", text):
        return re.sub(r"\D", "", text)
    return text if re.fullmatch(r"\d{1,9}", text) and text.isascii() else None


def _box(key: str, where: str, problems: list[Problem]) -> str | None:
    code = re.sub(r"[^a-z0-9]+", "_", key.casefold()).strip("_")
    code = _ALSO.get(code, code)
    labels = {
        re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_"): c for c, text in BOXES.items()
    }
    code = labels.get(code, code)
    if code in BOXES:
        return code
    close = get_close_matches(code, [*BOXES, *_ALSO], n=1, cutoff=0.5)
    mend = (
        f"did you mean {_ALSO.get(close[0], close[0])}?" if close else "boxes: " + ", ".join(BOXES)
    )
    problems.append(Problem("flow_box", "the flow has no such box", f"{where}: {key}", mend))
    return None


def _text(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8-sig")
    except OSError:
        raise refuse(
            FileRefused,
            "file_missing",
            "there is no such file of counts",
            where=str(source),
            mend="check the name and the folder",
        ) from None
    except UnicodeDecodeError:
        raise refuse(
            FileRefused,
            "flow_format",
            "this is not a text file in UTF-8",
            where=source.name,
            mend="give the counts as TOML or CSV",
        ) from None


def _toml(source: Path) -> Said:
    try:
        return dict(tomllib.loads(_text(source)))
    except tomllib.TOMLDecodeError as error:
        raise refuse(
            FileRefused,
            "flow_format",
            f"this is not a TOML file ({error})",
            where=source.name,
            mend="write one box a line: screened = 120",
        ) from None


def _table(source: Path) -> Said:
    """Read a CSV of boxes: ours (box, count, reason), or the PRISMA2020 package's (data, n)."""
    text = _text(source)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
    names = {str(name).strip().casefold(): name for name in (rows[0] if rows else {})}
    box, count = next(
        ((b, n) for b, n in (("box", "count"), ("box", "n"), ("data", "n"), ("data", "count"))
         if b in names and n in names and not (b == "box" and "data" in names)),
        ("", ""),
    )  # fmt: skip
    if not box:
        raise refuse(
            FileRefused,
            "flow_format",
            "the counts need columns 'box' and 'count'",
            where=source.name,
            mend="write the header box,count,reason and one box a row",
        )
    said: Said = {}
    for row in rows:
        key, value = (str(row[names[name]] or "").strip() for name in (box, count))
        reason = str(row.get(names.get("reason", ""), "") or "").strip()
        if key and value and key not in _NOT_BOXES:
            _add(said, key, value, _PARTS_OF_OTHER.get(key, reason), source.name)
    return _without_empty_totals(said) if box == "data" else said


def _add(said: Said, key: str, value: str, reason: str, where: str) -> None:
    """Add one row: a reason makes a part; ``Reason, 5; Reason, 3`` in one cell makes several."""
    several = [_REASON.fullmatch(one) for one in value.split(";")] if _number(value) is None else []
    before = said.get(key)
    if several and all(several) and before is None:
        said[key] = {one[1]: one[2] for one in several if one}
    elif reason and before is None:
        said[key] = {reason: value}
    elif reason and isinstance(before, dict) and reason not in before:
        before[reason] = value
    elif before is None:
        said[key] = value
    else:
        raise refuse(
            FileRefused,
            "flow_box",
            "this box is given twice",
            where=f"{where}: {key}",
            mend="keep one row for it, or one row for each reason",
        )


def _without_empty_totals(said: Said) -> Said:
    """Take out the 0 that the PRISMA2020 package writes for the boxes of an updated review."""
    updated = [key for key in said if key.startswith(("previous_", "total_"))]
    if any(_number(said[key]) != "0" for key in updated):
        return said
    return {key: value for key, value in said.items() if key not in updated}
