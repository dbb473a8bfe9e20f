"""``cartwheel develop`` as a person uses it: files, flags, hostile names, and no patient in it."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from develop_examples import (
    CRP,
    FERRITIN,
    LYMPHOCYTES,
    NEUTROPHILS,
    NLR,
    SURVIVAL,
    cartwheel,
    cohort,
    plan,
    predictor,
    saved,
)

import cartwheel as cw
from cartwheel.clinic.score import read_score
from cartwheel.development.planning.plan import read_plan
from cartwheel.workflows.schema import develop_schema

Run = Callable[..., subprocess.CompletedProcess[str]]
FLAGS = ("--event", "severe", "--predictors", f"{CRP},{FERRITIN}", "--direction", "high")
QUICK = ("--bootstrap", "4", "--id", "patient")
SCHEMA = jsonschema.Draft202012Validator(develop_schema())


def outputs(folder: Path) -> tuple[str | Path, ...]:
    return (
        *("--json", folder / "r.json", "--score", folder / "s.toml"),
        *("--report", folder / "r.html", "--save-plan", folder / "p.toml"),
    )


def containers(thing: Any) -> Iterator[list[Any]]:
    """Every list and object of a JSON document, as the list of what it holds itself."""
    if isinstance(thing, dict | list):
        held = list(thing.values()) if isinstance(thing, dict) else thing
        yield held
        for part in held:
            yield from containers(part)


@pytest.mark.parametrize("method", ["index", "points"])
@pytest.mark.parametrize("kind", ["binary", "survival"])
def test_every_output_is_whole_and_agrees(method: str, kind: str, tmp_path: Path) -> None:
    path = saved(cohort(), tmp_path)
    flags = FLAGS if kind == "binary" else ("--event", "progressed", *FLAGS[2:])
    timed = () if kind == "binary" else ("--time", "pfs_months", "--horizon", "12")
    given = ("develop", path, "--method", method, *flags, *timed, *QUICK, *outputs(tmp_path))
    done = cartwheel(*given)
    assert (done.code, done.err) == (0, "")
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    SCHEMA.validate(document)
    score = read_score(tmp_path / "s.toml")
    assert score.identity == document["result"]["score_sha256"]
    assert score.id == document["result"]["score_id"]
    assert read_plan(tmp_path / "p.toml").identity == document["provenance"]["plan_sha256"]
    assert document["result"]["outcome"]["kind"] == kind
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    again = cartwheel("develop", path, "--plan", tmp_path / "p.toml", "--json", "-")
    assert again.code == 0
    assert again.out == (tmp_path / "r.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["binary", "survival"])
@pytest.mark.parametrize("method", ["index", "points"])
def test_the_same_bytes_for_any_number_of_threads(method: str, kind: str) -> None:
    said = {} if kind == "binary" else {"outcome": SURVIVAL}
    # more resamples than one chunk of work, so that several threads do share them
    wanted = plan(method, bootstrap=60, **said)
    frame = cohort(60)
    texts = {cw.develop(frame, wanted, threads=threads).to_json() for threads in (1, 2, 4, 1, None)}
    assert len(texts) == 1


def test_another_seed_gives_other_corrected_but_the_same_apparent_numbers() -> None:
    frame = cohort()
    one, two = (
        cw.develop(frame, plan(bootstrap=10, resampling={"bootstrap": 10, "seed": seed})).result
        for seed in (1, 2)
    )
    assert one.performance.measures[0].apparent == two.performance.measures[0].apparent
    assert one.performance.measures[0].corrected != two.performance.measures[0].corrected


@pytest.mark.parametrize("kind", ["binary", "survival"])
@pytest.mark.parametrize("method", ["index", "points"])
def test_no_patient_in_any_output(method: str, kind: str, tmp_path: Path) -> None:
    frame = cohort().assign(note=lambda rows: "note of " + rows["patient"])
    # one patient whose two values stand together nowhere but in the row itself
    frame.loc[7, [CRP, FERRITIN, LYMPHOCYTES, "age_years"]] = [123.4, 5678.0, 9.87, 43.21]
    flags = FLAGS if kind == "binary" else ("--event", "progressed", *FLAGS[2:])
    timed = ("--onset", "onset_day", "--landmark", "1") if kind == "binary" else ()
    timed = timed or ("--time", "pfs_months")
    done = cartwheel(
        "develop",
        saved(frame, tmp_path),
        *("--method", method, *flags, *timed, *QUICK, *outputs(tmp_path)),
        *("--adjust", "age_years", "--associations", f"sex,{LYMPHOCYTES}"),
        *("--day", "age_years=0"),
    )
    assert done.code == 0, done.err
    names = ("r.json", "s.toml", "r.html", "p.toml")
    texts = [(tmp_path / name).read_text(encoding="utf-8") for name in names]
    for text in (*texts, done.out, done.err):
        assert "SENTINEL" not in text
    rare = {123.4, 5678.0, 9.87, 43.21}
    for held in (*containers(json.loads(texts[0])), *containers(tomllib.loads(texts[1]))):
        numbers = {part for part in held if isinstance(part, int | float)}
        assert len(numbers & rare) < 2


def test_ids_do_not_reach_the_result_as_a_category() -> None:
    wanted = plan(cohort={"id": "patient"}, associations={"columns": ["patient"]})
    with pytest.raises(cw.Refused):
        cw.develop(cohort(), wanted)


def test_a_column_of_free_text_does_not_reach_the_result() -> None:
    frame = cohort().assign(note=lambda rows: "note of " + rows["patient"])
    try:
        text = cw.develop(frame, plan(associations={"columns": ["note"]})).to_json()
    except cw.Refused as refused:
        text = str(refused)
    assert "SENTINEL" not in text


NAMES = [
    *("N", "time", "class", "index", "score", "a, b", 'say "hi"', "it's", "a=b", "100 %"),
    *("Größe ß", "急性", "🩸 blood", "$x$ and $y", "<script>alert(1)</script>", "a & b", "{{ x }}"),
    *("back\\slash", "#REF", "selected:x", "two  spaces", "a\u00a0b", "x" * 250),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:Glyph")  # a figure may lack a sign; the words are in the page
def test_any_column_name_goes_all_the_way_through(name: str, tmp_path: Path) -> None:
    path = saved(cohort().rename(columns={CRP: name}), tmp_path)
    quoted = '"' + name.replace('"', '""') + '"'
    done = cartwheel(
        *("develop", path, "--method", "index", "--event", "severe", "--bootstrap", "3"),
        *("--predictors", f"{quoted},{FERRITIN}", "--direction", f"{name}=high"),
        *("--direction", f"{FERRITIN}=high", *outputs(tmp_path)),
    )
    assert done.code == 0, done.err
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    SCHEMA.validate(document)
    assert document["result"]["columns"][0]["column"] == name
    score = read_score(tmp_path / "s.toml")
    assert score.identity == document["result"]["score_sha256"]
    assert len(score.inputs) == 2
    assert read_plan(tmp_path / "p.toml").predictors[0].column == name
    assert "<script>alert" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_names_around_which_a_file_has_spaces() -> None:
    frame = cohort().rename(columns={CRP: " crp_mg_l_day0 "})
    developed = cw.develop(frame, plan(predictors=[predictor(" crp_mg_l_day0 ")]))
    assert len(developed.score.inputs) == 1


def test_an_outcome_and_a_time_with_hostile_names(tmp_path: Path) -> None:
    names = {"progressed": '🩸 "dead", yes', "pfs_months": "<i>time</i>, months"}
    path = saved(cohort().rename(columns=names), tmp_path)
    done = cartwheel(
        *("develop", path, "--method", "points", "--event", names["progressed"]),
        *("--time", names["pfs_months"], "--time-unit", "months", "--predictors", CRP),
        *("--bootstrap", "3", *outputs(tmp_path)),
    )
    assert done.code == 0, done.err
    read_score(tmp_path / "s.toml")
    assert "<i>time" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_without_resamples_nothing_is_corrected_and_it_is_said(tmp_path: Path) -> None:
    path = saved(cohort(), tmp_path)
    given = ("--method", "points", *FLAGS, "--bootstrap", "0", *outputs(tmp_path))
    done = cartwheel("develop", path, *given)
    assert done.code == 0, done.err
    assert "apparent" in done.out
    assert "--bootstrap 1000" in done.out
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    SCHEMA.validate(document)
    for measure in document["result"]["performance"]["measures"]:
        assert measure["apparent"]["value"] is not None
        assert measure["corrected"]["value"] is None
    assert "no_correction" in [note["code"] for note in document["result"]["notes"]]
    assert not read_score(tmp_path / "s.toml").performance
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "has been corrected for optimism" not in page
    assert document["result"]["selection"] == [], "how often it was selected in no resample"


@pytest.mark.parametrize("dying", ["r.json", "s.toml", "r.html", "p.toml"])
def test_a_write_that_is_killed_leaves_no_half_file(
    dying: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def replace(self: Path, target: str | Path) -> Path:
        if Path(target).name == dying:
            raise OSError("the disk is full")
        return real(self, target)

    path = saved(cohort(), tmp_path)
    monkeypatch.setattr(Path, "replace", replace)
    done = cartwheel("develop", path, "--method", "points", *FLAGS, *QUICK, *outputs(tmp_path))
    assert done.code in (1, 2)
    assert "Traceback" not in done.err
    left = {file.name for file in tmp_path.iterdir()} - {"cohort.csv"}
    assert dying not in left
    assert not [name for name in left if name.startswith(".")], "a temporary file was left"
    if "Nothing was written" in done.err:
        assert left == set()


def test_a_failing_report_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(document: object) -> str:
        raise KeyError("a fault of ours")

    monkeypatch.setattr("cartwheel.report.html.report_html", broken)
    path = saved(cohort(), tmp_path)
    done = cartwheel("develop", path, "--method", "points", *FLAGS, *QUICK, *outputs(tmp_path))
    assert done.code == 1
    assert "Nothing was written" in done.err
    assert {file.name for file in tmp_path.iterdir()} == {"cohort.csv"}


def test_an_earlier_result_survives_a_refusal(tmp_path: Path) -> None:
    path = saved(cohort().assign(severe=0), tmp_path)
    (tmp_path / "r.json").write_text("earlier", encoding="utf-8")
    done = cartwheel("develop", path, "--method", "points", *FLAGS, *outputs(tmp_path))
    assert done.code == 2
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == "earlier"


def test_a_process_of_its_own(start_cartwheel: Run, tmp_path: Path) -> None:
    saved(cohort(), tmp_path)
    flags = ("--method", "points", *FLAGS, "--bootstrap", "3")
    done = start_cartwheel("develop", "cohort.csv", *flags, "--json", "-")
    assert done.returncode == 0
    SCHEMA.validate(json.loads(done.stdout))
    assert "apparent" in done.stderr
    done = start_cartwheel("develop", "absent.csv", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shape", ["xlsx", "semicolons", "polars"])
def test_the_same_cohort_from_another_kind_of_file(shape: str, tmp_path: Path) -> None:
    frame = cohort()
    other: Any = tmp_path / "cohort"
    if shape == "xlsx":
        other = tmp_path / "cohort.xlsx"
        frame.to_excel(other, index=False)
    elif shape == "semicolons":
        other = tmp_path / "cohort.csv"
        frame.to_csv(other, sep=";", decimal=",", index=False, encoding="utf-8-sig")
    else:
        other = pytest.importorskip("polars").DataFrame(frame.to_dict(orient="list"))
    wanted = plan("index", outcome=SURVIVAL)
    one, two = cw.develop(frame, wanted).result, cw.develop(other, wanted).result
    assert one.performance == two.performance
    assert one.cutoffs == two.cutoffs


@pytest.mark.parametrize("spelling", ["bool", "text", "float", "Int64"])
def test_an_event_coded_in_any_usual_way(spelling: str) -> None:
    frame = cohort()
    coded = {
        "bool": frame["severe"].astype(bool),
        "text": frame["severe"].map({1: "TRUE", 0: "FALSE"}),
        "float": frame["severe"].astype(float),
        "Int64": frame["severe"].astype("Int64"),
    }[spelling]
    one = cw.develop(frame, plan()).result
    two = cw.develop(frame.assign(severe=coded), plan()).result
    assert one.performance == two.performance


def test_missing_is_never_read_as_no() -> None:
    frame = cohort().astype({"severe": object, "bulky": object})
    frame.loc[[0, 5, 9], "severe"] = [None, "", "NA"]
    frame.loc[[2, 3], "bulky"] = [None, "n/a"]
    wanted = plan(predictors=[predictor(CRP), predictor("bulky")])
    result = cw.develop(frame, wanted).result
    assert result.outcome.patients == 80 - 3 - 2
    steps = {step.label: step for step in result.flow}
    assert steps["outcome known"].excluded == 3
    assert steps["all predictors measured"].excluded == 2
    assert "complete_case" in [note.code for note in result.notes]
    with_value = cw.develop(
        frame.replace({"severe": {1: "yes", 0: "no"}}),
        {**wanted, "outcome": {"event": "severe", "event_value": "yes"}},
    ).result
    assert with_value.outcome.patients == 75
    assert with_value.outcome.events == result.outcome.events


def test_a_missing_value_of_an_exclusion_is_said() -> None:
    frame = cohort().assign(age_years=lambda rows: rows["age_years"].mask(rows.index < 4))
    rule = {"column": "age_years", "below": 18.0, "reason": "under 18"}
    result = cw.develop(frame, plan(cohort={"exclude": [rule]})).result
    # four patients of unknown age were kept: nobody may take them for adults unknowingly
    said = " ".join([*(note.text for note in result.notes), *(step.label for step in result.flow)])
    assert "age_years" in said


def test_exclusions_are_counted_in_the_order_of_the_plan() -> None:
    frame = cohort()
    rules = [
        {"column": "age_years", "below": 50.0, "reason": "under 50"},
        {"column": "sex", "equals": "m", "reason": "men"},
        {"column": "age_years", "above": 75.0, "reason": "over 75"},
    ]
    result = cw.develop(frame, plan(cohort={"exclude": rules})).result
    young = frame["age_years"] < 50
    men = ~young & (frame["sex"] == "m")
    old = ~young & ~men & (frame["age_years"] > 75)
    counted = [(step.excluded, step.excluded_events) for step in result.flow[1:4]]
    events = frame["severe"] == 1
    assert counted == [(int(m.sum()), int((m & events).sum())) for m in (young, men, old)]
    left = 80 - int((young | men | old).sum())
    assert result.outcome.patients == left
    assert sum(step.excluded for step in result.flow) == 80 - left


def test_an_exclusion_of_a_value_nobody_has_is_refused() -> None:
    rule = {"column": "sex", "equals": "male", "reason": "men"}
    with pytest.raises(cw.Refused, match="male"):
        cw.develop(cohort(), plan(cohort={"exclude": [rule]}))


def test_a_ratio_and_its_policies_for_zero() -> None:
    frame = cohort()
    frame.loc[:3, LYMPHOCYTES] = 0.0
    wanted = plan("index", predictors=[predictor("nlr"), predictor(CRP)])
    missing = cw.develop(frame, {**wanted, "derived": [{**NLR, "zero": "missing"}]}).result
    assert missing.outcome.patients == 76
    floored = cw.develop(frame, {**wanted, "derived": [{**NLR, "zero": 0.1}]})
    assert floored.result.outcome.patients == 80
    assert floored.score.derived[0].zero == Decimal("0.1")
    rules = [column.rule for column in floored.result.columns if column.column == "nlr"]
    assert "raised to 0.1" in rules[0]
    assert {item.name for item in floored.score.inputs} == {NEUTROPHILS, LYMPHOCYTES, CRP}


def test_every_kind_of_association(tmp_path: Path) -> None:
    frame = cohort().assign(
        grade=[place % 4 for place in range(80)],
        response=["CR", "PR", "SD", None] * 20,
        empty=pd.Series([None] * 80, dtype=object),
        same=1,
    )
    columns = ["sex", "grade", "response", "bulky", "age_years", "empty", "same", "severe"]
    wanted = plan("index", associations={"columns": columns, "multiplicity": "benjamini_hochberg"})
    developed = cw.develop(frame, wanted)
    SCHEMA.validate(json.loads(developed.to_json()))
    kinds = {row.column: row.kind for row in developed.result.associations}
    assert kinds["sex"] == "category"
    assert kinds["grade"] == "ordinal"
    assert kinds["response"] == "category"
    assert kinds["bulky"] == "binary"
    assert kinds["age_years"] == "number"
    assert not {"empty", "same"} & set(kinds)
    note = next(note for note in developed.result.notes if note.code == "not_tested")
    assert "empty" in note.text
    assert "same" in note.text
    for row in developed.result.associations:
        assert 0 <= row.p_value <= row.p_adjusted <= 1
