"""A score updated on new patients: a new version of its file, with its parent named.

What is estimated are numbers on the scale of the linear predictor (log odds, or the log of the
cumulative hazard at the horizon). Here they are written into the score, so that a calculator gives
exactly the updated risks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cartwheel.clinic.score import ScoreSpec, score_from_document
from cartwheel.clinic.score_build import built
from cartwheel.clinic.score_terms import Said
from cartwheel.clinic.score_update_risk import exact, line_risk, moved_risk
from cartwheel.clinic.scoring import Assessment, assess

Document = dict[str, Any]

_LONGEST_VERSION, _LONGEST_NAME, _MOST_EXAMPLES = 50, 200, 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the patients say on whom a score was updated, as the keys of the file.

    Parameters
    ----------
    outcome : dict
        The outcome as analysed here: ``name``, ``kind``, ``definition``, horizon and landmark.
    population : dict
        Who they are: ``text``, ``n``, ``events``, ``data_sha256``.
    performance : tuple of dict
        Apparent and corrected performance; empty where nothing was corrected.
    observed : mapping of str to dict
        Observed risk by name of the band; a band that is not in it has none.
    typical : mapping of str to Said
        By input: a round value for a worked example, where the parent has none.
    middle : float
        A value of the score near the middle of the patients; survival is written down there.
    simulated : bool
        Whether any of the patients, or those of the parent, are simulated.
    made_with : str
        Name and version of the software.
    """

    outcome: Document
    population: Document
    performance: tuple[Document, ...] = ()
    observed: Mapping[str, Document] = field(default_factory=dict)
    typical: Mapping[str, Said] = field(default_factory=dict)
    middle: float = 0.0
    simulated: bool = False
    made_with: str = "cartwheel"


@dataclass(frozen=True, slots=True)
class AddedInput:
    """A column that became part of an updated score, as a straight line.

    Parameters
    ----------
    name, label : str
        As the file will name it.
    unit : str
        Of its values; empty where there is none.
    coefficient : float
        On the linear predictor, per unit.
    typical : Said
        A round value in that unit, for worked examples.
    variable : str or None
        In the dictionary of variables.
    day : float or None
        Of measurement, infusion being day 0.
    low, high : float or None
        Range outside which a value is warned about.
    """

    name: str
    label: str
    unit: str
    coefficient: float
    typical: Said
    variable: str | None = None
    day: float | None = None
    low: float | None = None
    high: float | None = None


def recalibrated(
    spec: ScoreSpec,
    choices: Mapping[str, str] | None,
    *,
    intercept: float,
    slope: float,
    evidence: Evidence,
    from_value: bool = False,
) -> ScoreSpec:
    """Move the risk of a score: ``intercept + slope * linear predictor``.

    Parameters
    ----------
    spec : ScoreSpec
        The parent.
    choices : mapping of str to str or None
        Options of its parameters; they are settled in the new file.
    intercept, slope : float
        Of the recalibration, on the scale of the linear predictor.
    evidence : Evidence
        Of the patients it was updated on.
    from_value : bool
        The linear predictor is the score's value itself: a risk for a score that gave none.

    Returns
    -------
    ScoreSpec
        Same value, same bands (with the risk observed here), another risk. Checked as any file.

    Raises
    ------
    ScoreRefused
        ``risk_certain`` for a table with a risk of exactly 0 or 1, which has no log odds;
        ``no_risk`` without a risk to move; ``risk_kind`` where outcome and risk do not fit.

    Notes
    -----
    Logistic: intercept' = a + b intercept, slope' = b slope. Cox: log(-log S0)' = a + b log(-log
    S0), slope' = b slope, at the same centre. Table: each row's linear predictor is moved.

    References
    ----------
    Steyerberg et al. 2004, doi 10.1002/sim.1844.
    """
    settled = spec.chosen(choices)
    document = _new_version(spec, settled, choices, evidence)
    survival = evidence.outcome["kind"] == "survival"
    if from_value:
        risk = line_risk(intercept, slope, survival=survival, middle=evidence.middle)
    else:
        risk = moved_risk(settled, intercept, slope, survival=survival, middle=evidence.middle)
    document["risk"] = risk | {"source": "recalibrated on the patients named under population"}
    document["bands"] = tuple(_observed_here(band, evidence) for band in document.get("bands", ()))
    return _finished(document, [dict(one.inputs) for one in settled.examples], evidence)


def re_estimated(
    spec: ScoreSpec,
    choices: Mapping[str, str] | None,
    *,
    intercept: float,
    factors: Sequence[float],
    evidence: Evidence,
    added: Sequence[AddedInput] = (),
) -> ScoreSpec:
    """Give each term a factor of its own, so that the value becomes the linear predictor.

    Parameters
    ----------
    spec : ScoreSpec
        The parent.
    choices : mapping of str to str or None
        Options of its parameters; they are settled in the new file.
    intercept : float
        What is added to the new value to give the linear predictor.
    factors : sequence of float, one a term
        By which the old contributions are multiplied.
    evidence : Evidence
        Of the patients it was updated on; ``middle`` is a new value.
    added : sequence of AddedInput
        Columns that come in.

    Returns
    -------
    ScoreSpec
        Without bands and published figures: they were those of another value.

    Raises
    ------
    ScoreRefused
        When an input of that name is there, or the parts make no score.
    """
    settled = spec.chosen(choices)
    document = _new_version(spec, settled, choices, evidence)
    document["method"] = "formula"
    document["intercept"] = Decimal(0)
    terms = zip(document["terms"], factors, strict=True)
    document["terms"] = tuple(_multiplied(term, factor) for term, factor in terms)
    document.pop("bands", None)
    for item in added:
        document["inputs"] += (_new_input(item),)
        document["terms"] += (_new_term(item),)
    survival = evidence.outcome["kind"] == "survival"
    risk = line_risk(intercept, 1.0, survival=survival, middle=evidence.middle)
    document["risk"] = risk | {"source": "estimated on the patients named under population"}
    more = {item.name: item.typical for item in added}
    return _finished(document, [{**one.inputs, **more} for one in settled.examples], evidence, more)


def extended(
    spec: ScoreSpec,
    choices: Mapping[str, str] | None,
    *,
    intercept: float,
    factors: Sequence[float],
    added: Sequence[AddedInput],
    evidence: Evidence,
) -> ScoreSpec:
    """Give each term a factor of its own and add columns.

    Parameters
    ----------
    spec, choices, intercept, factors, evidence
        As in `re_estimated`.
    added : sequence of AddedInput
        At least one; names must be new.

    Returns
    -------
    ScoreSpec
        As `re_estimated`, with one linear term more for each column.

    Raises
    ------
    ScoreRefused
        As `re_estimated`.
    """
    return re_estimated(
        spec, choices, intercept=intercept, factors=factors, evidence=evidence, added=added
    )


def updated_version(version: str) -> str:
    """Name the version that follows by an update.

    Parameters
    ----------
    version : str
        Of the parent.

    Returns
    -------
    str
        ``1.0.0`` gives ``1.0.0+recal.1``, which gives ``1.0.0+recal.2``.
    """
    found = re.fullmatch(r"(.*)([+.])recal\.(\d+)", version)
    if found is not None:
        stem, mark, count = found[1], found[2], int(found[3]) + 1
    else:
        stem, mark, count = version, "." if "+" in version else "+", 1
    end = f"{mark}recal.{count}"
    return stem[: _LONGEST_VERSION - len(end)] + end


def _new_version(
    spec: ScoreSpec, settled: ScoreSpec, choices: Mapping[str, str] | None, evidence: Evidence
) -> Document:
    """Give the parent's document as that of its child, still without a risk of its own."""
    document = settled.document()
    for key in ("published", "performance", "risk", "examples"):
        document.pop(key, None)
    title = spec.title.removesuffix(", updated")[: _LONGEST_NAME - 9]
    said = _choices_said(spec, choices)
    population = {**evidence.population, "text": evidence.population["text"] + said}
    document |= {
        "version": updated_version(spec.version),
        "title": f"{title}, updated",
        "status": "developed",
        "simulated": spec.simulated or evidence.simulated,
        "parent": {"id": spec.id, "version": spec.version, "sha256": spec.identity},
        "outcome": evidence.outcome,
        "population": population,
        "citation": {
            "text": f"Updated with {evidence.made_with}; not published. Its parent, version "
            f"{spec.version}: {spec.citation.text}"
        },
        "performance": evidence.performance,
    }
    return document


def _choices_said(spec: ScoreSpec, choices: Mapping[str, str] | None) -> str:
    if not spec.parameters:
        return ""
    settled = spec.default_choices | dict(choices or {})
    return " Settled: " + ", ".join(f"{name} = {option}" for name, option in settled.items()) + "."


def _finished(
    document: Document,
    examples: Sequence[Mapping[str, Said]],
    evidence: Evidence,
    more: Mapping[str, Said] | None = None,
) -> ScoreSpec:
    """Compute the worked examples, and read the document as any stranger's file."""
    document = {key: value for key, value in document.items() if value != ()}
    bare = built(document)
    found = [_example(bare, inputs) for inputs in examples]
    kept = [one for one in found if one is not None][:_MOST_EXAMPLES]
    if not kept and evidence.typical:
        typical = _example(bare, {**evidence.typical, **(more or {})})
        kept = [] if typical is None else [{"name": "typical values", **typical}]
    document["examples"] = tuple(kept)
    return score_from_document(document, where="updated score")


def _example(spec: ScoreSpec, inputs: Mapping[str, Said]) -> Document | None:
    found = assess(spec, inputs)
    if not isinstance(found, Assessment) or found.value is None:
        return None
    example: Document = {"inputs": dict(inputs), "value": exact(found.value)}
    if found.band is not None:
        example["band"] = found.band
    if found.risk is not None:
        example["risk"] = exact(found.risk)
    return example


def _observed_here(band: Document, evidence: Evidence) -> Document:
    kept = {key: value for key, value in band.items() if key != "observed"}
    seen = evidence.observed.get(band["name"])
    return kept if seen is None else {**kept, "observed": seen}


def _multiplied(term: Document, factor: float) -> Document:
    """Multiply what a term adds."""

    def times(number: Decimal) -> Decimal:
        return exact(float(number) * factor)

    changed: Document = {"status": "developed"}
    if term["kind"] in ("linear", "product"):
        # what is left out of a product's entry is 1
        changed["coefficient"] = times(term.get("coefficient", Decimal(1)))
    elif term["kind"] == "spline":
        changed["coefficients"] = tuple(times(one) for one in term["coefficients"])
    else:
        key = "bands" if term["kind"] == "points" else "rows"
        changed[key] = tuple({**each, "points": times(each["points"])} for each in term[key])
    kept = {key: value for key, value in term.items() if key != "source"}
    return {**kept, **changed}


def _new_input(item: AddedInput) -> Document:
    entry: Document = {"name": item.name, "label": item.label, "unit": item.unit}
    if item.variable is not None:
        entry["variable"] = item.variable
    for key, number in (("day", item.day), ("low", item.low), ("high", item.high)):
        if number is not None:
            entry[key] = exact(number)
    return entry


def _new_term(item: AddedInput) -> Document:
    return {
        "kind": "linear",
        "input": item.name,
        "name": item.label,
        "coefficient": exact(item.coefficient),
        "status": "developed",
    }
