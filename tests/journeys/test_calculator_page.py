"""The page and Python give the same answer, in a browser, for random patients of every score."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from browser_run import needs_browser, run_over
from calculator_patients import patients
from calculator_scores import scores
from score_examples import bare_document, manual_toml

from cartwheel.clinic.score import ScoreSpec, read_score, score_from_document
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.report.calculator import calculator_page

PATIENTS = 1000
ASSESS = """
return Object.fromEntries(Object.entries(data).map(([name, patients]) => {
  const { model, assess } = frames[name].cartwheel;
  return [name, patients.map((each) => assess(model, each.given, each.choices))];
}));
"""


def in_python(spec: ScoreSpec, patient: dict[str, Any]) -> Assessment | Unscorable:
    said = {
        name: f"{given['text']} {given.get('unit', '')}".strip() if given["text"] else ""
        for name, given in patient["given"].items()
    }
    return assess(spec, said | patient["choices"])


def agree(page: float | None, python: float | None) -> bool:
    if page is None or python is None:
        # JSON has no infinity, which a contribution reaches where a missing denominator can be 0
        return page is python or (python is not None and math.isinf(python))
    # a logarithm of the browser may differ from Python's in its last bit; sums of such do too
    return page == python or math.isclose(page, python, rel_tol=1e-12, abs_tol=1e-12)


def differences(spec: ScoreSpec, patient: dict[str, Any], page: dict[str, Any]) -> list[str]:
    python = in_python(spec, patient)
    if isinstance(python, Unscorable) or page["reasons"]:
        reasons = python.reasons if isinstance(python, Unscorable) else ()
        codes = {same_code(each.code) for each in reasons}
        found = {same_code(each["code"]) for each in page["reasons"]}
        return [] if codes == found else [f"{sorted(found)} is not {sorted(codes)}"]
    wrong = [
        f"{name}: {page[of]} is not {getattr(python, name)}"
        for name, of in (
            ("value", "value"), ("value_low", "low"), ("value_high", "high"), ("risk", "risk"),
            ("risk_low", "risk_low"), ("risk_high", "risk_high"),
        )
        if not agree(page[of], getattr(python, name))
    ]  # fmt: skip
    if spec.method == "points" and page["value"] != python.value:
        wrong.append("points are not the same to the last digit")
    if [page["band"], page["bands"]] != [python.band, list(python.bands)]:
        wrong.append(f"band: {page['bands']} is not {python.bands}")
    for ours, theirs in zip(python.contributions, page["contributions"], strict=True):
        if not (
            agree(theirs["low"], ours.effect_low)
            and agree(theirs["high"], ours.effect_high)
            and agree(theirs["value"], ours.value)
        ):
            wrong.append(f"contribution of {ours.term}")
    if len(page["warnings"]) != len(python.warnings):
        wrong.append(f"warnings: {page['warnings']} are not {python.warnings}")
    return wrong


def same_code(code: str) -> str:
    # the page has a field for the unit, so a unit typed beside the number is a slip of another name
    return "not_a_number" if code in ("unit_unknown", "unit_unexpected") else code


@needs_browser
def test_page_and_python_agree_on_random_patients_of_every_score(tmp_path: Path) -> None:
    specs = scores()
    drawn = {name: patients(spec, PATIENTS, seed=1) for name, spec in specs.items()}
    pages = {name: calculator_page(spec) for name, spec in specs.items()}
    found = run_over(pages, ASSESS, drawn, tmp_path)
    wrong = []
    for name, spec in specs.items():
        scored = 0
        for patient, page in zip(drawn[name], found[name], strict=True):
            scored += not page["reasons"]
            wrong += [f"{name} {patient}: {each}" for each in differences(spec, patient, page)]
        assert scored >= PATIENTS / 4, f"{name}: too few of its patients can be scored"
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong[:12])


READ = """
return Object.fromEntries(Object.entries(frames).map(([name, frame]) => {
  const page = frame.document;
  const first = {
    examples: page.documentElement.getAttribute("data-examples"),
    asked: page.getElementById("answer").textContent,
    unlabelled: [...page.querySelectorAll("input:not([type=hidden]), select")].filter(
      (each) => each.labels.length === 0 && !each.getAttribute("aria-label")).length,
    disabled: page.getElementById("all").disabled,
    blocked: page.getElementById("failed").hidden ? "" : page.getElementById("failed").textContent,
  };
  const answers = [...page.querySelectorAll("button[id^=show-]")].map((button) => {
    button.click();
    return page.getElementById("answer").textContent;
  });
  return [name, { ...first, answers, detail: page.getElementById("detail").textContent }];
}));
"""


@needs_browser
def test_every_page_runs_its_examples_and_shows_them(tmp_path: Path) -> None:
    specs = scores()
    pages = {name: calculator_page(spec) for name, spec in specs.items()}
    found = run_over(pages, READ, None, tmp_path)
    for name, spec in specs.items():
        read = found[name]
        assert (read["examples"], read["disabled"], read["blocked"]) == ("passed", False, ""), name
        assert read["unlabelled"] == 0
        assert len(read["answers"]) == len(spec.examples)
        for example, answer in zip(spec.examples, read["answers"], strict=True):
            assert "Value" in answer, name
            assert example.band is None or example.band in answer
        assert spec.terms[0].name is None or "What each input adds" in read["detail"]


@needs_browser
def test_a_page_whose_example_fails_is_blocked(tmp_path: Path) -> None:
    page = calculator_page(read_score("car-hematotox"))
    tampered = page.replace('"points":"2"', '"points":"1"')
    assert tampered != page
    found = run_over({"t": tampered}, READ, None, tmp_path)["t"]
    assert found["examples"] == "failed"
    assert found["disabled"]
    assert "blocked" in found["blocked"]
    assert "all points" in found["blocked"]
    assert all("No result" in answer for answer in found["answers"])


TYPE = """
const page = frames.easix.document;
const set = (id, value) => {
  page.getElementById(id).value = value;
  page.getElementById(id).dispatchEvent(new Event("input", { bubbles: true }));
};
const at = (id) => page.getElementById(id).textContent;
const said = [];
const note = () => said.push([at("answer"), at("error-0") + at("error-1") + at("error-2")]);
note();
set("value-0", "280"); note();
set("unit-0", "U/L"); set("value-1", "97,24"); set("unit-1", "umol/L");
set("value-2", "90"); set("unit-2", "10*9/L"); note();
set("value-1", "1,234"); note();
set("value-1", "97240"); note();
page.getElementById("clear").click(); note();
return said;
"""


@needs_browser
def test_typing_a_patient(tmp_path: Path) -> None:
    pages = {"easix": calculator_page(read_score("easix"))}
    empty, no_unit, done, mark, wild, cleared = run_over(pages, TYPE, None, tmp_path)
    assert "Still needed" in empty[0]
    assert empty[1] == ""
    assert "choose the unit" in no_unit[1]
    # 280 * 97.24/88.4 / 90
    assert "3.42222" in done[0]
    assert done[1] == ""
    assert "could be 1.234 or 1234" in mark[1]
    assert "is not possible" in wild[1]
    assert "Value" not in wild[0]
    assert "Still needed" in cleared[0]


def test_the_page_loads_nothing_and_is_the_same_each_time() -> None:
    for spec in scores().values():
        page = calculator_page(spec)
        assert page == calculator_page(spec)
        assert "default-src 'none'" in page
        assert re.findall(r"(?<![-\w])(?:src=|@import|url\(|fetch\()", page) == []
        links = re.findall(r"https?://[^\s\"'<]+", page)
        assert all(link.startswith("https://doi.org/") for link in links)
        for words in (spec.identity, spec.intended_use, spec.version, "Worked examples"):
            assert words in page


@pytest.mark.parametrize("text", ["</script><b>", "<img src=x onerror=alert(1)>", "$style ${x}"])
def test_texts_of_a_score_file_stay_texts(text: str) -> None:
    page = calculator_page(score_from_document(bare_document(title=text)))
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert "<b>" not in page.split("</style>")[1].replace("<b>Made from</b>", "").replace(
        "<b>Intended use.</b>", ""
    )


def test_doubts_stand_at_the_top() -> None:
    simulated = read_score(manual_toml())
    page = calculator_page(simulated)
    assert page.index("SIMULATED") < page.index("<h1>")
    unverified = calculator_page(score_from_document(bare_document(status="unverified")))
    assert unverified.index("UNVERIFIED") < unverified.index("<h1>")
    assumed = calculator_page(read_score("cipi"))
    assert assumed.index("ASSUMPTION") < assumed.index("<h1>")
