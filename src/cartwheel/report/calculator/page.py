"""A score as one HTML page that computes by itself, offline."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from cartwheel import __version__
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input, Parameter
from cartwheel.report.calculator.facts import facts_html, published_html
from cartwheel.report.calculator.model import calculator_model

_SCRIPTS = ("decimal.js", "engine.js", "page.js")


def calculator_page(spec: ScoreSpec) -> str:
    """Write a score as one self-contained HTML calculator.

    Parameters
    ----------
    spec : ScoreSpec
        The score; its worked examples came out when it was read.

    Returns
    -------
    str
        HTML that loads nothing from anywhere: its own policy forbids it. It computes in decimals
        of 34 digits as `cartwheel.clinic.scoring.assess` does, computes the worked examples again
        when it opens, and blocks itself where one fails. The same score gives the same text.

    Notes
    -----
    Points, bands and refusals are those of `assess`; values with a logarithm and risks agree to
    1e-12: tests/journeys/test_calculator_page.py runs both on random patients in a browser.
    """
    model = calculator_model(spec)
    style = _read("page.css")
    script = "\n".join(_read(name) for name in _SCRIPTS)
    # a text of the score file that holds "</script" must not end the element it stands in
    data = json.dumps(model, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Template(_read("page.html")).substitute(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        model=data,
        cartwheel=escape(__version__),
        id=escape(spec.id),
        version=escape(spec.version),
        identity=escape(spec.identity),
        title=escape(spec.title),
        intended_use=escape(spec.intended_use),
        question=escape(question(spec)),
        population=escape(_population(spec)),
        banners="\n".join(f'<p class="banner">{escape(each)}</p>' for each in banners(spec)),
        policy=escape(policy(spec)),
        fields="\n".join(
            _field(place, item, entry)
            for place, (item, entry) in enumerate(zip(spec.inputs, model["inputs"], strict=True))
        ),
        parameters=_parameters(spec.parameters),
        unit_button=_unit_button(model),
        facts=facts_html(spec),
        published=published_html(spec.published),
        examples="\n".join(
            _example(place, each, model) for place, each in enumerate(model["examples"])
        ),
    )


def _read(name: str) -> str:
    return files("cartwheel.report.calculator").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def question(spec: ScoreSpec) -> str:
    """Say what a score answers.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
    """
    outcome = spec.outcome
    if outcome.kind == "none":
        return outcome.definition
    horizon = "" if outcome.horizon is None else f" by {outcome.horizon} {outcome.time_unit}"
    return f"For {outcome.name}{horizon}. {outcome.definition}."


def _population(spec: ScoreSpec) -> str:
    n = spec.population.n
    return f"{spec.population.text}." + (f" {n} patients." if n is not None else "")


def banners(spec: ScoreSpec) -> Iterator[str]:
    """Say what nobody may overlook: simulated, unverified, assumed.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Yields
    ------
    str
    """
    if spec.simulated:
        yield (
            "SIMULATED. This score was made from simulated patients: it says nothing about a real "
            "one."
        )
    if spec.status == "unverified":
        yield "UNVERIFIED. The constants of this score were not read in their source."
    parts = (*spec.inputs, *spec.terms, *spec.bands)
    doubts = []
    if spec.status != "unverified" and any(part.status == "unverified" for part in parts):
        doubts.append("Some constants are UNVERIFIED: they were not read in their source.")
    if spec.parameters or any(part.status == "assumption" for part in parts):
        doubts.append("Some of this score is an ASSUMPTION: the publication does not state it.")
    if doubts:
        yield " ".join(doubts)


def policy(spec: ScoreSpec) -> str:
    """Say what a missing value does.

    Parameters
    ----------
    spec : ScoreSpec
        The score.

    Returns
    -------
    str
    """
    if spec.missing == "range":
        return (
            "What is not known stays empty: the answer is then the range of what it could be. "
            "Missing is never taken as normal or as no."
        )
    return "Every value is needed. Missing is never taken as normal or as no."


def _field(place: int, item: Input, entry: Mapping[str, Any]) -> str:
    hint = escape(". ".join(hints(item, entry["shown"])))
    described = f'aria-describedby="hint-{place} error-{place}"'
    error = f'<p class="error" id="error-{place}"></p>'
    label = escape(item.label)
    if entry["coding"] is not None:
        return (
            f'<div class="field" role="radiogroup" aria-labelledby="label-{place}" {described}>'
            f'<b class="label" id="label-{place}">{label}</b>'
            f'<span class="hint" id="hint-{place}">{hint}</span>'
            f'<div class="choices">{_choices(place, entry)}</div>{error}</div>'
        )
    return (
        f'<div class="field"><label for="value-{place}">{label}</label>'
        f'<span class="hint" id="hint-{place}">{hint}</span><div class="entry">'
        f'<input id="value-{place}" type="text" inputmode="decimal" spellcheck="false" {described}>'
        f"{_unit(place, item, entry)}</div>{error}</div>"
    )


def hints(item: Input, unit: str) -> Iterator[str]:
    """Say when an input is measured, and on which values the score was made.

    Parameters
    ----------
    item : Input
        One of a score.
    unit : str
        Its unit as it is shown.

    Yields
    ------
    str
    """
    if item.window is not None:
        yield item.window.text[:1].upper() + item.window.text[1:]
    elif item.day is not None:
        yield f"Measured on day {item.day}; infusion is day 0"
    if item.low is not None and item.high is not None:
        yield f"Developed on {item.low} to {item.high} {unit}".rstrip()
    if item.upper_limit_of is not None:
        yield "The laboratory's own upper limit of normal"
    if item.status in ("unverified", "assumption"):
        concerned = "Its definition" if item.coding is not None else "Unit or time"
        yield f"{concerned} is {item.status}"


def _choices(place: int, entry: Mapping[str, Any]) -> str:
    words = [("", "not known", ' class="unknown"', " checked")]
    words += [(word, word, "", "") for word, _ in entry["coding"]]
    return "".join(
        f'<label{kind}><input type="radio" name="value-{place}" value="{escape(value)}"{checked}>'
        f"{escape(shown)}</label>"
        for value, shown, kind, checked in words
    )


def _unit(place: int, item: Input, entry: Mapping[str, Any]) -> str:
    """Offer the units; where two of them differ in size, none is chosen beforehand."""
    units = entry["units"]
    if not units:
        return ""
    if len(units) == 1:
        shown = escape(units[0]["shown"])
        return (
            f'<span class="unit">{shown}</span>'
            f'<input type="hidden" id="unit-{place}" value="{escape(units[0]["unit"])}">'
        )
    ask = len({each["factor"] for each in units}) > 1
    options = ['<option value="">choose unit</option>'] if ask else []
    options += [
        f'<option value="{escape(each["unit"])}">{escape(each["shown"])}</option>' for each in units
    ]
    return (
        f'<select id="unit-{place}" aria-label="Unit of {escape(item.label)}">{"".join(options)}'
        "</select>"
    )


def _unit_button(model: Mapping[str, Any]) -> str:
    if not any(len(item["units"]) > 1 for item in model["inputs"]):
        return ""
    own = ", ".join(dict.fromkeys(item["shown"] for item in model["inputs"] if item["units"]))
    return (
        '<p class="tools"><button type="button" id="own-units">Set all units to '
        f"{escape(own)}</button></p>"
    )


def _parameters(parameters: tuple[Parameter, ...]) -> str:
    return "\n".join(_parameter(place, each) for place, each in enumerate(parameters))


def _parameter(place: int, each: Parameter) -> str:
    default = next(option.label for option in each.options if option.name == each.default)
    options = f'<option value="">not chosen: {escape(default)} (an assumption)</option>' + "".join(
        f'<option value="{escape(option.name)}">{escape(option.label)}</option>'
        for option in each.options
    )
    label = escape(each.label[:1].upper() + each.label[1:])
    return (
        f'<div class="field"><label for="parameter-{place}">Not published: {label}</label>'
        f'<span class="hint" id="why-{place}">{escape(each.why)}</span>'
        f'<select class="wide" id="parameter-{place}" aria-describedby="why-{place}">{options}'
        "</select></div>"
    )


def _example(place: int, example: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    shown = {
        item["name"]: {unit["unit"]: unit["shown"] for unit in item["units"]}
        for item in model["inputs"]
    }
    labels = {item["name"]: item["label"] for item in model["inputs"]}
    values = "; ".join(
        f"{labels[name]} {given['text']} {shown[name].get(given.get('unit', ''), '')}".strip()
        for name, given in example["given"].items()
    )
    chosen = "; ".join(f"{name}: {option}" for name, option in example["choices"].items())
    said = [str(example["value"]), example.get("band", "")]
    if "risk" in example:
        said.append(f"risk {example['risk']}")
    name = escape(example["name"])
    return (
        f'<tr><th scope="row">{name}</th><td>{escape("; ".join(filter(None, (values, chosen))))}'
        f"</td><td>{escape(', '.join(filter(None, said)))}</td>"
        f'<td id="example-{place}">not run</td><td><button type="button" id="show-{place}" '
        f'aria-label="Show the example {name}">Show</button></td></tr>'
    )
