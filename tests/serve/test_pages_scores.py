"""Pages of scores: each opens, computes as the command does, and says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from starlette.testclient import TestClient

from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.clinic.score_format import score_reader
from cartwheel.clinic.scoring import Assessment
from cartwheel.report.calculator.model import calculator_model
from cartwheel.serve.application import create_app
from cartwheel.serve.pages.scores import make_ready
from cartwheel.serve.rendering import templates
from cartwheel.serve.scores.asked import answered, empty_fields
from cartwheel.serve.scores.drawn import amount, contribution_bars
from cartwheel.serve.settings import Settings
from cartwheel.store.kept_files import keep_file
from cartwheel.workflows.score import score

KNOWN = [entry.id for entry in registry().values() if entry.computable]
EASIX = {
    "ldh": "280", "ldh-unit": "U/L", "creatinine": "0.9", "creatinine-unit": "mg/dL",
    "platelets": "90", "platelets-unit": "10*9/L",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(folder=tmp_path_factory.mktemp("store"), token="a-token")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as made:
        made.get("/?token=a-token")
        yield made


def csrf(client: TestClient) -> str:
    found = re.search(r'<meta name="csrf" content="(\w+)"', client.get("/scores").text)
    assert found
    return found[1]


def computed(client: TestClient, score_id: str, typed: dict[str, str]) -> str:
    answer = client.post(
        f"/scores/{score_id}", data={"csrf": csrf(client), **typed}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return unescape(answer.text)


def filled(spec: ScoreSpec, number: int) -> dict[str, str]:
    """Fill the form with a worked example."""
    typed = {}
    for name, given in calculator_model(spec)["examples"][number]["given"].items():
        typed[name] = given["text"]
        typed[f"{name}-unit"] = given.get("unit", "")
    return typed


@pytest.mark.parametrize("score_id", KNOWN)
def test_every_score_has_a_page_that_asks_each_input(client: TestClient, score_id: str) -> None:
    text = client.get(f"/scores/{score_id}").text
    spec = read_score(score_id)
    for item in spec.inputs:
        assert f'name="{item.name}"' in text
    assert unescape(text).count(spec.population.text) >= 1
    assert spec.identity in text
    assert "No answer yet. Still needed" in text


@pytest.mark.parametrize("score_id", KNOWN)
def test_its_worked_examples_come_out_on_the_page(client: TestClient, score_id: str) -> None:
    spec = read_score(score_id)
    assert spec.examples
    for number, example in enumerate(spec.examples):
        typed = filled(spec, number)
        typed |= {f"choice-{name}": option for name, option in (example.choices or {}).items()}
        found = answered(spec, typed)
        assert isinstance(found.found, Assessment), (found.problems, found.wanting)
        if found.found.value is not None:
            # the tolerance that the score file itself states
            assert found.found.value == pytest.approx(
                float(example.value), abs=float(example.tolerance)
            )
        if example.band is not None:
            assert example.band in found.found.bands


def test_an_answer_is_that_of_the_command(client: TestClient) -> None:
    text = computed(client, "easix", EASIX)
    found = score("easix", {"ldh": "280 U/L", "creatinine": "0.9 mg/dL", "platelets": "90 10*9/L"})
    assert f'<p class="big">{found.value:.6g}</p>' in text
    assert found.score_sha256 in text


def test_a_number_without_unit_is_refused_beside_its_field(client: TestClient) -> None:
    asked = {one.name: one for one in empty_fields(read_score("easix"))}
    assert asked["creatinine"].must_choose
    assert asked["creatinine"].unit == ""
    answer = client.post(
        "/scores/easix", data={"csrf": csrf(client), **EASIX, "creatinine-unit": ""}
    )
    text = unescape(answer.text)
    assert 'id="creatinine-wrong">A number without a unit is not taken' in text
    assert 'aria-describedby="creatinine-hint creatinine-wrong" aria-invalid="true"' in text
    assert 'id="ldh-wrong"' not in text
    # while it is typed, a unit that is not chosen yet is no mistake
    live = computed(client, "easix", {**EASIX, "creatinine-unit": ""})
    assert "No answer yet. Choose the unit of: Creatinine." in " ".join(live.split())
    assert "data-of" not in live


def test_what_cannot_be_right_is_said_for_its_field_as_it_is_typed(client: TestClient) -> None:
    text = computed(client, "easix", {**EASIX, "creatinine": "80", "ldh-unit": ""})
    assert 'data-of="creatinine"' in text
    assert 'data-of="ldh"' not in text
    assert "No answer: something typed cannot be right." in text
    assert "Choose the unit of: LDH." in text
    assert 'data-beside="creatinine"' in client.get("/scores/easix").text


@pytest.mark.parametrize(
    ("value", "words"),
    [("2x", "unit"), ("<script>alert(1)</script>", "not a number"), ("1e999", "number"),
     ("0.9 umol/L", "unit"), ("-3", ""), ("NaN", "not a number")],
)  # fmt: skip
def test_what_cannot_be_read_gives_no_number(client: TestClient, value: str, words: str) -> None:
    text = computed(client, "easix", {**EASIX, "creatinine": value})
    assert 'class="big"' not in text
    assert "<script" not in text
    assert words in text


def test_a_missing_value_gives_a_range_and_says_so(client: TestClient) -> None:
    text = computed(client, "car-hematotox", {"platelets": "60", "platelets-unit": "10*9/L"})
    assert "A range: something is missing" in text
    assert "is missing: the answer holds for any value of it" in text
    assert "4 values are missing: for which values the answer holds" in text


def test_nothing_typed_is_kept_or_put_into_an_address(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    computed(client, "easix", {**EASIX, "ldh": "287.6543"})
    assert "287.6543" not in caplog.text
    folder = Path(client.app.state.services.settings.folder)  # type: ignore[attr-defined]
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"287.6543" not in stored


def test_bars_are_in_proportion_to_what_was_added() -> None:
    spec = read_score("hscore")
    typed = filled(spec, len(spec.examples) - 1)
    found = answered(spec, typed).found
    assert found is not None
    drawn = contribution_bars(found)
    assert drawn is not None
    told = [
        (bar.width, term.effect) for bar, term in zip(drawn.bars, found.contributions, strict=True)
    ]
    scale = max(width / abs(effect) for width, effect in told if effect)
    for width, effect in told:
        # two digits after the point are drawn
        assert width == pytest.approx(abs(effect or 0.0) * scale, abs=0.02)


def test_amounts_have_a_true_minus_and_both_ends() -> None:
    assert amount(-0.5, -0.5, -0.5) == "−0.5"
    assert amount(None, 0.0, 2.0) == "0 to 2"


def test_two_scores_of_one_patient_ask_a_shared_input_once(client: TestClient) -> None:
    text = client.get("/scores/compare?a=easix&b=m-easix").text
    assert text.count('name="ldh"') == 1
    assert text.count('name="platelets"') == 1
    typed = {**EASIX, "crp": "40", "crp-unit": "mg/L", "score-a": "easix", "score-b": "m-easix"}
    answer = client.post("/scores/compare", data={"csrf": csrf(client), **typed})
    for name in ("easix", "m-easix"):
        given = {
            item.name: f"{typed[item.name]} {typed[f'{item.name}-unit']}"
            for item in read_score(name).inputs
        }
        assert f'<p class="big">{score(name, given).value:.6g}</p>' in answer.text


def test_an_own_score_file_is_used_and_a_broken_one_is_refused(client: TestClient) -> None:
    text = Path(__file__).resolve().parents[2] / "src/cartwheel/clinic/scores/easix.toml"
    good = text.read_text(encoding="utf-8")
    sent = client.post(
        "/scores/own",
        data={"csrf": csrf(client)},
        files={"file": ("mine.toml", good.encode())},
        follow_redirects=False,
    )
    assert sent.status_code == 303
    assert "EASIX" in client.get(sent.headers["location"]).text
    assert "mine.toml" in client.get("/scores").text
    # told from other TOML by what stands in it, not by its name
    for name, content in (("plan-b.toml", good), ("a.toml", 'schema = "cartwheel-plan/1"\n'),
                          ("b.toml", "x = "), ("c.toml", "\udcff")):  # fmt: skip
        keep_file(
            client.app.state.services.store,  # type: ignore[attr-defined]
            [content.encode("utf-8", "surrogateescape")],
            owner="owner",
            name=name,
        )
    listed = client.get("/scores").text
    assert "plan-b.toml" in listed
    assert not any(name in listed for name in ("a.toml", ", b.toml", "c.toml"))
    assert "version 1.0.0, plan-b.toml" in listed
    assert "plan-b.toml" in client.get("/scores/compare").text
    broken = good.replace("value = 3.42", "value = 9.42", 1)
    refused = client.post(
        "/scores/own",
        data={"csrf": csrf(client)},
        files={"file": ("broken.toml", broken.encode())},
    )
    assert refused.status_code == 422
    assert "broken.toml" not in client.get("/jobs").text


def test_what_every_score_needs_is_made_before_the_first_is_opened() -> None:
    score_reader.cache_clear()
    make_ready()
    assert score_reader.cache_info().currsize == 1
    assert "scores/calculator.html" in {name for _, name in templates().cache}  # type: ignore[union-attr]


def test_what_is_not_there_is_said(client: TestClient) -> None:
    assert client.get("/scores/nothing").status_code == 404
    assert client.get("/scores/own-nothing").status_code == 404
    found = unescape(client.get("/scores?q=zzzz").text)
    assert "No score that can be computed here fits “zzzz”" in found


def test_the_page_that_computes_alone_runs_in_a_sandbox(client: TestClient) -> None:
    answer = client.get("/scores/easix/calculator")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
