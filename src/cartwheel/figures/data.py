"""The numbers behind each figure, as CSV: every part of the result that the figure is drawn from.

One row a record, with its place in the JSON (``cartwheel trace`` follows it). Lists of the same
length, such as the times and heights of a curve, become rows of their own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.figures.numbers import significant
from cartwheel.figures.pooling.refits import measures_of
from cartwheel.figures.pooling.side_by_side import families
from cartwheel.figures.terms import term
from cartwheel.figures.wording import say

Json = Mapping[str, Any]
Row = dict[str, Any]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NAMES = ("label", "name", "group", "study", "band", "model", "day", "category")
_TOLD = 14
# what figures of the whole, of one score and of one analysis are drawn from
_WHOLE: dict[str, dict[str, tuple[str, ...]]] = {
    "develop": {
        "patient_flow": ("flow",),
        "regression_forest": ("univariable", "multivariable", "index_model", "adjusted_model"),
        "risk_by_points": ("risk_table",),
        "groups": ("groups",),
        "kaplan_meier": ("survival", "outcome"),
        "roc": ("roc",),
        "cutoff_wander": ("cutoffs",),
        "selection": ("selection",),
        "instability": ("instability",),
        "calibration": ("calibration", "performance"),
        "performance": ("performance", "uncut"),
        "dose_response": ("splines", "univariable"),
    },
    "validate": {
        "patient_flow": ("flow",),
        "roc": ("scores[].name", "scores[].roc"),
        "decision": ("decision",),
        "centres": ("centres",),
        "subgroups": ("subgroups",),
    },
    "landmark": {
        "patient_flow": ("flow",),
        "landmark_performance": ("landmarks", "performance"),
    },
    "pool": {"prisma_flow": ("flow",)},
}
_SCORE = {
    "calibration": ("name", "plot", "calibration", "discrimination"),
    "bands": ("name", "bands", "band_tests"),
    "kaplan_meier": ("name", "survival"),
    "incidence": ("name", "incidence"),
}
_ANALYSIS = {
    "forest": ("studies", "main", "heterogeneity", "subgroups", "models", "accuracy"),
    "accuracy_forest": ("accuracy", "studies"),
    "summary_roc": ("accuracy",),
    "models": ("models", "main"),
    "leave_one_out": ("leave_one_out", "main", "heterogeneity"),
    "influence": ("influence",),
    "baujat": ("influence",),
    "cumulative": ("cumulative", "main", "heterogeneity"),
    "subgroups": ("subgroups", "main", "heterogeneity"),
    "bubble": ("regressions", "studies", "main"),
    "funnel": ("studies", "main", "small_studies"),
    "subset_cloud": ("subsets", "main"),
}


def figure_csv(document: Json, name: str) -> str:
    """Write the data of a figure as CSV.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, landmark or pool.
    name : str
        Of the figure.

    Returns
    -------
    str
        Columns ``part``, ``id`` (place in the JSON), then every field; lines end in a line feed.

    Raises
    ------
    FileRefused
        ``figure_data`` where it is not known what the figure is drawn from.
    """
    return csv_text(_records(document, name))


def csv_text(rows: Iterable[Row]) -> str:
    """Write records as CSV; a record lacks what others have.

    Parameters
    ----------
    rows : iterable of dict
        Numbers, texts, None.

    Returns
    -------
    str
        A text that a spreadsheet would take for a formula begins with an apostrophe; numbers stay
        numbers; None is empty.
    """
    records = list(rows)
    header = list(dict.fromkeys(key for row in records for key in row))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([guarded(key) for key in header])
    writer.writerows([guarded(row.get(key)) for key in header] for row in records)
    return stream.getvalue()


def numbers_in_words(document: Json, name: str) -> str:
    """Say the first estimates of a figure, for those who hear it.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    name : str
        Of the figure.

    Returns
    -------
    str
        Sentences; empty where the figure shows no estimates.
    """
    said = []
    for row in _records(document, name):
        named = next((term(str(row[key])) for key in _NAMES if row.get(key) not in (None, "")), "")
        for key, value in row.items():
            stem = key.removesuffix("value")
            if key.endswith("value") and isinstance(value, float) and f"{stem}low" in row:
                said.append(f"{named} {stem.strip('.')}: {_interval(row, stem)}".replace(" :", ":"))
    said = said or [text for row in _records(document, name) if (text := _counted(row))]
    more = len(said) - _TOLD
    tail = [say("and {n} more in its CSV", n=more)] if more > 0 else []
    return "; ".join([one.strip() for one in said[:_TOLD]] + tail)


def _counted(row: Row) -> str:
    """Say the first numbers of a record that has no estimate."""
    named = next((term(str(row[key])) for key in _NAMES if row.get(key) not in (None, "")), "")
    numbers = [
        f"{key.replace('_', ' ')} {_short(value)}"
        for key, value in row.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and key not in _NAMES
    ]
    return f"{named}: {', '.join(numbers[:4])}".removeprefix(": ") if numbers else ""


def _short(value: float) -> str:
    return significant(value, 3) if isinstance(value, float) else str(value)


def _interval(row: Row, stem: str) -> str:
    value, low, high = (row.get(f"{stem}{key}") for key in ("value", "low", "high"))
    text = significant(float(value or 0.0), 3)
    if low is None or high is None:
        return text
    return say("{value} ({low} to {high})", value=text, low=significant(low, 3),
               high=significant(high, 3))  # fmt: skip


def guarded(value: Any) -> Any:
    """Keep a text from becoming a formula in a spreadsheet.

    Parameters
    ----------
    value : object
        Of a cell.

    Returns
    -------
    object
        A text that would be taken for a formula begins with an apostrophe; numbers stay numbers,
        truth values are 0 and 1, None is empty.
    """
    if not isinstance(value, str):
        return "" if value is None else int(value) if isinstance(value, bool) else value
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value


def _records(document: Json, name: str) -> Iterator[Row]:
    for place, part, value in _sources(document, name):
        yield from _flat(part, place, value)


def _sources(document: Json, name: str) -> Iterator[tuple[str, str, Any]]:
    kind, result = str(document.get("kind")), document.get("result") or {}
    whole = _WHOLE.get(kind, {})
    stem, _, number = name.rpartition("_")
    if name in whole:
        yield from _parts("result", result, whole[name])
    elif not number.isdigit():
        raise _unknown(name)
    elif kind == "validate":
        yield from _of_score(result, stem, int(number) - 1)
    elif kind == "pool":
        yield from _of_pool(result, stem, int(number) - 1)
    else:
        raise _unknown(name)


def _of_score(result: Json, stem: str, at: int) -> Iterator[tuple[str, str, Any]]:
    if stem in _SCORE:
        yield from _parts(f"result.scores[{at}]", result["scores"][at], _SCORE[stem])
    elif stem == "ladder":
        yield f"result.updates[{at}]", "updates", result["updates"][at]
    elif stem in ("subgroups", "centres"):
        name = result["scores"][at]["name"]
        yield f"result.scores[{at}].name", "score", name
        for place, part, value in _parts("result", result, (stem,)):
            yield place, part, _only(value, name)
        yield from _parts("result", result, ("outcome",))
        yield from _parts(
            f"result.scores[{at}]",
            result["scores"][at],
            ("discrimination", "calibration", "overall"),
        )
    else:
        raise _unknown(stem)


def _only(thing: Any, name: str) -> Any:
    """Leave out what is of other scores."""
    if isinstance(thing, Mapping):
        return {key: _only(value, name) for key, value in thing.items()}
    if isinstance(thing, list):
        kept = [
            one if _of(one, name) else {}
            for one in thing
        ]  # fmt: skip
        return [_only(one, name) for one in kept]
    return thing


def _of(one: Any, name: str) -> bool:
    if not isinstance(one, Mapping):
        return True
    return str(one.get("score", name)) == name


def _of_pool(result: Json, stem: str, at: int) -> Iterator[tuple[str, str, Any]]:
    analyses = result["analyses"]
    if stem in _ANALYSIS:
        place = f"result.analyses[{at}]"
        yield from _parts(place, analyses[at], ("name", "measure", "k", "patients", "null_value"))
        yield from _parts(place, analyses[at], _ANALYSIS[stem])
        if "studies" in _ANALYSIS[stem]:
            rows = {one["row"] for one in analyses[at]["studies"]}
            for number, one in enumerate(result.get("studies") or ()):
                if one.get("row") in rows:
                    yield f"result.studies[{number}]", "study", one
            yield from _parts("result", result, ("quality",))
    elif stem == "traffic_lights":
        yield f"result.quality[{at}]", "quality", result["quality"][at]
    elif stem == "prisma_flow":
        yield "result.flow", "flow", result["flow"]
    elif stem == "summary":
        code = measures_of(result)[at]
        yield from _analyses(
            analyses, [i for i, one in enumerate(analyses) if one["measure"] == code]
        )
    elif stem == "outcomes_side_by_side":
        yield from _analyses(analyses, families(result)[at])
        yield from _parts("result", result, ("studies",))
    else:
        raise _unknown(stem)


def _analyses(analyses: Sequence[Json], places: Iterable[int]) -> Iterator[tuple[str, str, Any]]:
    wanted = ("name", "outcome", "measure", "k", "patients", "studies", "main", "heterogeneity")
    for at in places:
        yield from _parts(f"result.analyses[{at}]", analyses[at], wanted)


def _parts(place: str, thing: Json, names: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    for name in names:
        several, _, inner = name.partition("[].")
        if inner:
            for at, one in enumerate(thing.get(several) or ()):
                yield from _parts(f"{place}.{several}[{at}]", one, (inner,))
        elif thing.get(name) is not None:
            yield f"{place}.{name}", name, thing[name]


def _flat(part: str, place: str, value: Any, of: str = "") -> Iterator[Row]:
    """Make records of any JSON; ``of`` names what a list belongs to."""
    if isinstance(value, Mapping):
        yield from _record(part, place, value, of)
    elif isinstance(value, (list, tuple)):
        if value and all(_plain(one) for one in value):
            yield from ({**_head(part, f"{place}[{at}]", of), "value": one}
                        for at, one in enumerate(value))  # fmt: skip
            return
        for at, one in enumerate(value):
            yield from _item(part, f"{place}[{at}]", one, of)
    else:
        yield {**_head(part, place, of), "value": value}


def _item(part: str, place: str, one: Any, of: str) -> Iterator[Row]:
    if isinstance(one, (list, tuple)) and all(_plain(each) for each in one):
        yield {**_head(part, place, of), **{f"value_{at + 1}": each for at, each in enumerate(one)}}
    else:
        yield from _flat(part, place, one, of)


def _record(part: str, place: str, thing: Json, of: str) -> Iterator[Row]:
    scalars: Row = {}
    lists: dict[str, Any] = {}
    _gather(thing, "", scalars, lists)
    if scalars:
        yield {**_head(part, place, of), **scalars}
    named = next(
        (str(thing[key]) for key in _NAMES if _plain(thing.get(key)) and thing.get(key)), of
    )
    together: dict[int, dict[str, Any]] = {}
    for key, value in lists.items():
        if value and all(_plain(one) for one in value):
            together.setdefault(len(value), {})[key] = value
        else:
            yield from _flat(f"{part}.{key}", f"{place}.{key}", value, named)
    for columns in together.values():
        first = next(iter(columns))
        for at, values in enumerate(zip(*columns.values(), strict=True)):
            yield {
                **_head(f"{part}.{first}", f"{place}.{first}[{at}]", named),
                **dict(zip(columns, values, strict=True)),
            }


def _gather(thing: Json, stem: str, scalars: Row, lists: dict[str, Any]) -> None:
    for key, value in thing.items():
        if isinstance(value, Mapping):
            _gather(value, f"{stem}{key}.", scalars, lists)
        elif isinstance(value, (list, tuple)):
            lists[f"{stem}{key}"] = value
        else:
            scalars[f"{stem}{key}"] = value


def _head(part: str, place: str, of: str) -> Row:
    return {"part": part, "id": place, "of": of or None}


def _plain(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple))


def _unknown(name: str) -> Refused:
    return refuse(
        FileRefused,
        "figure_data",
        "it is not known what this figure is drawn from",
        where=name[:40],
    )
