"""What of a development may leave its centre, as far as the result alone can tell.

The rule is that of the shared file of a validation (``validation/sharing``). What is not named
here is not told: a part that a later version adds stays in the centre until it is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any

from cartwheel.errors import CohortRefused, refuse
from cartwheel.report.paper.sharing_counts import Counts, apart
from cartwheel.report.paper.sharing_table_one import told_table_one
from cartwheel.report.paper.validate_share import flow_places, minimum_cell, withheld_bands
from cartwheel.report.paper.validate_shown import has_interval
from cartwheel.report.places import value_at
from cartwheel.report.words import Say
from cartwheel.validation.sharing.cells import in_steps, step_of

Json = Mapping[str, Any]
_POOLED = ("auc", "c_index", "auc_at_horizon", "calibration_slope")
_MODELS = ("univariable", "multivariable", "index_model", "adjusted_model")
_PARTS = ("apparent", "optimism", "corrected")
_ENDS = ("value", "low", "high")
# of a score with at most so many totals the patients at each could be solved for
_FEW_TOTALS = 50
# what is told as it is: words of the plan, and of the score that travels as a file
_WHOLE = ("title", "question", "method", "simulated", "score_id", "score_sha256", "selection")
# empty outside the centre: curves, tests, middles, and sentences that hold counts
_EMPTY = ("roc", "splines", "associations", "methods", "rounding")
# figures of which every number is told in a table as well
_DRAWN = ("performance", "selection")


@dataclass(frozen=True, slots=True)
class Shareable:
    """A development without what may not leave its centre.

    Parameters
    ----------
    document : mapping
        The same places as the whole; what is withheld is None or not there.
    withheld : frozenset of str
        Places that are withheld, with all that lies below them.
    figures : tuple of str
        Figures that may be drawn.
    coarse : bool
        Whether performance is told to a whole standard error.
    """

    document: dict[str, Any]
    withheld: frozenset[str]
    figures: tuple[str, ...]
    coarse: bool


def shareable_development(document: Json, say: Say) -> Shareable:
    """Take from a development what may leave its centre.

    Parameters
    ----------
    document : mapping
        The JSON of a development.
    say : Say
        Words of the language, for levels that are numbered.

    Returns
    -------
    Shareable

    Raises
    ------
    CohortRefused
        ``too_small_to_share`` where the patients with, or without, the event are fewer than the
        smallest count.
    """
    result, cell = document["result"], minimum_cell(document)
    everybody = _counts(result.get("outcome") or {}, "patients")
    if min(everybody) < cell:
        raise refuse(
            CohortRefused,
            "too_small_to_share",
            f"fewer than {cell} patients with, or without, the event: every number would be about "
            "a few people",
            where="--share",
            mend="share no paper, or wait for more patients",
        )
    return _Sharing(document, say, cell, everybody).shareable()


def _counts(row: Json, patients: str = "n") -> Counts:
    events = int(row.get("events") or 0)
    return events, int(row.get(patients) or 0) - events


class _Sharing:
    """A development on its way out: what is kept, and the places that are withheld."""

    def __init__(self, document: Json, say: Say, cell: int, everybody: Counts) -> None:
        self.document = document
        self.say = say
        self.result: Json = document["result"]
        self.cell = cell
        self.everybody = everybody
        self.withheld: set[str] = set()
        totals = self.result.get("risk_table") or ()
        self.coarse = len(totals) <= _FEW_TOTALS

    def shareable(self) -> Shareable:
        result = self.result
        kept: dict[str, Any] = {name: result[name] for name in _WHOLE if name in result}
        kept |= {name: [] for name in _EMPTY if name in result}
        kept["outcome"] = self.without(result["outcome"], "result.outcome", ("follow_up",))
        kept["notes"] = []
        kept["columns"] = self.columns()
        kept["flow"] = self.flow()
        kept["guard"] = self.guard()
        kept["sample_size"] = self.sample_size()
        rows = result.get("groups") or ()
        hidden_groups = withheld_bands([{**row, "patients": row["n"]} for row in rows], self.cell)
        kept["table_one"] = self.table_one(hidden_groups)
        kept["groups"] = self.groups(hidden_groups)
        kept["group_tests"] = [] if hidden_groups else result.get("group_tests") or []
        kept["survival"] = self.survival(hidden_groups)
        for name in _MODELS:
            kept[name] = self.regression(name)
        kept["cutoffs"] = self.cutoffs()
        for name, hide in (("score_card", ("exact", "n")), ("risk_table", ("n", "events"))):
            kept[name] = [
                self.without(row, f"result.{name}[{at}]", hide)
                for at, row in enumerate(result.get(name) or ())
            ]
        for name in ("performance", "uncut"):
            kept[name] = self.performance(name)
        kept["imputation"] = self.imputation()
        referee = self.document.get("referee")
        shared = {**self.document, "result": kept, "referee": _named_findings(referee)}
        return Shareable(shared, frozenset(self.withheld), self.figures(), self.coarse)

    def figures(self) -> tuple[str, ...]:
        """Name the figures that show told numbers only."""
        drawn = list(_DRAWN)
        for name, part in (("patient_flow", "result.flow"), ("groups", "result.groups")):
            if not any(place.startswith(part) for place in self.withheld):
                drawn.append(name)
        return tuple(drawn)

    def without(self, row: Json, place: str, names: Sequence[str]) -> dict[str, Any]:
        there = [name for name in names if row.get(name) is not None]
        self.withheld |= {f"{place}.{name}" for name in there}
        return {**row, **dict.fromkeys(there)}

    def columns(self) -> list[dict[str, Any]]:
        columns = self.result.get("columns") or ()
        # who lacks one value, another, or either tells who lacks both
        hide = ("n", "missing") if any(each.get("missing") for each in columns) else ()
        return [
            self.without({**each, "rule": ""}, f"result.columns[{at}]", hide)
            for at, each in enumerate(columns)
        ]

    def flow(self) -> list[dict[str, Any]]:
        hidden = set(flow_places(self.document, self.cell))
        self.withheld |= hidden
        return [
            {
                name: None if f"result.flow[{at}].{name}" in hidden else value
                for name, value in step.items()
            }
            for at, step in enumerate(self.result.get("flow") or ())
        ]

    def guard(self) -> dict[str, Any] | None:
        guard = self.result.get("guard")
        if guard is None:
            return None
        events = int(guard.get("cost_events") or 0)
        lost = (events, int(guard.get("cost_patients") or 0) - events)
        # the landmark is one step of the flow: where that is not told, neither is this
        told = lost == (0, 0) or (
            min(lost) >= self.cell
            and not any(place.endswith(".excluded") for place in self.withheld)
        )
        hide = () if told else ("cost_patients", "cost_events")
        return self.without({**guard, "text": ""}, "result.guard", hide)

    def sample_size(self) -> dict[str, Any] | None:
        size = self.result.get("sample_size")
        if size is None:
            return None
        kept = self.without({**size, "verdict": ""}, "result.sample_size", ())
        shrinkage = size.get("expected_shrinkage")
        # a finer one is one more equation for the counts
        kept["expected_shrinkage"] = None if shrinkage is None else in_steps(shrinkage, 0.05)
        return kept

    def table_one(self, hidden: set[int]) -> list[dict[str, Any]]:
        counted = [_counts(row) for row in self.result.get("groups") or ()]
        beside = [row for at, row in enumerate(counted) if at not in hidden]
        if hidden:
            beside.append(
                (sum(counted[at][0] for at in hidden), sum(counted[at][1] for at in hidden))
            )
        kept, gone = told_table_one(
            self.result.get("table_one") or (),
            self.everybody,
            beside,
            self.flow_counts(),
            self.cell,
        )
        self.withheld |= gone
        for row in kept:
            # a rare level is named by nobody's word
            if isinstance(row.get("level"), int):
                row["level"] = self.say("shared.share.level", number=str(row["level"]))
        return kept

    def flow_counts(self) -> list[Counts]:
        return [_counts(step, "patients") for step in self.result.get("flow") or ()]

    def groups(self, hidden: set[int]) -> list[dict[str, Any]]:
        names = ("n", "events", "observed", "predicted", "effect")
        kept = []
        for at, row in enumerate(self.result.get("groups") or ()):
            place = f"result.groups[{at}]"
            if at in hidden:
                kept.append(self.without(row, place, names))
                continue
            told = self.without(row, place, ("effect",) if 0 in hidden else ())
            told["observed"] = in_error_steps(row["observed"])
            told["predicted"] = in_steps(row["predicted"], 0.01)
            if told.get("effect") is not None:
                told["effect"] = self.effect(row["effect"], f"{place}.effect")
            kept.append(told)
        return kept

    def survival(self, hidden: set[int]) -> list[dict[str, Any]]:
        curves = self.result.get("survival") or ()
        counted = [_counts(row) for row in self.result.get("groups") or ()]
        # events by the horizon and all events differ by few
        same = [_counts(curve) for curve in curves] == counted
        kept = []
        for at, curve in enumerate(curves):
            place = f"result.survival[{at}]"
            hide = ["median"] + ([] if same and at not in hidden else ["n", "events"])
            hide += ["at_horizon"] if not same or at in hidden else []
            told = {name: curve.get(name) for name in ("group", "n", "events", "median")}
            told["at_horizon"] = in_error_steps(curve["at_horizon"])
            kept.append(self.without(told, place, hide))
        return kept

    def regression(self, name: str) -> dict[str, Any] | None:
        model = self.result.get(name)
        if model is None:
            return None
        place = f"result.{name}"
        near = apart(self.everybody, _counts(model), self.cell)
        rows = []
        for at, row in enumerate(model.get("rows") or ()):
            here = f"{place}.rows[{at}]"
            told = {key: row.get(key) for key in ("term", "label", "test")}
            told |= {"p_value": row.get("p_value"), "effect": self.effect(
                row.get("effect"), f"{here}.effect"
            )}  # fmt: skip
            rows.append(self.without(told, here, ("p_value",)))
        kept = self.without(model, place, () if near else ("n", "events"))
        return {**kept, "rows": rows}

    def effect(self, effect: Any, place: str) -> dict[str, Any] | None:
        """Tell a ratio to a fifth of its standard error, unless few patients could be behind it.

        The variance of a log odds ratio of two groups is the sum of one over each of four counts,
        that of a log hazard ratio about one over the events of each: no count is below one over it.
        """
        if not has_interval(effect) or min(effect[end] for end in _ENDS) <= 0.0:
            self.withheld.add(place)
            return None
        logs = [log(effect[end]) for end in _ENDS]
        error = (logs[2] - logs[1]) / (2.0 * NormalDist().inv_cdf(0.5 + effect["level"] / 2.0))
        if error > 1.0 / sqrt(self.cell):
            self.withheld.add(place)
            return None
        step = step_of(error)
        told = {
            end: exp(in_steps(each, step) or 0.0) for end, each in zip(_ENDS, logs, strict=True)
        }
        return {**effect, **told, "n": None, "events": None}

    def cutoffs(self) -> list[dict[str, Any]]:
        hide = ("points_given", "p_naive", "p_adjusted", "wander", "statistic")
        kept = []
        for at, row in enumerate(self.result.get("cutoffs") or ()):
            told = self.without(row, f"result.cutoffs[{at}]", hide)
            kept.append({**told, "wander_grid": [], "values": []})
        return kept

    def performance(self, name: str) -> dict[str, Any] | None:
        model = self.result.get(name)
        if model is None:
            return None
        measures = []
        for at, each in enumerate(model.get("measures") or ()):
            if self.coarse and each["name"] not in _POOLED:
                self.withheld.add(f"result.{name}.measures[{at}]")
                measures.append({**each, **dict.fromkeys(_PARTS)})
                continue
            measures.append(_measure(each, coarse=self.coarse))
        # places stay as they are: only what stands at the end is left out
        while measures and measures[-1]["apparent"] is None:
            measures.pop()
        return {**model, "measures": measures, "failures": []}

    def imputation(self) -> dict[str, Any] | None:
        found = self.result.get("imputation")
        if found is None:
            return None
        at = "result.imputation"
        hide = ("patients", "percent", "unmeasured") if found.get("imputations") else ()
        names = ("missing_information", "missing_information_of", "complete_cases")
        kept = self.without({**found, **dict.fromkeys(names)}, at, hide)
        kept["variables"] = [
            self.without(each, f"{at}.variables[{number}]", ("missing", "percent"))
            for number, each in enumerate(found.get("variables") or ())
        ]
        return {**kept, "monte_carlo": []}


def _named_findings(referee: Any) -> Any:
    """Findings without their evidence, which counts; what passed tells why, and counts as well."""
    if not isinstance(referee, Mapping):
        return None
    findings = [{**each, "evidence": ""} for each in referee.get("findings") or ()]
    return {**referee, "summary": "", "findings": findings, "passed": [], "domains": []}


def _measure(measure: Json, *, coarse: bool) -> dict[str, Any]:
    # one step for all three: a finer optimism would tell the others more finely
    apparent = measure["apparent"]
    step = step_of(_error(apparent), coarse=coarse)
    return {
        **measure,
        **{
            part: {
                **measure[part],
                **{end: in_steps(measure[part].get(end), step) for end in _ENDS},
            }
            for part in _PARTS
            if measure.get(part)
        },
    }


def _error(estimate: Any) -> float | None:
    if not has_interval(estimate):
        return None
    wide = NormalDist().inv_cdf(0.5 + estimate["level"] / 2.0)
    return float((estimate["high"] - estimate["low"]) / (2.0 * wide))


def in_error_steps(estimate: Json, *, coarse: bool = False) -> dict[str, Any]:
    """Round an estimate to a part of its standard error; without an interval to a hundredth.

    Parameters
    ----------
    estimate : mapping
        An ``Estimate`` as JSON.
    coarse : bool
        To about the whole of it.

    Returns
    -------
    dict
    """
    step = step_of(_error(estimate), coarse=coarse)
    told = {end: in_steps(estimate.get(end), step) for end in _ENDS}
    return {**estimate, **told, "n": None, "events": None}


def unnamed_parts(document: Json, kept: Json) -> tuple[str, ...]:
    """Name the parts of a result that are not told at all.

    Parameters
    ----------
    document : mapping
        The whole.
    kept : mapping
        From `shareable_development`.

    Returns
    -------
    tuple of str
        Keys of the result that hold something in the whole and nothing in what is kept.
    """
    there = value_at(document, "result") or {}
    left = value_at(kept, "result") or {}
    return tuple(name for name, part in there.items() if part and not left.get(name))
