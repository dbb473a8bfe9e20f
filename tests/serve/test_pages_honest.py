"""The honest index in a browser: from a sheet to both sides, sliders, refusals, deletion."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from httpx import Response
from starlette.testclient import TestClient

from cartwheel.demonstration import cohort_path, plan_path
from cartwheel.serve.application import create_app
from cartwheel.serve.honest.ready import ReadyRuns, output_of
from cartwheel.serve.services import Services
from cartwheel.serve.settings import Settings
from cartwheel.store.kept_jobs import job_of

PATIENCE = 120.0
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(folder=tmp_path_factory.mktemp("store"), token="a-token")
    # no number is judged here but against the result of the same run
    plan = tmp_path_factory.mktemp("plan") / "short.toml"
    text = plan_path().read_text(encoding="utf-8")
    for long, short in (("permutations = 2000", "permutations = 100"),
                        ("bootstrap = 1000", "bootstrap = 100")):  # fmt: skip
        assert long in text
        text = text.replace(long, short)
    plan.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cartwheel.serve.pages.honest.plan_path", lambda: plan)
        patch.setattr("cartwheel.serve.honest.asked.PERMUTATIONS", 100)
        with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as made:
            made.get("/?token=a-token")
            yield made


def known(client: TestClient) -> Services:
    found: Services = client.app.state.services  # type: ignore[attr-defined]
    return found


def sent(client: TestClient, address: str, fields: dict[str, str], **more: Any) -> Response:
    found = re.search(r'<meta name="csrf" content="(\w+)"', client.get("/honest").text)
    assert found
    return client.post(address, data={"csrf": found[1], **fields}, **more)


def over(client: TestClient, address: str) -> Response:
    """Load a page until its jobs are over."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = client.get(address)
        if "sse-connect" not in answer.text:
            return answer
        time.sleep(0.03)
    raise AssertionError(f"not within {PATIENCE} s: {answer.text[:500]}")


def sheet(client: TestClient, name: str, content: bytes) -> str:
    """Upload a sheet, and give the address of its form."""
    answer = sent(client, "/honest/file", {}, files={"file": (name, content, "text/csv")})
    address = answer.url.path
    assert address.startswith("/honest/sheet/")
    over(client, address)
    return address


@pytest.fixture(scope="module")
def run(client: TestClient) -> str:
    """The address of the simulated example, done."""
    address = sent(client, "/honest/example", {}).url.path
    assert 'id="sliders"' in over(client, address).text
    return address


def job_id(address: str) -> str:
    return address.rsplit("/", 1)[1]


def result_of(client: TestClient, address: str) -> dict[str, Any]:
    job = job_of(known(client).store, job_id(address), None)
    content = output_of(known(client), job, "result.json")
    assert content is not None
    document: dict[str, Any] = json.loads(content)["result"]
    return document


def test_the_first_page_offers_a_sheet_and_the_example(client: TestClient) -> None:
    text = client.get("/honest").text
    assert 'action="/honest/file"' in text
    assert 'action="/honest/example"' in text
    assert "Research and education" in text


def test_both_sides_are_those_of_the_result(client: TestClient, run: str) -> None:
    text = unescape(client.get(run).text)
    result = result_of(client, run)
    first = result["performance"]["measures"][0]
    shown = re.findall(r'<p class="big">([^<]+)</p>', text)
    assert shown[:2] == [f"{first[side]['value']:.3f}" for side in ("apparent", "corrected")]
    for row in result["cutoffs"]:
        assert f"{row['label']}: the cut-off again" in text
        assert f"by {row['permutations']} permutations" in text
    assert "simulated" in text
    assert "style=" not in text
    assert "onclick" not in text
    for note in result["notes"]:
        assert note["severity"] != "caution" or note["text"] in text


def test_the_price_is_json_and_the_page_draws_it(client: TestClient, run: str) -> None:
    answer = client.get(f"{run}/price", params={"cut-1": "3.1", "cut-3": "180"})
    assert answer.status_code == 200
    told = answer.json()
    assert [one["cut"] for one in told["markers"]] == [
        3.1, result_of(client, run)["cutoffs"][1]["cut"], 180.0,
    ]  # fmt: skip
    assert set(told["markers"][0]["effect"]) == {
        "value", "low", "high", "level", "method", "n", "events",
    }  # fmt: skip
    drawn = client.get(f"{run}/price", params={"cut-1": "3.1", "cut-3": "180"}, headers=HTMX)
    text = unescape(drawn.text)
    assert "<html" not in text
    index = told["index"]
    big = re.findall(r'<p class="big">([^<]+)</p>', text)
    assert big == [
        f"{index[side]['value']:.3f}" for side in ("discrimination", "discrimination_corrected")
    ]
    for one in told["markers"]:
        assert f"{one['effect']['value']:.2f} (" in text
        assert f"<b>{one['effect_corrected']['value']:.2f} (" in text
    assert text.count("<svg") >= 6


def test_without_scripts_the_form_shows_the_price(client: TestClient, run: str) -> None:
    text = client.get(run, params={"cut-1": "3.1"}).text
    assert 'value="3.1"' in text
    assert "≥ 3.1" in text


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"cut-1": "nan"}, "not_a_number"),
        ({"cut-1": "true"}, "not_a_number"),
        ({"cut-1": ""}, "not_a_number"),
        ({"cut-1": "9999"}, "one_side"),
        ({"cut-9": "1"}, "unknown_key"),
        ({"what": "1"}, "unknown_key"),
        ({"cut-1": ["1", "2"]}, "twice"),
    ],
)
def test_a_bad_cut_is_refused_beside_its_slider(
    client: TestClient, run: str, asked: dict[str, Any], code: str
) -> None:
    answer = client.get(f"{run}/price", params=asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert [one["code"] for one in answer.json()["problems"]] == [code]
    text = client.get(f"{run}/price", params=asked, headers=HTMX).text
    assert f'data-code="{code}"' in text
    assert 'class="big"' not in text


def test_a_sheet_of_ones_own(client: TestClient) -> None:
    address = sheet(client, "cohort.csv", cohort_path().read_bytes())
    text = unescape(client.get(address).text)
    assert "Neutrophils / lymphocytes, day 0" in text
    chosen = {
        "event": "progression_or_death", "kind": "survival", "time": "pfs_months",
        "time_unit": "months", "horizon": "12", "marker-1": "ratio:nlr_day0", "direction-1": "high",
        "marker-2": "crp_mg_l_day0", "direction-2": "high", "resamples": "200", "search": "youden",
    }  # fmt: skip
    refused = sent(client, address, {**chosen, "direction-2": "", "horizon": "soon"})
    assert refused.status_code == 422
    text = unescape(refused.text)
    assert 'id="direction-2-wrong"' in text
    assert 'id="horizon-wrong"' in text
    assert 'value="soon"' in text
    assert 'href="#direction-2"' in text
    assert re.search(r'<select id="direction-2"[^>]*aria-invalid="true"', text)
    done = sent(client, address, chosen)
    assert done.url.path.startswith("/honest/")
    result = over(client, done.url.path)
    assert 'id="cut-2-range"' in result.text
    # a label says its unit once
    label = re.search(r'<label for="cut-2">([^<]*)</label>', result.text)
    assert label is not None
    assert label[1].count("mg/L") == 1
    assert len(result_of(client, done.url.path)["cutoffs"]) == 2


def test_what_the_sheet_refuses_is_said_in_the_form(client: TestClient) -> None:
    rows = ["id,bad<b>,crp_mg_l,died"]
    rows += [f"p{row},{row % 7},{'high' if row == 3 else row},{row % 2}" for row in range(40)]
    address = sheet(client, "odd.csv", "\n".join(rows).encode())
    text = client.get(address).text
    assert "bad<b>" not in text
    assert "bad&lt;b&gt;" in text
    answer = sent(
        client,
        address,
        {
            "event": "died", "kind": "binary", "marker-1": "crp_mg_l", "direction-1": "high",
            "marker-2": "bad<b>", "direction-2": "low", "resamples": "200",
        },
    )  # fmt: skip
    final = over(client, answer.url.path)
    assert "bad<b>" not in final.text
    assert 'id="marker-1-wrong"' in final.text
    assert re.search(r'<option value="crp_mg_l" selected', final.text)


def test_a_run_that_is_none_of_an_index_is_not_shown(client: TestClient) -> None:
    job = known(client).queue.ask("owner", "check", "x", {"file": "none"})
    assert client.get(f"/honest/{job.id}").status_code == 404
    assert client.get("/honest/nothing/price").status_code == 404


def test_a_file_that_is_deleted_takes_its_arrays_with_it(client: TestClient) -> None:
    content = cohort_path().read_bytes() + b"\n"
    address = sheet(client, "simulated_short.csv", content)
    chosen = {
        "event": "progression_or_death", "kind": "binary", "marker-1": "crp_mg_l_day0",
        "direction-1": "high", "resamples": "200",
    }  # fmt: skip
    done = sent(client, address, chosen).url.path
    over(client, done)
    job = job_of(known(client).store, job_id(done), None)
    runs = ReadyRuns(known(client), look=0.05)
    runs.ready(job)
    assert len(runs) == 1
    # a second look finds it in memory
    assert runs.ready(job) is runs.ready(job)
    sent(client, f"/files/{job.request['file']}/delete", {})
    until = time.monotonic() + 20.0
    while len(runs) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(runs) == 0
    assert client.get(f"{done}/price").status_code == 404


def test_only_a_few_runs_stay_in_memory(
    client: TestClient, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(known(client).store, job_id(run), None)
    runs = ReadyRuns(known(client), look=60.0)
    monkeypatch.setattr("cartwheel.serve.honest.ready.MOST_RUNS", 2)
    names = iter("abc")
    monkeypatch.setattr("cartwheel.serve.honest.ready.key_of", lambda *_: next(names))
    for _ in range(3):
        runs.ready(job)
    assert len(runs) == 2
    assert list(runs._runs) == ["b", "c"]


def test_the_example_is_kept_once(client: TestClient, run: str) -> None:
    again = sent(client, "/honest/example", {}).url.path
    over(client, again)
    jobs = [job_of(known(client).store, job_id(one), None) for one in (run, again)]
    assert jobs[0].request["file"] == jobs[1].request["file"]


def test_sliders_of_a_run_from_elsewhere_are_made_on_request(client: TestClient, run: str) -> None:
    first = job_of(known(client).store, job_id(run), None)
    other = {**first.request, "plan_toml": f"{first.request['plan_toml']}\n# another\n"}
    job = known(client).queue.ask("owner", "develop", "from Cohort", other, [other["file"]])
    text = over(client, f"/honest/{job.id}").text
    assert 'id="sliders"' not in text
    assert "As papers print it" in text
    assert client.get(f"/honest/{job.id}/price").status_code == 422
    sent(client, f"/honest/{job.id}/prepare", {})
    assert 'id="sliders"' in over(client, f"/honest/{job.id}").text


def test_progress_is_told_as_events(client: TestClient, run: str) -> None:
    text = client.get(f"{run}/events").text
    assert "event: over" in text


def test_the_numbers_of_the_sheet_stay_out_of_pages(client: TestClient, run: str) -> None:
    assert "SIM-0" not in client.get(run).text
    assert "SIM-0" not in client.get(f"{run}/price").text


def test_the_real_file(client: TestClient) -> None:
    path = Path(__file__).resolve().parents[2].parent / "shared/data/cart/car22_patients.csv"
    if not path.exists():
        pytest.skip("the CAR-T file is not beside this repository")
    address = sheet(client, path.name, path.read_bytes())
    chosen = {
        "event": "severe_crs_astct", "kind": "binary", "marker-1": "crp_mg_l_day0",
        "direction-1": "high", "marker-2": "il6_pg_ml_day3", "direction-2": "high",
        "resamples": "200", "label": "Severe CRS",
    }  # fmt: skip
    done = sent(client, address, chosen).url.path
    assert 'id="sliders"' in over(client, done).text
    told = client.get(f"{done}/price").json()
    assert told["effect"] == "odds ratio"
    assert told["n"] == result_of(client, done)["outcome"]["patients"]
