"""Cards: what a score says of a patient, on what it rests, and which laboratory value is missing.

How urgent a card is, is never made up: it is what an alert of the ward file says, else ``info``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal, TypeAlias

from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.serve.cds.landmark_cards import details_of, labels_of, names_of, summary_of
from cartwheel.serve.cds.offered import LOINC_SYSTEM, Service, loinc_of
from cartwheel.watch.alert_conditions import holds
from cartwheel.watch.alert_kinds import AtRisk, InBand, Reached
from cartwheel.watch.alert_rules import AlertRule
from cartwheel.watch.scores import ScoreTarget
from cartwheel.watch.standing import InputAt, Standing
from cartwheel.watch.view import View
from cartwheel.workflows.monitor_models import LandmarkTarget

LONGEST = 139
"""Characters of a summary: the standard wants fewer than 140."""

Indicator: TypeAlias = Literal["info", "warning", "critical"]
_INDICATORS: tuple[Indicator, ...] = ("info", "warning", "critical")
REASONS: Mapping[str, str] = {
    "not-a-candidate": "This patient is not treated with CAR-T cells",
    "already-considered": "Already considered",
    "value-not-current": "A value it rests on is out of date or wrong",
    "not-useful": "Not useful now",
}
REASON_SYSTEM = "urn:cartwheel:cds-override-reason"


@dataclass(frozen=True, slots=True)
class Case:
    """What a card is made from.

    Parameters
    ----------
    service : Service
        Whose card.
    view : View
        The patient now.
    patient : str
        Id in the sender's system, for suggestions.
    ordered : frozenset of str
        LOINC codes that are being ordered already.
    notes : tuple of str
        What could not be read, for the reader.
    links : tuple of dict
        To pages of ours.
    """

    service: Service
    view: View
    patient: str
    ordered: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    links: tuple[dict[str, str], ...] = ()


def cards_of(case: Case, alerts: Sequence[AlertRule]) -> list[dict[str, Any]]:
    """Make the cards of a service.

    Parameters
    ----------
    case : Case
        The patient.
    alerts : sequence of AlertRule
        Of the ward file: they say how urgent a band is.

    Returns
    -------
    list of dict
        One card; none where no value is known at all, or a landmark model has no answer: it is not
        made for this day.
    """
    target = case.service.target
    standing = target.assess(case.view)
    if not any(one.taken_at is not None and one.name != "age" for one in standing.inputs):
        return []
    if isinstance(target, LandmarkTarget):
        if standing.reasons:
            return []
        summary, source = _cut(summary_of(target, standing)), _model_source(target)
        detail = list(_model_detail(target, standing, case))
    else:
        summary, source = _cut(_summary(target, standing)), _source(target.spec)
        detail = list(_detail(target, standing, case))
    card: dict[str, Any] = {
        "uuid": str(uuid.uuid4()),
        "summary": summary,
        "detail": "\n\n".join(detail),
        "indicator": _indicator(standing, alerts, case.view),
        "source": source,
        "overrideReasons": [
            {"code": code, "system": REASON_SYSTEM, "display": shown}
            for code, shown in REASONS.items()
        ],
    }
    suggestions = list(_suggestions(target, standing, case))
    if suggestions:
        card |= {"suggestions": suggestions, "selectionBehavior": "any"}
    if case.links:
        card["links"] = list(case.links)
    return [card]


def _summary(target: ScoreTarget, one: Standing) -> str:
    # what stands in brackets behind a short name is spelled out in the detail
    name = target.title.partition(" (")[0]
    if one.low is None:
        text = f"{name}: no answer" + (f"; missing {_labels(target, one)}" if one.missing else "")
    elif one.value is None:
        between = f"between {one.low:.6g} and {one.high:.6g}"
        bands = f" ({' or '.join(one.bands)})" if one.bands else ""
        text = f"{name} {between}{bands}; missing {_labels(target, one)}"
    else:
        band = f" ({one.band})" if one.band else ""
        risk = (
            f", risk {_percent(one.risk)} {_horizon(target.spec)}" if one.risk is not None else ""
        )
        text = f"{name} {one.value:.6g}{band}{risk}".rstrip()
    return text


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _labels(target: ScoreTarget, one: Standing) -> str:
    labels = {item.name: item.label for item, _ in target.sources}
    return ", ".join(labels[name] for name in one.missing)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _horizon(spec: ScoreSpec) -> str:
    horizon, unit = spec.outcome.horizon, spec.outcome.time_unit
    return f"in {horizon} {unit}" if horizon is not None and unit else ""


def _indicator(one: Standing, alerts: Sequence[AlertRule], view: View) -> Indicator:
    standings = {one.target: one}
    stated = [
        rule.severity
        for rule in alerts
        if isinstance(rule.condition, Reached | InBand | AtRisk)
        and rule.condition.target == one.target
        and holds(rule.condition, standings, view).truth == "yes"
    ]
    return max(stated, key=_INDICATORS.index, default="info")


def _source(spec: ScoreSpec) -> dict[str, str]:
    source = {"label": f"cartwheel: {spec.title} {spec.version}"}
    if spec.citation.doi:
        source["url"] = f"https://doi.org/{spec.citation.doi}"
    return source


def _model_source(target: LandmarkTarget) -> dict[str, str]:
    return {"label": _cut(f"cartwheel: landmark model {target.id} {target.version}")}


def _model_detail(target: LandmarkTarget, one: Standing, case: Case) -> Iterator[str]:
    first, *rest = details_of(target, one)
    yield f"**{_gfm(first)}**"
    yield from (_gfm(each) for each in rest)
    labels = labels_of(target)
    used = [_at(labels.get(each.name, each.name), each) for each in one.inputs]
    yield "Values used:\n" + "\n".join(f"- {each}" for each in used)
    if one.missing:
        yield f"Missing: {_gfm(', '.join(labels.get(name, name) for name in one.missing))}"
    told = [*one.warnings, *case.notes]
    if told:
        yield "Note:\n" + "\n".join(f"- {_gfm(each)}" for each in told)


def _detail(target: ScoreTarget, one: Standing, case: Case) -> Iterator[str]:
    spec = target.spec
    yield f"**{_gfm(spec.intended_use)}**"
    if spec.simulated:
        yield "**Made from simulated patients: of no use for real ones.**"
    yield _gfm(f"{spec.title} {spec.version}: {_said(one)}")
    found = _assessed(spec, one, case.view)
    if isinstance(found, Assessment):
        yield from _parts(found)
        yield from _evidence(found, one, spec)
    else:
        yield "\n".join(f"- {_gfm(reason.what)}" for reason in found.reasons)
    if one.inputs:
        yield "Values used:\n" + "\n".join(f"- {_used(target, each)}" for each in one.inputs)
    if one.missing:
        yield f"Missing: {_gfm(_labels(target, one))}"
    told = [*one.warnings, *case.notes]
    if told:
        yield "Note:\n" + "\n".join(f"- {_gfm(each)}" for each in told)
    yield _gfm(f"Outcome: {spec.outcome.definition}. Made from: {spec.population.text}. "
               f"{spec.citation.text}")  # fmt: skip


def _said(one: Standing) -> str:
    if one.low is None:
        return "no answer"
    between = f"between {one.low:.6g} and {one.high:.6g}"
    text = between if one.value is None else f"{one.value:.6g}"
    if one.bands:
        text += f", band {' or '.join(one.bands)}"
    if one.risk is not None:
        return f"{text}, risk {_percent(one.risk)}"
    if one.risk_low is not None and one.risk_high is not None:
        text += f", risk between {_percent(one.risk_low)} and {_percent(one.risk_high)}"
    return text


def _assessed(spec: ScoreSpec, one: Standing, view: View) -> Assessment | Unscorable:
    """Score once more with all parts, from exactly what the standing has used."""
    days = {
        each.name: float(day // 1)
        for each in one.inputs
        if each.taken_at is not None and (day := view.day_of(each.taken_at)) is not None
    }
    given = {each.name: f"{each.value} {each.unit}".strip() for each in one.inputs}
    return assess(spec, given, measured=days)


def _parts(found: Assessment) -> Iterator[str]:
    rows = ["| Part | Rule | Adds |", "| --- | --- | --- |"]
    for each in found.contributions:
        adds = (
            f"{each.effect:.4g}"
            if each.effect is not None
            else f"{each.effect_low:.4g} to {each.effect_high:.4g}"
        )
        rows.append(f"| {_gfm(each.term)} | {_gfm(each.rule) or '-'} | {adds} |")
    yield "\n".join(rows)


def _evidence(found: Assessment, one: Standing, spec: ScoreSpec) -> Iterator[str]:
    for each in found.observed:
        text = f"Observed in band {each.band}: {_percent(each.risk)}"
        if each.events is not None and each.n is not None:
            text += f" ({each.events} of {each.n} patients)"
        elif each.n is not None:
            text += f" (of {each.n} patients)"
        if each.low is not None and each.high is not None:
            level = f"{_percent(each.level)} interval " if each.level is not None else ""
            text += f", {level}{_percent(each.low)} to {_percent(each.high)}"
        elif one.bands:
            text += ", no interval published"
        yield _gfm(f"{text}. {each.source}")
    if not found.observed and spec.bands:
        yield "No observed risk of this band is known."


def _used(target: ScoreTarget, one: InputAt) -> str:
    return _at(
        next((item.label for item, _ in target.sources if item.name == one.name), one.name), one
    )


def _at(label: str, one: InputAt) -> str:
    text = f"{label} {one.value} {one.unit}".strip()
    if one.taken_at is None:
        return _gfm(f"{text} (stated by the ward)")
    when = one.taken_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return _gfm(f"{text} ({when})") if one.name != "age" else _gfm(text)


def _gfm(text: str) -> str:
    """Write text so that no character of it is a mark of GFM, or HTML."""
    for mark in ("\\", "`", "*", "_", "[", "]", "<", ">", "|", "~", "#"):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.replace("&", "&amp;").split())


def _suggestions(
    target: ScoreTarget | LandmarkTarget, one: Standing, case: Case
) -> Iterator[dict[str, Any]]:
    if isinstance(target, LandmarkTarget):
        names = names_of(target)
    else:
        names = {item.name: name for item, name in target.sources}
    for missing in one.missing:
        name = names.get(missing)
        if name is None:
            continue  # no message can bring it
        codes = loinc_of(name)
        # what is being ordered is not suggested again
        if not codes or case.ordered.intersection(codes):
            continue
        label = variables()[name].label
        coding = {"system": LOINC_SYSTEM, "code": codes[0], "display": label}
        yield {
            "label": f"Order {label}",
            "uuid": str(uuid.uuid4()),
            "actions": [
                {
                    "type": "create",
                    "description": f"Order {label}, which {target.title} needs",
                    "resource": {
                        "resourceType": "ServiceRequest",
                        "status": "draft",
                        "intent": "order",
                        "code": {"coding": [coding], "text": label},
                        "subject": {"reference": f"Patient/{case.patient}"},
                    },
                }
            ],
        }
