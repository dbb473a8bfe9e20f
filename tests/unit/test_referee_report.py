"""The referee never fails on a broken file, repeats itself, and cites what can be found."""

from __future__ import annotations

import json
import re
from collections import Counter
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referee_examples as examples
from develop_examples import SURVIVAL, cohort, plan
from hypothesis import given, settings, strategies as st
from pool_example import documents as pools

import cartwheel
from cartwheel.canonical import canonical_json, plain
from cartwheel.cli.referee import referee as command
from cartwheel.cli.referee_text import WIDTH, referee_lines, report_lines
from cartwheel.clinic.dictionary import variables
from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.finding import RefereeReport
from cartwheel.pooling.appraisal.model import ModelClaim
from cartwheel.pooling.appraisal.words import PaperWords
from cartwheel.referee import sources
from cartwheel.referee.instruments import PROBAST_AI_ITEMS, PROBAST_ITEMS, QUIPS_ITEMS
from cartwheel.referee.literature import published_facts
from cartwheel.referee.report import OF_A_MODEL, OF_A_POOL, RULES, referee, referee_plan
from cartwheel.referee.rule import SEVERITIES
from cartwheel.workflows.appraise import appraise
from cartwheel.workflows.referee import referee_file, referee_schema
from cartwheel.workflows.validate import validate

DOI = re.compile(r"doi:10\.\d{4,9}/\S+$")
SOURCES = [value for name, value in vars(sources).items() if name.isupper()]


def _developed(**said: Any) -> dict[str, Any]:
    found = json.loads(cartwheel.develop(cohort(), plan(bootstrap=3, **said)).to_json())
    assert isinstance(found, dict)
    return found


def _validated(seed: int) -> dict[str, Any]:
    """Validate a score on the cohort it was made from (seed 1), or on another."""
    made = cartwheel.develop(cohort(), plan(bootstrap=3))
    asked = {
        "outcome": {"event": "severe"},
        "scores": [{"score": "own"}],
        "resampling": {"bootstrap": 3},
        "subgroups": [{"column": "sex"}],
    }
    done = validate(cohort(seed=seed), asked, scores={"own": made.score})
    found = json.loads(done.to_json())
    assert isinstance(found, dict)
    return found


POINTS = _developed(points={"selection": "backward", "alpha": 0.5})
INDEX = _developed(method="index", outcome={**SURVIVAL, "time_unit": "months"})
VALIDATED = _validated(2)
PAPER = plain(
    appraise(
        model=ModelClaim(125, 17, 7, auc=0.875),
        words=PaperWords(n=125, events=17, cutoffs_searched=2, selected_from=500),
    )
)
REAL = {
    "points": POINTS,
    "index": INDEX,
    "pool": pools()["ferritin"],
    "validate": VALIDATED,
    "appraise": PAPER,
    "plan": {"kind": "plan", "plan": POINTS["plan"]},
}


@pytest.mark.parametrize("name", REAL)
def test_a_report_is_whole_and_repeats_itself(name: str) -> None:
    report = referee(REAL[name])
    assert report.kind == (name if name in RULES else "develop")
    assert canonical_json(report) == canonical_json(referee(deepcopy(REAL[name])))
    ranks = [SEVERITIES.index(one.severity) for one in report.findings]
    assert ranks == sorted(ranks)
    for one in report.findings:
        assert all((one.what, one.evidence, one.mend)), one.code
        assert not one.source or all(DOI.search(part) for part in one.source.split("; ")), one.code
    told = {one.code for one in (*report.findings, *report.passed)}
    rules = OF_A_MODEL if name == "appraise" else RULES[report.kind]
    assert told == {rule.code for rule in rules}


def test_a_score_on_its_own_patients_is_no_validation() -> None:
    grades = {one.code: one.severity for one in referee(_validated(1)).findings}
    assert grades["same_patients"] == "critical"
    assert "same_patients" not in {one.code for one in referee(VALIDATED).findings}


def test_every_source_has_a_doi() -> None:
    assert len(SOURCES) >= 40
    assert [one for one in SOURCES if not DOI.search(one)] == []
    assert len(set(SOURCES)) == len(SOURCES)


def test_every_published_fact_can_be_checked() -> None:
    for fact in published_facts():
        assert DOI.search(fact.source), fact
        assert fact.adverse in ("high", "low")
        assert fact.variable in variables() or fact.names, fact.variable
        if fact.cutoff is not None and fact.unit and fact.variable in variables():
            assert fact.unit in variables()[fact.variable].units, fact
    assert {one.adverse for one in published_facts() if one.variable == "plr"} == {"high", "low"}


@pytest.mark.parametrize("rules", [*RULES.values(), OF_A_MODEL, OF_A_POOL])
def test_a_kind_asks_each_question_once(rules: Any) -> None:
    codes = [rule.code for rule in rules]
    assert len(codes) == len(set(codes))


def test_the_instruments_have_all_their_questions() -> None:
    # PROBAST 2019 has 2, 3, 6 and 9 signalling questions; QUIPS 6, 5, 6, 3, 7 and 4 prompts
    assert len(PROBAST_ITEMS) == 20
    assert len(QUIPS_ITEMS) == 31
    # PROBAST+AI (doi:10.1136/bmj-2024-082505): 16 of a development, 18 of an evaluation
    numbers = Counter(item.number[:2] for item in PROBAST_AI_ITEMS)
    assert numbers == {"D1": 3, "D2": 4, "D3": 4, "D4": 5, "E1": 3, "E2": 4, "E3": 4, "E4": 7}
    assert len({item.number for item in PROBAST_AI_ITEMS}) == 16 + 18
    every = (*PROBAST_ITEMS, *PROBAST_AI_ITEMS, *QUIPS_ITEMS)
    codes = {rule.code for rules in (*RULES.values(), OF_A_MODEL) for rule in rules}
    named = {code for item in every for code in item.rules}
    assert named <= codes


def test_the_run_answers_what_it_decides_and_no_more() -> None:
    domains = {one.question.split()[0]: one for one in referee(POINTS).domains}
    # who determined the outcome, and how, no run can say
    assert [domains[item].answer for item in ("3.1", "3.4", "3.5")] == ["", "", ""]
    assert domains["4.1"].answer == "no"
    assert domains["4.5"].answer == "probably no"
    assert domains["4.9"].answer == "yes"
    assert all(bool(one.answer) == bool(one.because) for one in domains.values())


def _probast_ai(document: dict[str, Any]) -> dict[str, Any]:
    return {
        one.question.split()[0]: one
        for one in referee(document).domains
        if one.instrument == "PROBAST+AI"
    }


def test_probast_ai_is_filled_where_the_run_decides() -> None:
    filled = _probast_ai(POINTS)
    assert {"D4.1", "E4.1"} <= set(filled)
    # made in resamples of the whole development; nobody was weighted or split off
    assert (filled["E4.1"].answer, filled["E4.6"].answer) == ("yes", "yes")
    assert [filled[item].answer for item in ("D4.4", "E4.4", "E4.5")] == ["not applicable"] * 3
    # who measured, and how, no run can say
    assert [filled[item].answer for item in ("D1.1", "D2.1", "D3.3", "E1.2", "E2.2")] == [""] * 5
    apparent = deepcopy(POINTS)
    apparent["result"]["performance"]["resamples"] = 0
    bare = _probast_ai(apparent)
    assert (bare["E4.1"].answer, bare["E4.6"].answer) == ("no", "not applicable")
    failed = deepcopy(POINTS)
    failed["result"]["performance"]["failed"] = failed["result"]["performance"]["resamples"]
    assert _probast_ai(failed)["E4.1"].answer == "no"


def test_probast_ai_of_another_file_is_not_answered_for_its_program() -> None:
    # of a published model the program did nothing
    paper = _probast_ai(PAPER)
    assert [paper[item].answer for item in ("D4.4", "E4.1", "E4.4", "E4.6")] == [""] * 4
    evaluated = _probast_ai(VALIDATED)
    assert not any(item.startswith("D") for item in evaluated)
    assert evaluated["E4.4"].answer == "probably yes"
    assert _probast_ai(_validated(1))["E4.1"].answer == "no"


def test_a_question_that_does_not_arise_speaks_for_nothing() -> None:
    """A yes/no outcome passes the rules of time, which is no answer to a question of time."""
    binary = {one.question.split()[0]: one for one in referee(examples.developed()).domains}
    timed = {one.question.split()[0]: one for one in referee(examples.survival()).domains}
    assert (binary["4.6"].answer, timed["4.6"].answer) == ("", "probably yes")
    # passing shows no fault, not that the interval or the selection was right
    assert [timed[item].answer for item in ("1.2", "3.6", "2a")] == ["", "", ""]


def test_a_plan_and_a_stranger_are_told_apart() -> None:
    assert referee_plan({}).kind == "plan"
    report = referee({"kind": "score", "result": {}})
    assert (report.kind, report.findings, report.passed) == ("unknown", (), ())


def test_an_old_file_is_known_by_its_schema_or_its_parts() -> None:
    for drop in (("kind",), ("kind", "schema")):
        document = {key: value for key, value in POINTS.items() if key not in drop}
        assert referee(document).kind == "develop"


def _paths(thing: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys: Any = thing if isinstance(thing, dict) else range(len(thing))
    found = []
    for key in keys:
        found.append((*way, key))
        if isinstance(thing[key], dict | list):
            found += _paths(thing[key], (*way, key))
    return found


# long tables are cut, so that a drawn path is rarely one of their many numbers
def _short(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _short(value) for key, value in thing.items()}
    return [_short(value) for value in thing[:3]] if isinstance(thing, list) else thing


SHORT = {name: _short(json.loads(canonical_json(document))) for name, document in REAL.items()}
PATHS = {name: _paths(document) for name, document in SHORT.items()}
WRONG = (None, "odd", -1, 0, 1e308, True, [], {}, [None], [[]], {"value": "x"}, float("nan"))


@settings(deadline=None, max_examples=200)
@given(data=st.data(), name=st.sampled_from(sorted(REAL)))
def test_no_missing_or_odd_part_makes_it_fail(data: st.DataObject, name: str) -> None:
    document = deepcopy(SHORT[name])
    for path in data.draw(st.lists(st.sampled_from(PATHS[name]), min_size=1, max_size=12)):
        inside: Any = document
        try:
            for key in path[:-1]:
                inside = inside[key]
            inside[path[-1]]
        except (KeyError, IndexError, TypeError):
            # an earlier draw took what is above it
            continue
        if not isinstance(inside, dict | list):
            continue
        if data.draw(st.booleans()):
            del inside[path[-1]]
        else:
            inside[path[-1]] = data.draw(st.sampled_from(WRONG))
    report = referee(document)
    assert isinstance(report, RefereeReport)
    assert canonical_json(report) == canonical_json(referee(document))
    assert report_lines(report)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_no_odd_part_at_the_top_makes_it_fail(name: str, wrong: Any) -> None:
    for path in PATHS[name]:
        if len(path) > 3:
            continue
        document = deepcopy(SHORT[name])
        inside: Any = document
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = wrong
        assert isinstance(referee(document), RefereeReport)


def test_the_text_fits_the_terminal_and_leaves_nothing_grave_out() -> None:
    report = referee(POINTS)
    short, full = referee_lines(report), report_lines(report)
    assert max(len(line) for line in (*short, *full)) <= WIDTH
    assert "\n".join(full).count("evidence: ") == len(report.findings)
    grave = [one for one in report.findings if one.severity in ("critical", "major")]
    assert sum(line.startswith("  ! ") for line in short) == len(grave) > 0
    assert "not shown here" in " ".join(short)
    nothing = referee_lines(replace(report, findings=()))
    assert not any(line.startswith("  !") for line in nothing)


def test_a_file_is_refereed(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(canonical_json(POINTS), encoding="utf-8")
    done = referee_file(file)
    assert done.kind == "referee"
    assert done.result == referee(json.loads(file.read_text(encoding="utf-8")))
    assert done.provenance.plan_sha256 == POINTS["provenance"]["plan_sha256"]
    assert canonical_json(done) == canonical_json(referee_file(file))


def test_a_plan_file_is_refereed(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(
        'method = "index"\n[outcome]\nevent = "severe"\n[[predictors]]\n'
        'column = "ferritin_ug_l_day0"\ndirection = "low"\n',
        encoding="utf-8",
    )
    codes = [one.code for one in referee_file(file).result.findings]
    assert "direction_against_literature" in codes
    assert "cutoff_searched" in codes


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("no.json", None, "file_missing"),
        ("broken.json", "{", "not_json"),
        ("other.json", '{"kind": "grade"}', "result_kind"),
        ("list.json", "[1]", "result_kind"),
        # has parts that look like those of a development
        ("landmark.json", '{"kind": "landmark", "result": {"performance": {}}}', "result_kind"),
        ("empty.json", '{"kind": "develop"}', "no_result"),
        ("rows.json", '{"kind": "pool", "result": []}', "no_result"),
        ("score.toml", 'schema = "cartwheel-score/1"', "result_kind"),
        ("validation.toml", 'schema = "cartwheel-validation-plan/1"', "result_kind"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, name: str, content: str | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        referee_file(tmp_path / name)
    assert refused.value.problems[0].code == code


@pytest.mark.parametrize("strict", [False, True])
def test_the_command_prints_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], strict: bool
) -> None:
    file, out = tmp_path / "result.json", tmp_path / "report.json"
    file.write_text(canonical_json(POINTS), encoding="utf-8")
    if strict:
        with pytest.raises(SystemExit) as left:
            command(file, json=str(out), strict=True)
        assert left.value.code == 2
    else:
        command(file, json=str(out), strict=False)
    written = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(written, referee_schema())
    assert written["result"]["summary"] in " ".join(capsys.readouterr().out.split())


def test_a_clean_result_is_not_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "result.json"
    file.write_text(canonical_json(examples.developed()), encoding="utf-8")
    command(file, json=None, strict=True)
    assert "The referee has no findings" in capsys.readouterr().out


def test_the_report_is_not_written_over_the_result(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(canonical_json(POINTS), encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        command(file, json=str(file), strict=False)
    assert left.value.code == 2
    assert file.read_text(encoding="utf-8") == canonical_json(POINTS)


def test_a_toml_that_is_no_plan_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(PlanRefused):
        referee_file(tmp_path / "plan.toml")
