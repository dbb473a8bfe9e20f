"""A score as FHIR R4: a Library that holds its file, and a Questionnaire that computes it."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from cartwheel.clinic.loinc import loinc_codes
from cartwheel.clinic.score_file import score_to_toml
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.ucum import to_ucum, unit_kind
from cartwheel.report.export.recipe import Case, recipe, term_names
from cartwheel.report.export.statement import (
    PlainExample,
    divisors,
    identifiers,
    limits,
    opening,
    plain_examples,
)
from cartwheel.units import known_unit

_HOME = "https://cartwheel.readthedocs.io/fhir"
_CORE = "http://hl7.org/fhir/StructureDefinition"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
_NAMESPACE = uuid.UUID("6f1f1d0a-7a3b-5f43-9a2e-2d6c6a3c9b11")


class _FhirPath:
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def number(self, value: Decimal) -> str:
        return f"({value:f})" if value < 0 else f"{value:f}"

    def text(self, words: str) -> str:
        escaped = words.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'" if words else "{}"

    def name(self, name: str) -> str:
        return f"%{self._names[name]}"

    def power(self, value: str, exponent: Decimal) -> str:
        return f"({value}).power({exponent:f})"

    def transformed(self, value: str, transform: str) -> str:
        written = {"log": "ln()", "log2": "log(2)", "log10": "log(10)", "sqrt": "sqrt()"}
        return f"({value}).{written[transform]}"

    def at_least(self, value: str, least: str) -> str:
        return f"iif({value} > {least}, {value}, {least})"

    def compare(self, value: str, sign: str, number: Decimal) -> str:
        return f"({value} {sign} {self.number(number)})"

    def every(self, tests: Sequence[str]) -> str:
        return " and ".join(tests)

    def chosen(self, parameter: str, option: str) -> str:
        return f"({self.name(parameter)} = {self.text(option)})"

    def choose(self, cases: Sequence[Case], otherwise: str) -> str:
        closing = ")" * len(cases)
        return "".join(f"iif({test}, {value}, " for test, value in cases) + otherwise + closing

    def logistic(self, predictor: str) -> str:
        return f"(1 / (1 + (0 - ({predictor})).exp()))"

    def cox(self, predictor: str, baseline: Decimal) -> str:
        return f"(1 - ({baseline:f}).power(({predictor}).exp()))"


def fhir_text(spec: ScoreSpec) -> str:
    """Write a score as a FHIR R4 Bundle in JSON.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
        A collection of: a ``Library`` that carries the score file whole; a ``Questionnaire`` that
        asks for every input in the score's own unit (UCUM) and computes value, band and risk by
        FHIRPath (Structured Data Capture); and each worked example as a ``QuestionnaireResponse``
        with the answers that must come out.

    Notes
    -----
    An input carries a LOINC code where a verified one reports its kind of quantity. Where a value
    is missing or impossible the computed items stay empty.
    """
    resources = [_library(spec), _questionnaire(spec)]
    resources += [
        _response(spec, number, each) for number, each in enumerate(plain_examples(spec), 1)
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"urn:uuid:{_uuid(spec, resource['id'])}", "resource": resource}
            for resource in resources
        ],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _uuid(spec: ScoreSpec, name: str) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, f"{spec.identity} {name}")


def _id(spec: ScoreSpec, kind: str) -> str:
    # an id of FHIR has at most 64 signs: letters, digits, hyphens and points
    return f"{re.sub(r'[^A-Za-z0-9.-]', '-', spec.id)[:40]}-{kind}"


def _common(spec: ScoreSpec, kind: str) -> dict[str, Any]:
    about = list(opening(spec))
    return {
        "resourceType": kind,
        "id": _id(spec, kind.lower()),
        "url": f"{_HOME}/{kind}/{_id(spec, kind.lower())}",
        "identifier": [{"system": f"{_HOME}/score-identity", "value": spec.identity}],
        "version": spec.version,
        "name": "".join(
            part.capitalize() for part in re.split(r"\W+|_", f"score-{spec.id}-{kind}")
        ),
        "title": spec.title,
        "status": "draft" if spec.status == "unverified" or spec.simulated else "active",
        "experimental": True,
        "description": "\n".join(about),
        "purpose": spec.intended_use,
    }


def _library(spec: ScoreSpec) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/library-type"
    file = score_to_toml(spec).encode()
    citation: dict[str, Any] = {"type": "citation", "citation": spec.citation.text}
    if spec.citation.doi:
        citation["url"] = f"https://doi.org/{spec.citation.doi}"
    return _common(spec, "Library") | {
        "type": {"coding": [{"system": system, "code": "logic-library"}]},
        "usage": spec.intended_use,
        "relatedArtifact": [citation],
        "content": [
            {
                "contentType": "application/toml",
                "data": base64.b64encode(file).decode(),
                "title": f"{spec.id}.toml, the score file",
            }
        ],
    }


def _questionnaire(spec: ScoreSpec) -> dict[str, Any]:
    library = f"{_HOME}/Library/{_id(spec, 'library')}|{spec.version}"
    items = [_item(item) for item in spec.inputs]
    items += [_option_item(spec, place) for place in range(len(spec.parameters))]
    return _common(spec, "Questionnaire") | {
        "extension": [
            {"url": f"{_CORE}/cqf-library", "valueCanonical": library},
            *_variables(spec),
        ],
        "subjectType": ["Patient"],
        "item": [
            {"linkId": "use", "type": "display", "text": spec.intended_use},
            *items,
            *_answers(spec),
        ],
    }


def _item(item: Input) -> dict[str, Any]:
    entry: dict[str, Any] = {"linkId": f"input {item.name}"}
    if item.coding is not None:
        options = [{"valueCoding": {"code": _code(word), "display": word}} for word in item.coding]
        return entry | {"text": item.label, "type": "choice", "answerOption": options}
    extensions: list[dict[str, Any]] = []
    if item.unit not in ("", "1"):
        coding = {"unit": item.unit}
        if known_unit(item.unit) is not None:
            coding = {"system": "http://unitsofmeasure.org", "code": to_ucum(item.unit)}
        if "code" in coding:
            extensions.append(
                {
                    "url": f"{_CORE}/questionnaire-unit",
                    "valueCoding": coding | {"display": item.unit},
                }
            )
    for name, end in zip(("minValue", "maxValue"), limits(item), strict=True):
        if end is not None:
            extensions.append({"url": f"{_CORE}/{name}", "valueDecimal": _json_number(end)})
    if extensions:
        entry["extension"] = extensions
    if codes := list(_loinc(item)):
        entry["code"] = codes
    unit = f" ({item.unit})" if item.unit not in ("", "1") else ""
    return entry | {"text": f"{item.label}{unit}", "type": "decimal"}


def _code(word: str) -> str:
    return re.sub(r"\s+", " ", word.strip())


def _loinc(item: Input) -> Iterator[dict[str, str]]:
    kind = unit_kind(known_unit(item.unit) or item.unit)
    if item.variable is None or item.upper_limit_of is not None:
        return
    for code in loinc_codes().values():
        if code.variable == item.variable and code.verified and code.kind == kind:
            yield {"system": "http://loinc.org", "code": code.code}


def _json_number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)


def _option_item(spec: ScoreSpec, place: int) -> dict[str, Any]:
    each = spec.parameters[place]
    options: list[dict[str, Any]] = [
        {"valueCoding": {"code": _code(option.name), "display": option.label}}
        for option in each.options
    ]
    for option, entry in zip(each.options, options, strict=True):
        if option.name == each.default:
            entry["initialSelected"] = True
    return {
        "linkId": f"parameter {each.name}",
        "text": f"Not published: {each.label}. {each.why}",
        "type": "choice",
        "answerOption": options,
    }


def _variables(spec: ScoreSpec) -> Iterator[dict[str, Any]]:
    names = _every_name(spec)
    dialect = _FhirPath(names)
    for item in spec.inputs:
        yield _variable(names[item.name], _answer(item, dialect))
    for each in spec.parameters:
        answer = f"%resource.item.where(linkId={dialect.text('parameter ' + each.name)}).answer"
        yield _variable(names[each.name], f"{answer}.value.code")
    steps = recipe(spec, dialect)
    yield _variable("complete", " and ".join(_complete(spec, dialect)))
    for step in (*steps.derived, *steps.terms):
        yield _variable(names[step.name], f"iif(%complete, {step.text}, {{}})")
    yield _variable("value", f"iif(%complete, {steps.value}, {{}})")


def _variable(name: str, expression: str) -> dict[str, Any]:
    return {
        "url": f"{_CORE}/variable",
        "valueExpression": {"name": name, "language": "text/fhirpath", "expression": expression},
    }


def _answer(item: Input, dialect: _FhirPath) -> str:
    answer = f"%resource.item.where(linkId={dialect.text('input ' + item.name)}).answer.value"
    if item.coding is None:
        return answer
    cases = [
        (f"{answer}.code = {dialect.text(_code(word))}", dialect.number(code))
        for word, code in item.coding.items()
    ]
    return dialect.choose(cases, "{}")


def _complete(spec: ScoreSpec, dialect: _FhirPath) -> Iterator[str]:
    for item in spec.inputs:
        name = dialect.name(item.name)
        yield f"{name}.exists()"
        if item.coding is None:
            low, high = limits(item)
            if low is not None:
                yield dialect.compare(name, ">=", low)
            if high is not None:
                yield dialect.compare(name, "<=", high)
    for each in spec.parameters:
        yield f"{dialect.name(each.name)}.exists()"
    for name in divisors(spec):
        if name in spec.input_names:
            yield dialect.compare(dialect.name(name), ">", Decimal(0))


def _answers(spec: ScoreSpec) -> Iterator[dict[str, Any]]:
    steps = recipe(spec, _FhirPath(_every_name(spec)))
    yield _computed("value", f"Value of {spec.title}", "decimal", "%value")
    for name, kind, text in (("band", "string", steps.band), ("risk", "decimal", steps.risk)):
        if text:
            label = f"Risk of {spec.outcome.name}" if name == "risk" else "Band"
            yield _computed(name, label, kind, f"iif(%value.exists(), {text}, {{}})")


def _every_name(spec: ScoreSpec) -> dict[str, str]:
    """Name the variables: FHIR takes no underscore here, and FHIRPath no hyphen."""
    found: dict[str, str] = {}
    for name, plain in (identifiers(spec) | {"value": "value"} | term_names(spec)).items():
        first, *others = plain.split("_")
        short = "".join((first, *(other.capitalize() for other in others)))[:50]
        found[name] = short if short not in found.values() else f"{short}x{len(found)}"
    return found


def _computed(name: str, text: str, kind: str, expression: str) -> dict[str, Any]:
    return {
        "linkId": name,
        "text": text,
        "type": kind,
        "readOnly": True,
        "extension": [
            {
                "url": f"{_SDC}/sdc-questionnaire-calculatedExpression",
                "valueExpression": {"language": "text/fhirpath", "expression": expression},
            }
        ],
    }


def _response(spec: ScoreSpec, number: int, example: PlainExample) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for item in spec.inputs:
        given = example.inputs[item.name]
        value: dict[str, Any] = (
            {"valueCoding": {"code": _code(given), "display": given}}
            if isinstance(given, str)
            else {"valueDecimal": _json_number(given)}
        )
        items.append({"linkId": f"input {item.name}", "answer": [value]})
    for name, option in example.choices.items():
        coding = {"valueCoding": {"code": _code(option)}}
        items.append({"linkId": f"parameter {name}", "answer": [coding]})
    items.append({"linkId": "value", "answer": [{"valueDecimal": _json_number(example.value)}]})
    if example.band is not None:
        items.append({"linkId": "band", "answer": [{"valueString": example.band}]})
    if example.risk is not None:
        items.append({"linkId": "risk", "answer": [{"valueDecimal": _json_number(example.risk)}]})
    return {
        "resourceType": "QuestionnaireResponse",
        "id": _id(spec, f"example-{number}"),
        "questionnaire": f"{_HOME}/Questionnaire/{_id(spec, 'questionnaire')}|{spec.version}",
        "status": "completed",
        "item": items,
    }
