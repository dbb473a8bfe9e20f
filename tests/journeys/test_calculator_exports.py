"""Every export gives what cartwheel gives, in the language that it is written in."""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from calculator_patients import patients
from calculator_scores import scores
from score_examples import bare_document
from sheet_formulas import Sheet

from cartwheel.clinic.loinc import is_loinc
from cartwheel.clinic.score import ScoreSpec, read_score, score_from_document
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.report.export import EXPORTS, fhir_text, python_text, r_text, sheet_text
from cartwheel.report.export.statement import function_name, identifiers, plain_examples
from cartwheel.report.export.taken import R_NAMES

SCORES = scores()
# sums and logarithms of doubles in another language: a few units in the last place
CLOSE = 1e-12


def complete_patients(spec: ScoreSpec, count: int) -> Iterator[tuple[dict[str, str], Assessment]]:
    """Draw patients without gaps, in the score's own units, with cartwheel's answer."""
    found = 0
    for patient in patients(spec, 3 * count, seed=2, plain=True):
        given = patient["given"]
        said = {
            name: f"{each['text']} {each.get('unit', '')}".strip() for name, each in given.items()
        }
        answer = assess(spec, said | patient["choices"])
        if isinstance(answer, Assessment) and answer.value is not None:
            yield {name: each["text"] for name, each in given.items()} | patient["choices"], answer
            found += 1
        if found == count:
            return
    raise AssertionError(f"{spec.id}: too few patients to compare")


def python_function(spec: ScoreSpec) -> tuple[Any, dict[str, Any]]:
    space: dict[str, Any] = {"__name__": "export"}
    exec(compile(python_text(spec), f"{spec.id}.py", "exec"), space)
    return space[function_name(spec)], space


@pytest.mark.parametrize("name", SCORES)
def test_python(name: str) -> None:
    spec = SCORES[name]
    function, space = python_function(spec)
    assert space["check"]() == len(plain_examples(spec)) > 0
    names = identifiers(spec)
    for given, answer in complete_patients(spec, 60):
        found = function(**{names[key]: text for key, text in given.items()})
        assert (found["value"], found["band"]) == (answer.value, answer.band)
        assert found["risk"] == answer.risk


def test_python_refuses_what_is_missing_or_impossible() -> None:
    function, _ = python_function(SCORES["easix"])
    inputs = {"ldh_u_l": 280, "creatinine_mg_dl": 1.1, "platelets_10_9_l": 90}
    assert math.isclose(function(**inputs)["value"], 308 / 90, rel_tol=1e-15)
    for wrong in (None, "", True, math.nan, "abc", 0):
        with pytest.raises(ValueError, match=r"missing|not a number|divided"):
            function(**inputs | {"platelets_10_9_l": wrong})
    with pytest.raises(ValueError, match="not possible"):
        function(**inputs | {"creatinine_mg_dl": 97})
    with pytest.raises(TypeError):
        function(ldh_u_l=280)


def test_python_meets_a_cut_off_that_doubles_miss() -> None:
    function, _ = python_function(SCORES["cipi"])
    given = {"monocytes_10_9_l": 0, "platelets_10_9_l": 0}
    # 0.7 * 2.55 = 1.785, and 1.785 / 0.7 is 2.5500000000000003 in doubles
    assert 1.785 / 0.7 != 2.55
    found = function(neutrophils_10_9_l=1.785, lymphocytes_10_9_l=0.7, **given)
    assert found["value"] == 0


needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="no Rscript on this machine")


def in_r(value: str) -> str:
    return value if re.fullmatch(r"[\d.]+", value) else json.dumps(value)


@needs_r
def test_r(tmp_path: Path) -> None:
    lines, expected = ["options(digits = 17, warn = 2)"], []
    for name, spec in SCORES.items():
        file = tmp_path / f"{name}.R"
        file.write_text(r_text(spec), encoding="utf-8")
        lines.append(f"source({json.dumps(str(file))}, encoding = 'UTF-8')")
        names = identifiers(spec)
        coded = {item.name for item in spec.inputs if item.coding is not None}
        coded |= {each.name for each in spec.parameters}
        for given, answer in complete_patients(spec, 40):
            said = ", ".join(
                f"{names[key]} = {json.dumps(text) if key in coded else in_r(text)}"
                for key, text in given.items()
            )
            lines.append(
                f"x <- {function_name(spec)}({said}); "
                'cat(sprintf("%.17g", x$value), sprintf("%.17g", x$risk), x$band, sep = "\\t"); '
                'cat("\\n")'
            )
            expected.append((name, given, answer))
    script = tmp_path / "all.R"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "--vanilla", str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert len(said) == len(expected)
    for line, (name, given, answer) in zip(said, expected, strict=True):
        value, risk, band = line.split("\t")
        assert math.isclose(float(value), answer.value, rel_tol=CLOSE, abs_tol=CLOSE), (name, given)
        assert band == (answer.band or "NA"), (name, given)
        if answer.risk is not None:
            assert math.isclose(float(risk), answer.risk, rel_tol=CLOSE, abs_tol=CLOSE), name


@needs_r
def test_r_stops_at_what_is_missing_or_impossible(tmp_path: Path) -> None:
    file = tmp_path / "easix.R"
    file.write_text(r_text(SCORES["easix"]), encoding="utf-8")
    calls = ["280, NA, 90", "280, 97, 90", "280, 1.1, 0", '280, "1.1", 90', "280, 1.1, c(1, 2)"]
    tried = "\n".join(
        f'cat(tryCatch({{easix({call}); "scored"}}, error = function(e) "stopped"), "")'
        for call in calls
    )
    code = f"source({json.dumps(str(file))}, encoding = 'UTF-8')\n{tried}"
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["stopped"] * len(calls)


# what the files themselves call, what R and Python reserve, and what is a value in their functions
SAID = ("max", "log10", "log2", "sprintf", "c", "t", "float", "math", "check", "repeat", "next",
        "function", "while", "mean", "sum", "paste", "settled", "none", "abs", "in")  # fmt: skip


def named_like_functions(name: str) -> ScoreSpec:
    return score_from_document(
        bare_document(
            id=name,
            inputs=[{"name": each, "label": each} for each in SAID],
            terms=[
                {"kind": "linear", "input": each, "coefficient": 1, "transform": transform}
                for each, transform in zip(SAID, ["log", "log2", "log10", "sqrt"] * 5, strict=True)
            ],
            bands=[
                {"name": "low", "to": 20, "to_inclusive": False},
                {"name": "high", "from": 20, "from_inclusive": True},
            ],
            examples=[{"inputs": dict.fromkeys(SAID, 1), "value": 5, "band": "low"}],
        )
    )


def cancelling() -> ScoreSpec:
    """A score whose sum is 0 only in decimals, with a cut-off at 0 and one at -0.5."""
    names = ["x", "y", "z"]
    return score_from_document(
        bare_document(
            id="cancelling",
            inputs=[{"name": each, "label": each} for each in names],
            terms=[{"kind": "linear", "input": each, "coefficient": 1} for each in names],
            bands=[
                {"name": "low", "to": -0.5, "to_inclusive": True},
                {"name": "middle", "from": -0.5, "from_inclusive": False,
                 "to": 0, "to_inclusive": True},
                {"name": "high", "from": 0, "from_inclusive": False},
            ],
            examples=[
                {"inputs": {"x": "0.1", "y": "0.2", "z": "-0.3"}, "value": 0, "band": "middle"},
                {"inputs": {"x": "100.4", "y": "0.2", "z": "-101.1"}, "value": -0.5, "band": "low"},
                {"inputs": {"x": "0.1", "y": "0.2", "z": "-0.2999999"}, "value": 1e-7,
                 "band": "high"},
            ],
        )
    )  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_python_where_names_are_those_of_functions(name: str) -> None:
    spec = named_like_functions(name)
    _, space = python_function(spec)
    assert space["check"]() == 1


@needs_r
def test_r_where_names_are_those_of_functions_and_sums_cancel(tmp_path: Path) -> None:
    # in doubles both miss the cut-off
    assert 0.1 + 0.2 - 0.3 > 0
    assert 100.4 + 0.2 - 101.1 > -0.5
    specs = [cancelling(), *map(named_like_functions, SAID)]
    for number, spec in enumerate(specs):
        (tmp_path / f"{number}.R").write_text(r_text(spec), encoding="utf-8")
    # each file computes its worked examples when it is sourced
    lines = [f"source({json.dumps(str(tmp_path / f'{at}.R'))})" for at in range(len(specs))]
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", "\n".join(["options(warn = 2)", *lines, 'cat("all")'])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("all", 0), done.stderr[-2000:]


@needs_r
def test_the_list_of_r_names_has_those_of_r() -> None:
    names = 'c(ls(baseenv()), getNamespaceExports("stats"))'
    code = f'cat(grep("^[a-z][a-z0-9_]*$", {names}, value = TRUE))'
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", code], capture_output=True, text=True, check=True
    )
    # a newer R has more; what the list has must be there
    assert set(done.stdout.split()) >= R_NAMES
    assert function_name(SCORES["easix"]) == "easix"


def is_word(spec: ScoreSpec, label: str) -> bool:
    return any(item.label == label and item.coding is not None for item in spec.inputs)


@pytest.mark.parametrize("name", SCORES)
def test_sheet(name: str) -> None:
    spec = SCORES[name]
    sheet = Sheet(sheet_text(spec))
    checks = sheet.column("Worked example")
    letters = [chr(68 + place) for place in range(len(plain_examples(spec)))]
    assert [sheet.value(f"{letter}{checks}") for letter in letters] == ["passed"] * len(letters)
    first = sheet.column("Input") + 1
    places = {item.name: first + at for at, item in enumerate(spec.inputs)}
    places |= {each.name: first + len(spec.inputs) + at for at, each in enumerate(spec.parameters)}
    value, band, risk = (sheet.column(label) for label in ("VALUE", "BAND", "RISK"))
    assert sheet.value(f"C{value}") == "", "an empty sheet gives no number"
    defaults = spec.default_choices
    for given, answer in complete_patients(spec, 40):
        for key, text in (defaults | given).items():
            sheet.put(f"C{places[key]}", text)
        assert math.isclose(sheet.value(f"C{value}"), answer.value, rel_tol=CLOSE, abs_tol=CLOSE)
        if spec.bands:
            assert sheet.value(f"C{band}") == answer.band, given
        if answer.risk is not None:
            assert math.isclose(sheet.value(f"C{risk}"), answer.risk, rel_tol=1e-9, abs_tol=CLOSE)


def test_sheet_says_what_is_missing_or_impossible() -> None:
    sheet = Sheet(sheet_text(SCORES["easix"]))
    complete, value = sheet.column("All values given"), sheet.column("VALUE")
    first = sheet.column("Input") + 1
    said = []
    for row in (("280", "", "90"), ("280", "97", "90"), ("280", "1.1", "0"), ("280", "1.1", "90")):
        for at, text in enumerate(row):
            sheet.put(f"C{first + at}", text)
        said.append((sheet.value(f"C{complete}"), sheet.value(f"C{value}")))
    assert said[:3] == [
        ("a value is missing", ""),
        ("not possible: check units", ""),
        ("not possible: check units", ""),
    ]
    assert said[3][0] == "yes"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice on this machine")
def test_libreoffice_computes_the_sheet(tmp_path: Path) -> None:
    files = []
    for name, spec in SCORES.items():
        files.append(tmp_path / f"{name}.csv")
        files[-1].write_text(sheet_text(spec), encoding="utf-8")
    separated = "Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
    profile = f"-env:UserInstallation={tmp_path.as_uri()}/profile"
    command = [
        "soffice", "--headless", "--norestore", profile,
        f"--infilter={separated},false,false,-1", "--convert-to", f"csv:{separated}",
        "--outdir", str(tmp_path / "out"), *map(str, files),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    for name, spec in SCORES.items():
        sheet = Sheet((tmp_path / "out" / f"{name}.csv").read_text(encoding="utf-8"))
        row = sheet.rows[sheet.column("Worked example") - 1]
        assert row[3 : 3 + len(plain_examples(spec))] == ["passed"] * len(plain_examples(spec))


def test_a_text_of_the_file_is_no_formula() -> None:
    title = '=HYPERLINK("http://x")'
    rows = Sheet(sheet_text(score_from_document(bare_document(title=title)))).rows
    assert rows[0][0] == f"'{title}"


def walk(thing: Any) -> Iterator[Any]:
    yield thing
    if isinstance(thing, dict | list):
        for part in thing.values() if isinstance(thing, dict) else thing:
            yield from walk(part)


@pytest.mark.parametrize("name", SCORES)
def test_fhir_is_sound(name: str) -> None:
    spec = SCORES[name]
    bundle = json.loads(fhir_text(spec))
    for part in walk(bundle):
        assert part not in (None, "", [], {}), "FHIR has no empty values"
    resources = [entry["resource"] for entry in bundle["entry"]]
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(resources)
    library, questionnaire, *responses = resources
    assert [library["resourceType"], questionnaire["resourceType"]] == ["Library", "Questionnaire"]
    assert len(responses) == len(plain_examples(spec))
    for each in resources:
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", each["id"])
    for each in (library, questionnaire):
        assert each["status"] in ("draft", "active")
        assert each["identifier"][0]["value"] == spec.identity
        assert re.fullmatch(r"[A-Z]([A-Za-z0-9_]){0,254}", each["name"])
        assert spec.intended_use in each["purpose"]
    text = base64.b64decode(library["content"][0]["data"]).decode()
    assert read_score(text).identity == spec.identity
    links = [item["linkId"] for item in questionnaire["item"]]
    assert len(set(links)) == len(links)
    for response in responses:
        assert response["questionnaire"] == f"{questionnaire['url']}|{spec.version}"
        assert {item["linkId"] for item in response["item"]} <= set(links)
    named = [
        each["valueExpression"]["name"]
        for each in questionnaire["extension"]
        if each["url"].endswith("/variable")
    ]
    assert len(set(named)) == len(named)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,63}", each) for each in named)
    expressions = [
        part["expression"] for part in walk(questionnaire) if isinstance(part, dict)
        and "expression" in part
    ]  # fmt: skip
    for expression in expressions:
        used = set(re.findall(r"%(\w+)", re.sub(r"'(?:[^'\\]|\\.)*'", "''", expression)))
        assert used <= {*named, "resource"}
    for part in walk(questionnaire):
        if isinstance(part, dict) and part.get("system") == "http://loinc.org":
            assert is_loinc(part["code"])


def test_fhir_names_code_and_unit_of_an_input() -> None:
    bundle = json.loads(fhir_text(SCORES["easix"]))
    item = {each["linkId"]: each for each in bundle["entry"][1]["resource"]["item"]}
    creatinine = item["input creatinine"]
    # 2160-0 is the mass code; 14682-9 would be that of umol/L
    assert creatinine["code"] == [{"system": "http://loinc.org", "code": "2160-0"}]
    assert creatinine["extension"][0]["valueCoding"]["code"] == "mg/dL"
    assert item["value"]["readOnly"] is True


def test_every_export_says_what_it_is_and_is_the_same_each_time() -> None:
    for spec in SCORES.values():
        for write in EXPORTS.values():
            text = write(spec)
            assert text == write(spec)
            flat = " ".join(text.replace("\\n", " ").split())
            for words in (spec.id, spec.version, spec.identity, spec.status, "Intended use"):
                assert words in flat
            if spec.simulated:
                assert "SIMULATED" in text
            if spec.parameters or spec.status == "unverified":
                assert "ASSUMPTION" in text or "UNVERIFIED" in text


def test_examples_keep_their_digits() -> None:
    found = {each.name: each for each in plain_examples(SCORES["car-hematotox"])}
    inputs = found["all points"].inputs
    assert inputs["anc"] == Decimal("0.6")
    assert inputs["crp"] == Decimal("8.2")
