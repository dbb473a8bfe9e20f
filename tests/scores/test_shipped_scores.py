"""Every shipped score: its file, its examples, its evidence, its refusals."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings, strategies as st
from score_library import IDS, VARIANTS, case_id, shipped, variant
from score_patients import patients

from cartwheel.clinic import registry as registry_module
from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import (
    read_score,
    score_from_document,
    score_json_schema,
    score_to_toml,
)
from cartwheel.clinic.scoring import Assessment, Unscorable, assess, unsettled_constants
from cartwheel.errors import ScoreRefused

WANTED = {
    *("cipi", "easix", "easix-log2", "s-easix", "m-easix", "car-hematotox", "hscore", "iss"),
    *("r-iss", "mycare", "gps", "mgps", "pi", "pni", "nlr", "mlr", "plr", "ferritin-iec-hs"),
    *("gla-lymphoma", "r2-iss", "ipi", "sii", "siri", "conut", "crp-albumin", "hay"),
}
UNVERIFIED = {"r2-iss", "ipi", "sii", "siri", "conut", "crp-albumin", "hay"}
NOT_COMPUTABLE = (
    *("teachey", "rubin", "easix-f", "easix-fc", "all-hematotox", "eipm-pre", "eipm-post"),
    *("ke-severe-crs", "inflamix"),
)


def test_the_library_is_complete() -> None:
    assert set(IDS) == WANTED
    assert {name for name in IDS if shipped(name).status == "unverified"} == UNVERIFIED
    assert set(NOT_COMPUTABLE) <= set(registry())


@pytest.mark.parametrize("name", IDS)
def test_a_file_survives_writing_and_fits_its_schema(name: str) -> None:
    spec = shipped(name)
    assert spec.id == name
    again = read_score(score_to_toml(spec))
    assert again == spec
    assert again.identity == spec.identity
    jsonschema.validate(spec.json_document(), score_json_schema())


@pytest.mark.parametrize("name", IDS)
def test_every_constant_says_where_it_was_read(name: str) -> None:
    spec = shipped(name)
    for part in (*spec.terms, *spec.bands, *spec.published):
        assert part.status in ("verified", "unverified", "assumption")
        assert part.source
    assert all(item.source for item in spec.inputs if item.status is not None)


@pytest.mark.parametrize("case", VARIANTS, ids=case_id)
def test_worked_examples(case: tuple[str, tuple[str, ...]]) -> None:
    spec = variant(*case)
    assert spec.examples
    for example in spec.examples:
        found = assess(spec, example.inputs)
        assert isinstance(found, Assessment), found
        assert found.value is not None
        assert abs(Decimal(repr(found.value)) - example.value) <= example.tolerance
        assert found.band == example.band


@pytest.mark.parametrize("name", IDS)
def test_every_answer_says_what_is_not_verified(name: str) -> None:
    spec = shipped(name)
    example = next(iter(spec.chosen().examples))
    found = assess(spec, example.inputs)
    assert isinstance(found, Assessment)
    assert set(unsettled_constants(spec.chosen())) <= set(found.warnings)
    assert any("unverified" in each for each in found.warnings) == (
        name in UNVERIFIED or name in ("car-hematotox", "hscore", "mycare")
    )
    assumed = [choice for choice in found.choices if not choice.by_user]
    assert len(assumed) == len(spec.parameters)
    assert sum("ASSUMPTION, not published: " in each for each in found.warnings) == len(assumed)


@pytest.mark.parametrize("name", IDS)
def test_a_missing_input_encloses_every_completion(name: str) -> None:
    spec = shipped(name).chosen()

    @settings(deadline=None, max_examples=60)
    @given(patients(spec), st.sets(st.sampled_from(spec.input_names), min_size=1))
    def holds(patient: dict[str, Decimal | str], lost: set[str]) -> None:
        whole = assess(spec, patient)
        assert isinstance(whole, Assessment), whole
        assert whole.value is not None
        part = assess(spec, {key: value for key, value in patient.items() if key not in lost})
        if spec.missing == "refuse" or len(lost) == len(patient):
            assert isinstance(part, Unscorable)
            return
        assert isinstance(part, Assessment), part
        assert part.value_low <= whole.value <= part.value_high
        assert whole.band is None or whole.band in part.bands
        for here, there in zip(whole.contributions, part.contributions, strict=True):
            assert here.effect is not None
            assert there.effect_low <= here.effect <= there.effect_high

    holds()


def test_a_settled_answer_is_settled_in_spite_of_a_missing_input() -> None:
    found = assess(read_score("hay"), {"temperature": "38.1 Cel"})
    assert isinstance(found, Assessment)
    assert (found.value, found.band) == (0, "low")
    found = assess(read_score("mgps"), {"crp": "4 mg/L"})
    assert isinstance(found, Assessment)
    assert found.value == 0
    found = assess(read_score("iss"), {"beta2_microglobulin": "3.6 mg/L"})
    assert isinstance(found, Assessment)
    assert (found.value, found.band) == (2, "II")
    found = assess(read_score("iss"), {"beta2_microglobulin": "2 mg/L"})
    assert isinstance(found, Assessment)
    assert (found.value_low, found.value_high, found.bands) == (1, 2, ("I", "II"))


def test_cipi_has_no_answer_of_its_own_where_the_paper_has_none() -> None:
    spec = read_score("cipi")
    patient = {
        "neutrophils": "5.1 G/L", "monocytes": "0.7 G/L", "platelets": "290 G/L",
        "lymphocytes": "2 G/L",
    }  # fmt: skip
    answers = {}
    for comparison in ("gt", "ge"):
        found = assess(spec, patient | {"comparison": comparison})  # each ratio at its cut-off
        assert isinstance(found, Assessment)
        answers[comparison] = found.value
        assert found.score_sha256 == spec.identity
        assert [choice.by_user for choice in found.choices] == [True, False]
    assert answers == {"gt": 0, "ge": 3}
    wrong = assess(spec, patient | {"comparison": "over"})
    assert isinstance(wrong, Unscorable)
    assert [each.code for each in wrong.reasons] == ["unknown_option"]
    assert "gt, ge" in wrong.reasons[0].mend


@pytest.mark.parametrize("name", NOT_COMPUTABLE)
def test_what_cannot_be_computed_is_explained_never_approximated(name: str) -> None:
    with pytest.raises(ScoreRefused) as caught:
        read_score(name)
    (problem,) = caught.value.problems
    assert problem.code == "not_computable"
    entry = registry()[name]
    assert all(missing in problem.what for missing in entry.missing)
    assert entry.missing
    assert entry.citation
    assert not entry.computable


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ScoreRefused) as caught:
        read_score("easics")
    (problem,) = caught.value.problems
    assert problem.code == "unknown_score"
    assert "easix" in problem.mend
    assert read_score("CAR_Hematotox").id == "car-hematotox"


def test_car_hematotox_gives_its_published_tables_again() -> None:
    tables = [each for each in shipped("car-hematotox").published if each.kind == "two_by_two"]
    assert [table.name for table in tables] == [
        "training", "validation, Europe", "validation, USA", "validation, pooled",
    ]  # fmt: skip
    pooled = tables[3]
    for count in ("events_positive", "n_positive", "events_negative", "n_negative"):
        assert getattr(pooled, count) == sum(getattr(each, count) for each in tables[1:3])
    a, n1, c, n0 = (40, 83, 5, 97)
    b, d = n1 - a, n0 - c
    # the digits printed in the paper and in the sources, each rounded from the counts
    printed = {0.889: a / (a + c), 0.681: d / (b + d), 0.482: a / n1, 0.948: d / n0}
    for digits, computed in printed.items():
        assert round(computed, 3) == digits
    assert round(a * d / (b * c), 1) == 17.1


@pytest.mark.parametrize("count", ["events_positive", "n_positive", "events_negative"])
def test_a_published_table_that_does_not_come_out_is_refused(count: str) -> None:
    document = shipped("car-hematotox").document()
    table = document["published"][0]
    document["published"] = ({**table, count: table[count] + 1}, *document["published"][1:])
    with pytest.raises(ScoreRefused) as caught:
        score_from_document(document)
    assert {each.code for each in caught.value.problems} == {"published_fails"}


def test_constants_that_circulate_wrongly_are_not_ours() -> None:
    """A public calculator gives ANC 0.8, Hb 9.5, platelets 90, CRP 12 mg/L, ferritin 600 4 points.

    It has platelets 100/50, ANC 1.0/0.5, Hb 10/8, CRP 10/50 mg/L and ferritin 500/1000.
    """
    found = assess(
        read_score("car-hematotox"),
        {
            "platelets": "90 G/L", "anc": "0.8 G/L", "haemoglobin": "9.5 g/dL", "crp": "12 mg/L",
            "ferritin": "600 ng/mL",
        },
    )  # fmt: skip
    assert isinstance(found, Assessment)
    # by hand: platelets 75-175 gives 1, ANC <= 1.2 gives 1, and nothing else
    assert (found.value, found.band) == (2, "high")


def test_the_list_of_what_cannot_be_computed_is_strict() -> None:
    table = tomllib.loads(
        (Path(registry_module.__file__).parent / "scores" / "not_computable.toml").read_text(
            "utf-8"
        )
    )
    for name, entry in table.items():
        assert set(entry) - {"doi"} == {"title", "known", "missing", "citation"}, name
        assert name not in IDS
        assert all(isinstance(text, str) and text for text in entry["missing"])
        assert entry.get("doi", "10.").startswith("10.")
