"""The R program of a development: read, search, fit, round, measure, tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.report.r_script.beside import ours_lines
from cartwheel.report.r_script.imputed import imputed_lines, wander_lines
from cartwheel.report.r_script.reading import (
    columns_read,
    excluded_columns,
    is_skewed,
    outcome_lines,
    threshold,
)
from cartwheel.report.r_script.writing import (
    listed,
    opening,
    piece,
    r_number,
    r_text,
    value,
    words,
)

_PACKAGES = ("survival", "pROC", "Hmisc")
_ADJUST = {"holm": "holm", "benjamini_hochberg": "BH", "bonferroni": "bonferroni"}
_NOT_REPEATED = (
    "the points of curves of ROC and survival for drawing; the histogram of predictions",
    "what the scores of resamples predict for the same patients (instability)",
    "the referee's findings, notes and the score file",
)
_OF_COPIES = (
    "of imputed predictors: whole points, risks by total, groups, curves, calibration by group and "
    "associations, which rest on each other's rounding; rows of splines in regression tables, the "
    "adjusted model, p-values without a search (they follow from coefficient and error)",
    "imputed values by cartwheel's random numbers: mice draws others",
)
_RANDOM = (
    r"\.cutoffs\[\d+\]\.(p_adjusted|wander\.\w+)$|\.wander_grid\[\d+\]\[1\]$",
    r"\.selection\[\d+\]\.frequency$",
    r"\.measures\[\d+\]\.(optimism\.value|corrected\.\w+|apparent\.(low|high))$",
    r"result\.roc\[0\]\.auc\.(low|high)$",
)
_IMPUTED = (
    r"result\.cutoffs\[\d+\]\.cut$",
    r"result\.(univariable|multivariable|index_model|adjusted_model)\.rows\[\d+\]\.",
    r"result\.(performance|uncut)\.measures\[\d+\]\.apparent\.",
    r"result\.imputation\.monte_carlo\[",
)


def development_script(document: Mapping[str, Any], data_name: str | None) -> str:
    """Write the program of a development.

    Parameters
    ----------
    document : mapping
        JSON of a development.
    data_name : str or None
        File that is read by default.

    Returns
    -------
    str
    """
    plan, result = document["plan"], document["result"]
    imputed = bool((result.get("imputation") or {}).get("imputations"))
    said = (*_OF_COPIES, *_NOT_REPEATED) if imputed else _NOT_REPEATED
    random = (*_RANDOM, *_IMPUTED) if imputed else _RANDOM
    lines = [
        *opening(document, "development", data_name, _PACKAGES, said),
        *ours_lines(result, random),
        piece("printing"),
        "",
        piece("reading"),
        "",
        "# ---- the patients " + "-" * 76,
        "sheet <- read_sheet(FILE)",
        *_patients(plan, result, imputed=imputed),
        "",
        *_settings(plan, result, imputed=imputed),
        "",
        *(f"{piece(name)}\n" for name in ("logistic", "survival", "cutoffs", "spline")),
        piece("development"),
        "",
        piece("accounts"),
        "",
        *((piece("chained"), "", piece("imputed"), "") if imputed else ()),
        "# ---- the score, on all patients and in resamples " + "-" * 45,
        *(imputed_lines(plan, result) if imputed else _told(plan, result)),
        "finish()",
    ]
    return "\n".join(lines) + "\n"


def _columns(plan: Mapping[str, Any]) -> list[str]:
    derived = {item["name"]: item for item in plan.get("derived") or ()}
    names: list[str] = []
    for item in plan["predictors"]:
        made = derived.get(item["column"])
        names += [item["column"], *((made["numerator"], made["denominator"]) if made else ())]
    names += [*(plan.get("adjust") or ()), *(plan["associations"]["columns"])]
    return list(dict.fromkeys(names))


def _patients(
    plan: Mapping[str, Any], result: Mapping[str, Any], *, imputed: bool
) -> Iterator[str]:
    words_in = {row["column"] for row in result["columns"] if row["kind"] == "category"}
    names = _columns(plan)
    yield from columns_read(
        plan, [n for n in (*names, *excluded_columns(plan)) if n not in words_in]
    )
    for name in (name for name in names if name in words_in):
        yield f"columns[[{r_text(name)}]] <- cells(sheet, {r_text(name)})"
    yield from outcome_lines(plan, result["outcome"].get("time_unit"))
    yield from _table_one(result)
    if not imputed:
        candidates = words(item["column"] for item in plan["predictors"])
        yield f"kept <- kept & complete.cases(as.data.frame(columns[{candidates}]))"
    if plan.get("missing") != "impute":
        yield "step(kept, event)"
    yield "tell_flow()"


def _table_one(result: Mapping[str, Any]) -> Iterator[str]:
    yield "eligible <- kept"
    yield "tell_table_one <- function() {"
    for number, row in enumerate(result["table_one"], start=1):
        column = f"columns[[{r_text(row['column'])}]][eligible]"
        words_of = row["kind"] == "level" and not _coded(result, row)
        extra = f", {r_text(row['level'])}" if words_of else ""
        yield f"  table_one_row({number}, {column}, outcome_of_eligible{extra})"
    yield "}"
    yield "outcome_of_eligible <- event[eligible]"


def _coded(result: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a row is of a column of 0 and 1, not of one of words."""
    kinds = {item["column"]: item["kind"] for item in result["columns"]}
    return kinds.get(row["column"]) != "category"


def _settings(
    plan: Mapping[str, Any], result: Mapping[str, Any], *, imputed: bool
) -> Iterator[str]:
    survival = plan["outcome"]["kind"] == "survival"
    points, index = plan["points"], plan["index"]
    yield "# ---- the plan " + "-" * 81
    yield f"KIND <- {r_text(plan['outcome']['kind'])}"
    yield f"METHOD <- {r_text(plan['method'])}"
    yield f"LEVEL <- {r_number(plan['level'])}"
    yield f"MIN_FRACTION <- {r_number(index['min_fraction'])}"
    permutations = int(index["permutations"])
    yield f"TESTED <- {value(permutations > 0)}"
    yield (
        f"PERMUTATIONS <- if (length(arguments) > 2 && TESTED) as.integer(arguments[3]) else "
        f"{permutations}"
    )
    yield f"SELECTION <- {r_text(points['selection'])}"
    yield f"ALPHA <- {r_number(points['alpha'])}"
    yield f"CATEGORIES <- {int(points['categories'])}"
    yield f"LARGEST <- {int(points['largest'])}"
    ticks = result["survival"][0]["risk_times"] if result.get("survival") else ()
    yield f"TICKS <- {value(ticks) if ticks else 'numeric()'}"
    yield "event <- event[kept]"
    if survival:
        yield "time <- time[kept]"
        yield "# times that differ by rounding are tied, as in every function of survival"
        yield "time <- aeqSurv(Surv(time, event))[, 1]"
        declared = plan["outcome"].get("horizon")
        if imputed and declared is None:
            declared = result["outcome"]["horizon"]
        yield (
            "horizon <- median(time[event == 1])  # assumed: no horizon was declared"
            if declared is None
            else f"horizon <- {r_number(declared)}"
        )
    parameters = int(result["sample_size"]["candidate_parameters"])
    if points["penalty"] == "auto":
        yield "# Firth's penalty below ten events, or non-events, for each parameter tried"
        yield (
            f"penalty_of <- function() if (min(sum(event), sum(1 - event)) / {parameters} < 10) "
            '"firth" else "auto"'
        )
    else:
        yield f"penalty_of <- function() {r_text(points['penalty'])}"
    yield "PENALTY <- penalty_of()"
    yield "predictors <- list("
    rows = [_predictor(plan, item) for item in plan["predictors"]]
    yield ",\n".join(f"  {row}" for row in rows)
    yield ")"


def _predictor(plan: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    column = item["column"]
    cut = item.get("cutoff")
    if cut is None and plan["method"] == "index":
        cut = {"method": plan["index"]["cutoff"]}
    fields = {
        "x": f"columns[[{r_text(column)}]][kept]",
        "direction": value(item.get("direction")),
        "transform": value(item.get("transform") or "none"),
        "skewed": value(is_skewed(plan, column)),
    }
    if cut is not None:
        fields |= {"cutoff": r_text(cut["method"]), "strict": value(cut.get("rule") in (">", "<"))}
        if cut.get("value") is not None:
            fields["at"] = threshold(plan, column, cut["value"])
    if item.get("steps"):
        fields["steps"] = f"c({', '.join(threshold(plan, column, s) for s in item['steps'])})"
    return f"list({listed(fields)})"


def _told(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    points = plan["method"] == "points"
    yield 'tell_fields("result.outcome", list(patients = n, events = sum(event)))'
    if result["outcome"].get("follow_up"):
        yield 'tell("result.outcome.horizon", horizon)'
        yield 'tell_estimate("result.outcome.follow_up", median_time(time, 1 - event, LEVEL))'
    tried = int(result["sample_size"]["candidate_parameters"])
    yield f"tell_events_per_parameter({tried})"
    yield "tell_table_one()"
    yield "score <- make_score(everyone, settle = TRUE)"
    yield from _cutoffs()
    yield from (_points_told(plan, result) if points else _index_told(plan, result))
    yield "tell_groups(members, score)"
    yield "tell_calibration(score)"
    yield from _regressions(plan, result)
    yield 'found <- tell_performance("result.performance.measures", score)'
    yield "tell_roc(score)"
    yield from _uncut(result)
    yield from _further(plan, result)
    yield "drawn <- again(make_score)"
    yield 'tell_repeated("result.performance.measures", drawn, found)'
    yield from wander_lines(result)


def _cutoffs() -> Iterator[str]:
    yield "cut <- !sapply(predictors, function(item) is.null(item$cutoff))"
    yield 'cuts <- if (METHOD == "index") score$cuts else lapply(score$blocks, `[[`, "found")'
    yield "if (any(cut)) tell_cutoffs(predictors[cut], cuts[cut])"


def _index_told(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    count = len(plan["predictors"])
    yield "tell_index_card(cuts)"
    yield f"tell_risk_table(score, 0:{count})"
    named = plan["index"].get("groups")
    if named:
        held = [value([int(t) for t in group["totals"]]) for group in named]
    elif count == 1:
        held = ["0", "1"]
    else:
        held = ["0", f"1:{count - 1}", f"{count}"]
    groups = ", ".join(f"score$totals %in% {totals}" for totals in held)
    yield f"members <- list({groups})"
    if result.get("index_model"):
        yield 'tell_regression("result.index_model", list(list(x = cbind(score$totals))))'


def _points_told(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    if result.get("selection"):
        yield "for (i in seq_along(score$kept))"
        yield '  tell(paste0(at_row("result.selection", i), ".selected"), score$kept[i])'
    yield "tell_points_card(score)"
    yield "tell_risk_table(score, possible_totals(score))"
    yield f"members <- band_members(score$totals, {len(plan['points']['bands'])})"
    yield "tell_rounding(score)"
    if result.get("multivariable"):
        yield 'tell_regression("result.multivariable", points_blocks(score)[score$kept])'


def _regressions(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    of_index = plan["method"] == "index"
    yield f"blocks <- {'index_blocks()' if of_index else 'points_blocks(score)'}"
    yield "tell_univariable(blocks)"
    if result.get("adjusted_model"):
        beside = f"lapply(columns[{words(plan['adjust'])}], function(x) x[kept])"
        yield f'attempt("adjusted model", tell_adjusted(score, {beside}))'
    if result.get("proportional_hazards"):
        yield 'attempt("proportional hazards", tell_proportional(score$totals, blocks))'


def _uncut(result: Mapping[str, Any]) -> Iterator[str]:
    measures = (result.get("uncut") or {}).get("measures") or ()
    if not any(row["apparent"]["value"] is not None for row in measures):
        return
    yield "uncut <- make_uncut(everyone)"
    yield 'found_uncut <- tell_performance("result.uncut.measures", uncut)'
    if result.get("splines"):
        yield "tell_splines(uncut)"
    if result["sample_size"].get("expected_shrinkage") is not None:
        yield "tell_shrinkage(uncut)"
    yield 'tell_repeated("result.uncut.measures", again(make_uncut), found_uncut)'


def _further(plan: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    if not result.get("associations"):
        return
    names = words(plan["associations"]["columns"])
    yield f"further <- lapply(columns[{names}], function(x) x[kept])"
    adjust = _ADJUST[plan["associations"]["multiplicity"]]
    yield f"tell_associations(further, score$totals, members, {r_text(adjust)})"
