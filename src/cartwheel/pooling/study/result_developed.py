"""A development of ours as study rows: what is left of it after correction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scipy.special import ndtri

from cartwheel.errors import FileRefused, refuse
from cartwheel.note import Note
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result import LeftOut, ResultRows, Source
from cartwheel.pooling.study.scales import normal_estimate, onto_scale, scale_of

# measure of the result file -> measure of a study, and its name
_MEASURES = {
    "auc": ("C", "AUC"),
    "c_index": ("C", "Harrell's C-index"),
    "calibration_slope": ("slope", "calibration slope"),
}


def developed_rows(document: dict[str, Any], name: str, digest: str, plan: PoolPlan) -> ResultRows:
    """Make study rows of the JSON of ``cartwheel develop``.

    Parameters
    ----------
    document : dict
        The file.
    name, digest : str
        Of the file.
    plan : PoolPlan
        For the level of the intervals.

    Returns
    -------
    ResultRows

    Raises
    ------
    FileRefused
        ``no_corrected`` where nothing was corrected.

    Notes
    -----
    The corrected value and interval are used, never the apparent ones: effect = logit of C (or the
    slope itself), standard error = width of the interval on that scale / (2 z).
    """
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
    source = Source(name, digest, "develop", len(studies))
    return ResultRows(
        tuple(studies),
        tuple(left_out),
        (note,),
        source,
        bool(result["simulated"]),
        str(document.get("provenance", {}).get("data_sha256", "")),
    )


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
