"""A result of ours as study rows: a centre's development beside the published evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.special import ndtri

from cartwheel.canonical import sha256
from cartwheel.errors import FileRefused, refuse
from cartwheel.note import Note
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result import LeftOut, Source
from cartwheel.pooling.study.scales import normal_estimate, onto_scale, scale_of

_KIND, _SCHEMA = "develop", "cartwheel/develop/1"
# measure of the result file -> measure of a study, and its name
_MEASURES = {
    "auc": ("C", "AUC"),
    "c_index": ("C", "Harrell's C-index"),
    "calibration_slope": ("slope", "calibration slope"),
}


@dataclass(frozen=True, slots=True)
class ResultRows:
    """What a result file gives.

    Parameters
    ----------
    studies : tuple of Study
        Discrimination and calibration slope, where they have a corrected interval.
    left_out : tuple of LeftOut
        Measures without one.
    notes : tuple of Note
        What these rows are not.
    source : Source
        The file.
    simulated : bool
        As the file says.
    """

    studies: tuple[Study, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[Note, ...]
    source: Source
    simulated: bool


def read_result(path: Path, plan: PoolPlan) -> ResultRows:
    """Read the JSON of ``cartwheel develop`` as study rows.

    Parameters
    ----------
    path : Path
        The file.
    plan : PoolPlan
        For the level of the intervals.

    Returns
    -------
    ResultRows

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_json``, ``result_kind`` for another kind or version of file,
        ``result_broken`` where parts are missing, ``no_corrected`` where nothing was corrected.

    Notes
    -----
    The corrected value and interval are used, never the apparent ones: effect = logit of C (or the
    slope itself), standard error = width of the interval on that scale / (2 z).
    """
    data = _read(path)
    document = _document(data, path.name)
    try:
        return _rows(document, path.name, sha256(data), plan)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise refuse(
            FileRefused,
            "result_broken",
            "parts of the result are missing",
            where=path.name,
            mend="write it again with: cartwheel develop ... --json FILE",
        ) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise refuse(
            FileRefused,
            "file_missing",
            "there is no such file",
            where=str(path),
            mend="check the name and the folder",
        ) from None


def _document(data: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, UnicodeDecodeError):
        raise refuse(
            FileRefused,
            "not_json",
            "this is not a JSON file",
            where=name,
            mend="give a table (CSV, workbook) or the JSON of: cartwheel develop ... --json FILE",
        ) from None
    kind = document.get("kind") if isinstance(document, dict) else None
    schema = document.get("schema") if isinstance(document, dict) else None
    if kind != _KIND or schema != _SCHEMA:
        raise refuse(
            FileRefused,
            "result_kind",
            f"a result of kind '{str(kind)[:30]}' ({str(schema)[:40]}) is not a study row",
            where=name,
            mend=f"results of kind '{_KIND}' ({_SCHEMA}) are",
        )
    return dict(document)


def _rows(document: dict[str, Any], name: str, digest: str, plan: PoolPlan) -> ResultRows:
    result = document["result"]
    studies: list[Study] = []
    left_out: list[LeftOut] = []
    label = str(result["title"] or Path(name).stem)
    for measure in result["performance"]["measures"]:
        if measure["name"] not in _MEASURES:
            continue
        study = _study(measure, result, label, name, plan)
        if study is not None:
            studies.append(study)
            continue
        reason = "no corrected interval: the development was not repeated in resamples"
        left_out.append(LeftOut(0, name, f"{label}, {measure['label']}", "no_corrected", reason))
    if not studies:
        raise refuse(
            FileRefused,
            "no_corrected",
            "no measure of this result has a corrected interval",
            where=name,
            mend="develop with --bootstrap 1000",
        )
    note = Note(
        "own_result",
        "caution",
        f"{name} ({label}) is a development result, corrected for optimism; it is not an external "
        "validation, and a pool of both is neither.",
    )
    source = Source(name, digest, _KIND, len(studies))
    return ResultRows(tuple(studies), tuple(left_out), (note,), source, bool(result["simulated"]))


def _study(
    measure: dict[str, Any], result: dict[str, Any], label: str, name: str, plan: PoolPlan
) -> Study | None:
    code, words = _MEASURES[measure["name"]]
    corrected, apparent = measure["corrected"], measure["apparent"]
    if corrected is None:
        return None
    value, low, high = corrected["value"], corrected["low"], corrected["high"]
    level = corrected["level"]
    if None in (value, low, high, level) or not low < high:
        return None
    scale = scale_of(code)
    if scale == "logit" and not 0.0 < low < high < 1.0:
        return None
    effect = onto_scale(value, scale)
    reach = 2.0 * float(ndtri(0.5 + level / 2.0))
    error = (onto_scale(high, scale) - onto_scale(low, scale)) / reach
    outcome = result["outcome"]
    n, events = outcome["patients"], outcome["events"]
    first = "logit of the corrected value" if scale == "logit" else "corrected value"
    on = "the logit scale" if scale == "logit" else "its own scale"
    width = "logit upper - logit lower" if scale == "logit" else "upper - lower"
    return Study(
        row=0,
        file=name,
        study=label,
        year=None,
        group="",
        outcome=str(outcome["label"]),
        factor=str(result["score_id"]),
        comparison="",
        measure=code,
        n=float(n),
        reported=f"{words} {value:.3f} ({low:.3f}-{high:.3f}) corrected for optimism; apparent "
        f"{apparent['value']:.3f}",
        route="result_file",
        conversion=f"{first}; standard error = ({width}) / {reach:.4f}; a development result "
        "corrected for optimism, not an external validation",
        assumptions=(f"the corrected interval is a normal one on {on}",),
        inverted=False,
        scale=scale,
        effect=effect,
        std_error=error,
        estimate=normal_estimate(effect, error, scale, level=plan.level, n=n, events=events),
        counts=None,
        cutoff=None,
        cutoff_text="",
        cluster=label,
        moderators=(),
        source=f"{name}, {result['score_id']}",
        overlap="",
        used=True,
        reason="",
    )
