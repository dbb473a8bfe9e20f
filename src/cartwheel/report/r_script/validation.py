"""The R program of a validation: read, score, measure, compare, tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.report.r_script.beside import ours_lines
from cartwheel.report.r_script.groups import centre_lines, grouping_columns, subgroup_lines
from cartwheel.report.r_script.imputed_inputs import imputed_inputs_lines, is_imputed
from cartwheel.report.r_script.ladder import ladder_lines
from cartwheel.report.r_script.reading import columns_read, excluded_columns, outcome_lines
from cartwheel.report.r_script.resampled import resampled_lines
from cartwheel.report.r_script.scores import published_bands, score_lines
from cartwheel.report.r_script.writing import opening, piece, r_number, r_text, value, words

_PACKAGES = {
    "binary": ("survival", "pROC", "Hmisc"),
    "survival": ("survival", "pROC", "Hmisc", "riskRegression", "prodlim"),
    "competing": ("survival", "pROC", "Hmisc", "riskRegression", "prodlim", "cmprsk"),
}
_PIECES = ("logistic", "survival", "spline", "fine_gray", "validation", "resampled")
_DISTANCES = ("ici", "e50", "e90")
_NOT_REPEATED = (
    "the sizes of sample",
    "with times: the interval of Uno's C and those of sensitivity, specificity and predictive "
    "values; their values are",
    "the points of curves of survival and ROC for drawing; notes",
)
_OTHER_DRAWS = (
    "imputed values by cartwheel's random numbers: mice draws others. How far its chains have mixed"
)
_RANDOM = (
    r"\.(calibration|overall)\[\d+\]\.estimate\.(low|high)$",
    r"\.plot\.curve\[\d+\]\[[23]\]$",
    r"\.decision\..*(low|high)(\[\d+\])?$",
    r"\.comparisons\[\d+\]\.difference\.(low|high)$",
    r"\.chosen_share\[\d+\]\[1\]$|\.corrected\.(value|low|high)$",
    r"\.imputation\.measures\[\d+\]\.(imputed\.\w+|monte_carlo_error|missing_information)$",
)


def validation_script(
    document: Mapping[str, Any], scores: Sequence[ScoreSpec], data_name: str | None
) -> str:
    """Write the program of a validation.

    Parameters
    ----------
    document : mapping
        JSON of a validation.
    scores : sequence of ScoreSpec
        In the order of the plan.
    data_name : str or None
        File that is read by default.

    Returns
    -------
    str
    """
    plan, result = document["plan"], document["result"]
    kind = result["outcome"]["kind"]
    packages = [*_PACKAGES[kind], *(("metafor",) if result.get("centres") else ())]
    said = list(_NOT_REPEATED)
    if is_imputed(result):
        said.insert(0, _OTHER_DRAWS)
    lines = [
        *opening(document, "validation", data_name, packages, said),
        *ours_lines(result, _RANDOM),
        *(["suppressPackageStartupMessages(library(prodlim))"] if kind != "binary" else []),
        *(f"{piece(name)}\n" for name in ("printing", "reading", "scoring")),
        "# ---- the patients " + "-" * 76,
        "sheet <- read_sheet(FILE)",
        *_patients(plan, result, scores),
        "",
        *(f"{piece(name)}\n" for name in _PIECES),
        *_told(plan, result, scores),
        "finish()",
    ]
    return "\n".join(lines) + "\n"


def _patients(
    plan: Mapping[str, Any], result: Mapping[str, Any], scores: Sequence[ScoreSpec]
) -> Iterator[str]:
    outcome = result["outcome"]
    extended = (plan.get("update") or {}).get("extend") or ()
    edged = [item["column"] for item in plan.get("subgroups") or () if item.get("cuts")]
    helping = (plan.get("imputation") or {}).get("auxiliary") or () if is_imputed(result) else ()
    yield from columns_read(plan, [*excluded_columns(plan), *extended, *edged, *helping])
    yield from outcome_lines(plan, outcome.get("time_unit"))
    found = result["scores"]
    for place, (spec, row) in enumerate(zip(scores, found, strict=True)):
        yield from score_lines(place, spec, row)
    yield "# ---- who is analysed " + "-" * 73
    yield "eligible <- kept"
    if is_imputed(result):
        times = "" if outcome["kind"] == "binary" else ", time = time"
        yield (
            f"before <- list(event = event{times}, eligible = eligible, columns = columns)"
            "  # to be imputed"
        )
    for number in range(1, len(found) + 1):
        yield f'tell("result.scores[{number - 1}].scored", sum(eligible & score_{number}$scored))'
    for number in range(1, len(found) + 1):
        yield f"kept <- kept & score_{number}$scored"
        yield "step(kept, event)"
    yield "tell_flow()"
    each = ", ".join(f"score_{number}" for number in range(1, len(found) + 1))
    yield f"scores <- lapply(list({each}), some, kept)"
    yield f"KIND <- {r_text(outcome['kind'])}"
    yield f"LEVEL <- {r_number(plan['level'])}"
    yield "columns <- lapply(columns, function(x) x[kept])"
    yield "sheet <- sheet[kept, , drop = FALSE]"
    yield "event <- event[kept]"
    if outcome["kind"] != "binary":
        yield "# times that differ by rounding are tied, as in every function of survival"
        yield "time <- aeqSurv(Surv(time[kept], event > 0))[, 1]"
        yield f"horizon <- {r_number(outcome['horizon'])}"


def _told(
    plan: Mapping[str, Any], result: Mapping[str, Any], scores: Sequence[ScoreSpec]
) -> Iterator[str]:
    yield "# ---- what is told " + "-" * 76
    yield 'tell_fields("result.outcome", list(patients = n, events = sum(ill(everyone))))'
    if result["outcome"].get("follow_up"):
        yield "followed <- median_time(time, as.numeric(event == 0), LEVEL)"
        yield 'tell_estimate("result.outcome.follow_up", followed)'
    if result.get("competing_events") is not None:
        yield 'tell("result.competing_events", sum(event == 2))'
    for place, row in enumerate(result["scores"]):
        yield from _score_told(f"result.scores[{place}]", f"scores[[{place + 1}]]", row, plan)
    yield from _compared(result)
    yield from _decided(result)
    yield from resampled_lines(result)
    yield from grouping_columns(plan, result)
    yield from subgroup_lines(plan, result)
    yield from centre_lines(result)
    if result.get("updates"):
        yield piece("ladder")
        yield from ladder_lines(plan, result, scores)
    if is_imputed(result):
        yield from imputed_inputs_lines(plan, result, scores)


def _score_told(
    place: str, score: str, found: Mapping[str, Any], plan: Mapping[str, Any]
) -> Iterator[str]:
    yield f"s <- {score}"
    yield f'tell_value("{place}", s)'
    for part in ("discrimination", "calibration", "overall"):
        yield from _measures(f"{place}.{part}", [row["name"] for row in found.get(part) or ()])
    if found.get("bands"):
        yield f'tell_bands("{place}", s, {published_bands(found)})'
    for number, edge in enumerate(found.get("edges") or ()):
        yield f'tell_edge("{place}.edges[{number}]", s, {words(edge["positive"])})'
    yield from _drawn(place, found, plan)


def _measures(place: str, names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        if name in _DISTANCES:
            at = f"{place}[{number}].estimate.value"
            yield f'attempt("distances", tell("{at}", distances(s)[["{name}"]]))'
        else:
            yield f'tell_measure("{place}[{number}]", {r_text(name)}, s)'


def _drawn(place: str, found: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    """Write what stands beside the curves of a score."""
    if found.get("roc"):
        names = [row["name"] for row in found["discrimination"]]
        area = next(name for name in names if name in ("auc", "auc_at_horizon"))
        yield f'tell_area("{place}.roc.auc", "{area}", s)'
    if found.get("plot"):
        yield f'tell_plot_points("{place}.plot.points", s, {int(plan["groups"])})'
        grid = [point[0] for point in found["plot"].get("curve") or ()]
        if grid:
            told = f'tell_smooth("{place}.plot.curve", s, {value(grid)})'
            yield f'attempt("flexible calibration curve", {told})'
    for part in ("survival", "incidence"):
        for number, curve in enumerate(found.get(part) or ()):
            banded = f"which(s$band %in% {r_text(curve['group'])})"
            rows = banded if found.get("bands") else "everyone"
            ticks = value(curve["risk_times"])
            yield f'tell_curve("{place}.{part}[{number}]", {rows}, {ticks})'


def _compared(result: Mapping[str, Any]) -> Iterator[str]:
    names = [row["name"] for row in result["scores"]]
    for number, row in enumerate(result.get("comparisons") or ()):
        pair = ", ".join(f"scores[[{names.index(row[side]) + 1}]]" for side in ("first", "second"))
        place = f"result.comparisons[{number}]"
        yield f'attempt("{place}", tell_comparison("{place}", {r_text(row["measure"])}, {pair}))'


def _decided(result: Mapping[str, Any]) -> Iterator[str]:
    found = result.get("decision")
    if not found:
        return
    names = [row["name"] for row in result["scores"]]
    yield "# decision curves"
    yield f"thresholds <- {value(found['thresholds'])}"
    yield "curves <- list()"
    for number, curve in enumerate(found["curves"]):
        if number < len(found["curves"]) - 2:
            made = f"decision(scores[[{names.index(curve['name']) + 1}]]$risk, thresholds)"
        elif number == len(found["curves"]) - 2:
            made = "treat_all(thresholds)"
        else:
            made = "rep(0, length(thresholds))"
        label = r_text(curve["name"])
        yield f"curves[[{label}]] <- {made}"
        yield f'tell_vector("result.decision.curves[{number}].net_benefit", curves[[{label}]])'
    for number, row in enumerate(found.get("differences") or ()):
        at = r_number(float(row["measure"].removeprefix("net_benefit_at_")))
        first, second = r_text(row["first"]), r_text(row["second"])
        yield f"at <- which.min(abs(thresholds - {at}))"
        yield (
            f'tell("result.decision.differences[{number}].difference.value", '
            f"curves[[{first}]][at] - curves[[{second}]][at])"
        )
