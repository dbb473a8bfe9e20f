"""Risk of bias from the columns of a study table: read, checked, and judged overall by rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse
from cartwheel.pooling.appraisal.tools import (
    HIGH,
    LOW,
    NEWCASTLE_OTTAWA,
    NOT_SAID,
    PROBAST,
    QUIPS,
    QUIPS_OVERALL,
    STAR_ITEMS,
    TOOLS,
    Tool,
    plain_word,
    probast_overall,
    quips_overall as overall_by_proposal,
)
from cartwheel.pooling.result_appraisal import Judgement, Quality, StudyQuality
from cartwheel.pooling.result_studies import Study

OVERALL, APPLICABILITY = "overall", "overall_applicability"
_OVERALL_NAMES = {
    **dict.fromkeys(
        ("overall", "total", "summary", "overall_risk_of_bias", "risk_of_bias", "overall_rob"),
        OVERALL,
    ),
    **dict.fromkeys(("overall_applicability", "applicability_overall"), APPLICABILITY),
}
_STAR_TOTAL = ("", "total", "stars", "score", "total_stars", "total_score", "sum")
_STARS = re.compile(r"[\u2605\u2b50*\u2217]")
_EMPTY_STARS = re.compile(r"[\u2606\s]|/\s*\d+$")


@dataclass(frozen=True, slots=True)
class _Row:
    """What one row says by one tool: domain code to level (or stars as text), empty if nothing."""

    row: int
    study: str
    said: dict[str, str]


def read_quality(
    frame: pd.DataFrame,
    first_row: int,
    studies: Sequence[Study],
    *,
    tool: str = "auto",
    quips_overall: str | None = None,
    file: str = "",
) -> tuple[Quality, ...]:
    """Read risk of bias from the columns of a study table.

    Parameters
    ----------
    frame : DataFrame
        The table; its columns of interest begin with ``quips``, ``probast``, ``nos`` or
        ``newcastle_ottawa``, and name a domain, its number, or ``overall``.
    first_row : int
        Row number of its first row, as the reader of the file sees it.
    studies : sequence of Study
        Rows of the analysis; judgements of other rows are checked and left out.
    tool : str
        ``auto`` for every tool that has columns, ``none``, or the name of one.
    quips_overall : str, optional
        Named proposal for an overall QUIPS judgement, ``grooten_2019``; QUIPS itself has none.
    file : str
        Name of the file: only its studies are meant, and refusals name it; empty for all.

    Returns
    -------
    tuple of Quality
        One for each tool whose columns hold a judgement; a study that stands in several rows with
        the same judgements is told once.

    Raises
    ------
    FileRefused
        ``quality_column``, ``quality_word``, ``quality_stars``, ``quality_sum`` or
        ``quality_overall``: all faults at once, by row.
    PlanRefused
        ``quips_overall`` for an unknown proposal; ``quality_tool`` for a tool that is asked for and
        has no column.

    Notes
    -----
    Low, moderate, high and unclear may be written as words, first letters or signs (+, !, x, ?).
    A minus is high in PROBAST and refused in QUIPS, where it stands for moderate in some
    publications and for high in others. PROBAST's overall judgement follows its rule where the
    table leaves it open, and may be stricter than the rule where all domains are low (a model
    without external validation); anything else that contradicts the rule is refused.

    References
    ----------
    Hayden JA et al 2013, doi:10.7326/0003-4819-158-4-201302190-00009. Wolff RF et al 2019,
    doi:10.7326/M18-1376. Grooten WJA et al 2019, doi:10.1186/s41512-019-0050-0.
    """
    if quips_overall is not None and quips_overall not in QUIPS_OVERALL:
        raise refuse(
            PlanRefused,
            "quips_overall",
            f"there is no proposal '{quips_overall}' for an overall QUIPS judgement",
            mend="use " + " or ".join(QUIPS_OVERALL) + ", or a column quips_overall",
        )
    here = [study for study in studies if not file or study.file == file]
    problems: list[Problem] = []
    found = []
    for one in TOOLS if tool == "auto" else [known for known in TOOLS if known.name == tool]:
        columns = _columns(frame, one, file, problems)
        if not columns and tool == one.name:
            raise refuse(
                PlanRefused,
                "quality_tool",
                f"the table has no column of {one.name}",
                where=file,
                mend=f"name columns {one.prefixes[-1]}_{one.domains[0].code} and so on",
            )
        rows = _rows(frame, first_row, here, (one, columns), problems)
        if any(level for row in rows for level in row.said.values()):
            found.append(_quality(one, rows, quips_overall))
    if problems:
        raise FileRefused(problems)
    return tuple(found)


def _columns(
    frame: pd.DataFrame, tool: Tool, file: str, problems: list[Problem]
) -> dict[int, str | int]:
    """Find the tool's columns: place to domain code, overall, or number of a star item."""
    found: dict[int, str | int] = {}
    for place, name in enumerate(map(str, frame.columns)):
        rest = _rest(_slug(name), tool)
        if rest is None:
            continue
        meaning = _meaning(rest, tool)
        where = f"{file}, column '{name}'" if file else f"column '{name}'"
        if meaning is None:
            problems.append(_unknown_column(rest, tool, where))
        elif meaning in found.values():
            what = f"two columns of {tool.name} mean the same"
            problems.append(Problem("quality_column", what, where, "keep one of them"))
        else:
            found[place] = meaning
    return found


def _rest(slug: str, tool: Tool) -> str | None:
    for prefix in tool.prefixes:
        if slug == prefix or slug.startswith(prefix + "_"):
            return slug[len(prefix) + 1 :]
    return None


def _meaning(rest: str, tool: Tool) -> str | int | None:
    number = re.fullmatch(r"(?:d|domain_|domain|item_|q)?(\d)", rest)
    if tool is NEWCASTLE_OTTAWA:
        if rest in _STAR_TOTAL:
            return "stars"
        if rest in {"overall", "quality", "rating"}:
            return OVERALL
        if number is not None:
            return int(number[1]) if int(number[1]) in STAR_ITEMS else None
    if rest in _OVERALL_NAMES:
        overall = _OVERALL_NAMES[rest]
        return overall if overall == OVERALL or tool is PROBAST else None
    if number is not None:
        place = int(number[1]) - 1
        return tool.domains[place].code if 0 <= place < len(tool.domains) else None
    for domain in tool.domains:
        if rest in {domain.code, _slug(domain.label), *domain.also}:
            return domain.code
    return None


def _unknown_column(rest: str, tool: Tool, where: str) -> Problem:
    codes = [domain.code for domain in tool.domains]
    close = get_close_matches(rest, codes, n=1, cutoff=0.5)
    prefix = tool.prefixes[-1]
    mend = f"did you mean {prefix}_{close[0]}?" if close else "it has: " + ", ".join(codes)
    return Problem("quality_column", f"{tool.name} has no such domain", where, mend)


def _rows(
    frame: pd.DataFrame,
    first_row: int,
    studies: Sequence[Study],
    asked: tuple[Tool, Mapping[int, str | int]],
    problems: list[Problem],
) -> list[_Row]:
    """Read and check every row; give those of the studies, equal rows of one study once."""
    tool, columns = asked
    labels = {study.row: study.study for study in studies}
    kept: dict[str, list[_Row]] = {}
    for place in range(len(frame) if columns else 0):
        row = first_row + place
        cells = {
            meaning: frame.iat[place, column]
            for column, meaning in columns.items()
        }  # fmt: skip
        where = f"row {row}"
        faults: list[Problem] = []
        read = _stars if tool is NEWCASTLE_OTTAWA else _levels
        said = read(tool, cells, where, faults)
        problems += faults or _contradictions(tool, said, where)
        if row in labels:
            _join(kept.setdefault(labels[row], []), _Row(row, labels[row], said))
    return [row for rows in kept.values() for row in rows]


def _join(rows: list[_Row], new: _Row) -> None:
    """Add a row of a study unless an earlier one says the same, or one of the two says nothing."""
    for row in rows:
        if row.said == new.said or not any(new.said.values()):
            return
        if not any(row.said.values()):
            row.said.update(new.said)
            return
    rows.append(new)


def _levels(
    tool: Tool, cells: Mapping[str | int, object], where: str, problems: list[Problem]
) -> dict[str, str]:
    said: dict[str, str] = {}
    for meaning, cell in cells.items():
        word = plain_word(_text(cell))
        if word in NOT_SAID:
            continue
        if word in tool.words:
            said[str(meaning)] = tool.words[word]
            continue
        what = f"'{_text(cell)[:30]}' is not a judgement of {tool.name}"
        if word in tool.open_words:
            what = tool.open_words[word]
        place = f"{where}, {tool.prefixes[-1]}_{meaning}"
        mend = "write " + ", ".join(tool.levels[:-1]) + " or " + tool.levels[-1]
        problems.append(Problem("quality_word", what, place, mend))
    return said


def _stars(
    tool: Tool, cells: Mapping[str | int, object], where: str, problems: list[Problem]
) -> dict[str, str]:
    """Read stars of groups, items and total; groups from items, and all of them must agree."""
    said = _levels(tool, {OVERALL: cells.get(OVERALL, "")}, where, problems)
    most: dict[str | int, int] = {domain.code: domain.stars for domain in tool.domains}
    most |= {"stars": sum(most.values())} | {item: stars for item, (_, stars) in STAR_ITEMS.items()}
    counts: dict[str | int, int] = {}
    for meaning, cell in cells.items():
        if meaning == OVERALL or plain_word(_text(cell)) in NOT_SAID:
            continue
        count = _count(_text(cell))
        if count is None or count > most[meaning]:
            what = f"'{_text(cell)[:30]}' is not a number of stars from 0 to {most[meaning]}"
            place = f"{where}, nos_{meaning}"
            mend = "write the number of stars, or leave the cell empty"
            problems.append(Problem("quality_stars", what, place, mend))
        else:
            counts[meaning] = count
    problems += _sums(tool, counts, where)
    for domain in tool.domains:
        if domain.code in counts:
            said[domain.code] = str(counts[domain.code])
    if "stars" in counts:
        said["stars"] = str(counts["stars"])
    return said


def _sums(tool: Tool, counts: dict[str | int, int], where: str) -> Iterator[Problem]:
    """Make groups from complete items and the total from complete groups; refuse what differs."""
    sums: list[tuple[str, Iterable[str | int]]] = [
        (code, [item for item, (group, _) in STAR_ITEMS.items() if group == code])
        for code in (domain.code for domain in tool.domains)
    ]
    sums.append(("stars", [domain.code for domain in tool.domains]))
    for name, parts in sums:
        if any(part not in counts for part in parts):
            continue
        total = sum(counts[part] for part in parts)
        if counts.setdefault(name, total) != total:
            yield Problem(
                "quality_sum",
                f"the parts of nos_{name} have {total} stars, but {counts[name]} are given",
                where,
                "correct the parts or the sum, or leave the sum out",
            )


def _contradictions(tool: Tool, said: Mapping[str, str], where: str) -> Iterator[Problem]:
    if tool is not PROBAST:
        return
    for name, codes in ((OVERALL, _bias_codes(tool)), (APPLICABILITY, _applicability_codes(tool))):
        ruled = probast_overall([said.get(code, "") for code in codes])
        given = said.get(name, "")
        # the authors allow high where all domains are low: a model without external validation
        allowed = ("", ruled, HIGH) if ruled == LOW else ("", ruled)
        if ruled and given not in allowed:
            yield Problem(
                "quality_overall",
                f"{name.replace('_', ' ')} is '{given}', but by PROBAST's rule these domains make "
                f"it '{ruled}'",
                where,
                "correct a domain, or leave the overall judgement empty",
            )


def _bias_codes(tool: Tool) -> list[str]:
    return [domain.code for domain in tool.domains if not domain.code.startswith("applicability")]


def _applicability_codes(tool: Tool) -> list[str]:
    return [domain.code for domain in tool.domains if domain.code.startswith("applicability")]


def _quality(tool: Tool, rows: Sequence[_Row], proposal: str | None) -> Quality:
    judged = tuple(_study(tool, row, proposal) for row in rows)
    codes = [domain.code for domain in tool.domains]
    applied = any(study.overall_by_rule for study in judged)
    return Quality(
        tool=tool.name,
        domains=tuple((domain.code, domain.label) for domain in tool.domains),
        studies=judged,
        missing=tuple(_missing(rows, tool, codes)),
        rule=_rule(tool, proposal) if applied else "",
        citation=tool.citation,
    )


def _rule(tool: Tool, proposal: str | None) -> str:
    return QUIPS_OVERALL[proposal] if tool is QUIPS and proposal else tool.citation


def _missing(rows: Sequence[_Row], tool: Tool, codes: Sequence[str]) -> Iterator[str]:
    if tool is PROBAST and not any(row.said.get(c) for row in rows for c in codes[4:]):
        codes = codes[:4]  # applicability was not asked at all
    for row in rows:
        absent = [code for code in codes if not row.said.get(code)]
        if tool is NEWCASTLE_OTTAWA and row.said.get("stars"):
            continue
        if absent:
            what = "every domain" if len(absent) == len(codes) else ", ".join(absent)
            yield f"{row.study} (row {row.row}): {what}"


def _study(tool: Tool, row: _Row, proposal: str | None) -> StudyQuality:
    said = row.said
    overall, by_rule = said.get(OVERALL, ""), False
    if not overall and tool is PROBAST:
        overall = probast_overall([said.get(code, "") for code in _bias_codes(tool)])
        by_rule = bool(overall)
    elif not overall and tool is QUIPS and proposal is not None:
        overall = overall_by_proposal([said.get(d.code, "") for d in tool.domains], proposal)
        by_rule = bool(overall)
    applicability = said.get(APPLICABILITY, "")
    if not applicability and tool is PROBAST:
        codes = _applicability_codes(tool)
        applicability = probast_overall([said.get(code, "") for code in codes])
    return StudyQuality(
        study=row.study,
        row=row.row,
        judgements=tuple(
            Judgement(domain.code, said[domain.code])
            for domain in tool.domains
            if said.get(domain.code)
        ),
        overall=overall,
        overall_by_rule=by_rule,
        stars=int(said["stars"]) if said.get("stars") else None,
        applicability=applicability,
    )


def _count(text: str) -> int | None:
    """Count stars written as signs or as a number, ``3/4`` included; None for anything else."""
    stripped = _EMPTY_STARS.sub("", text.strip())
    if stripped and not _STARS.sub("", stripped):
        return len(stripped)
    if not stripped and "\u2606" in text:
        return 0
    number = re.fullmatch(r"(\d)(?:\.0+)?", stripped)
    return int(number[1]) if number else None


def _text(cell: object) -> str:
    return "" if cell is None or cell != cell else str(cell)  # noqa: PLR0124  # only NaN differs


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
