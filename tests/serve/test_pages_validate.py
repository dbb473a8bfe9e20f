"""The pages of a validation: scores, the columns of their inputs, an outcome, a run."""

from __future__ import annotations

import html
import json
import re
import time
import tomllib
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
from cartwheel.store.kept_files import keep_file

SHEET = "patient,crp_mg_l,albumine_g_l_day0,age_years,severe_crs,centre\n" + "".join(
    f"P{i},{(i * 37) % 60 + 1},{28 + (i * 11) % 20},{40 + i % 35},"
    f"{int((i * 37) % 60 > 35 or i % 9 == 0)},{'AB'[i % 2]}\n"
    for i in range(90)
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(folder=tmp_path_factory.mktemp("serve"), token="secret", workers=1)
    headers = {"Authorization": "Bearer secret", "Accept": "text/html"}
    with TestClient(create_app(settings), base_url="http://127.0.0.1", headers=headers) as made:
        yield made


def settled(client: TestClient, address: str, within: float = 60.0) -> str:
    """Wait until a page does not wait for its job; give where it led."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        if "sse-connect" not in answer.text:
            return str(answer.url.raw_path, "ascii")
        time.sleep(0.03)
    raise AssertionError(f"{address} still waits")


def begun(client: TestClient) -> str:
    answer = client.post(
        "/validate", files={"file": ("sheet.csv", SHEET.encode())}, follow_redirects=False
    )
    return settled(client, answer.headers["location"])


def toml_of(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.S)
    assert found is not None
    return html.unescape(found[1])


def edit(client: TestClient, address: str, **fields: str | list[str]) -> str:
    page = client.get(address).text
    was = re.search(r'name="was" value="([^"]+)"', page)
    assert was is not None
    sent = {"toml": toml_of(page), "was": was[1], "shown": "yes", **fields}
    answer = client.post(
        f"{address}/plan", data=sent, headers={"HX-Request": "true", "HX-Target": "plan"}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def test_inputs_are_matched_by_the_names_of_the_sheet_or_asked(client: TestClient) -> None:
    address = begun(client)
    page = edit(client, address, score=["crp-albumin"])
    assert "1 of 2 inputs have no column yet" in page
    fields = {name: field for field, name in re.findall(r'<label for="(column-0-\d)">(\S+)', page)}
    asked = re.search(rf'<select id="{fields["Albumin"]}".*?</select>', page, re.S)
    assert asked is not None
    # the nearest name stands first, and is not taken without being said
    near = re.search(r'<optgroup label="Nearest">(.*?)</optgroup>', asked[0], re.S)
    assert near is not None
    assert "albumine_g_l_day0" in near[1]
    assert "selected" not in asked[0]
    found = re.search(rf'<select id="{fields["C-reactive"]}".*?</select>', page, re.S)
    assert found is not None
    assert '<option value="">crp_mg_l</option>' in found[0]
    page = edit(client, address, score=["crp-albumin"], **{fields["Albumin"]: "albumine_g_l_day0"})
    assert "Every input has a column." in page
    data = tomllib.loads(toml_of(page))
    assert data["scores"] == [{"score": "crp-albumin", "columns": {"albumin": "albumine_g_l_day0"}}]
    # and the score is let go again
    assert "scores" not in tomllib.loads(toml_of(edit(client, address)))


PLAN = """schema = "cartwheel-validation-plan/1"

[outcome]
event = "severe_crs"
label = "severe CRS"

[[scores]]
score = "crp-albumin"
columns = { albumin = "albumine_g_l_day0" }
direction = "high"

[columns.albumine_g_l_day0]
unit = "g/L"

[update]
ladder = false

[resampling]
bootstrap = 20
"""


def test_a_validation_gives_report_and_shared_file(client: TestClient) -> None:
    address = begun(client)
    answer = client.post(
        f"{address}/run", data={"toml": PLAN, "was": "other"}, follow_redirects=False
    )
    done = settled(client, answer.headers["location"])
    page = client.get(done).text
    assert "/run/" in done, " ".join(re.findall(r"<li data-code.*?</li>", page, re.S))
    assert "the one file that is meant to leave a centre" in page
    assert re.search(r'<iframe class="report"[^>]* src="/files/[0-9a-f]+/inside" sandbox>', page)
    shared = re.search(r'<a href="(/files/[0-9a-f]+)" download>share.json</a>', page)
    assert shared is not None
    document = json.loads(client.get(shared[1]).content)
    assert document["kind"] == "share"
    assert "albumine" not in json.dumps(document)  # no header leaves the centre


def test_a_refusal_stands_beside_the_input(client: TestClient) -> None:
    address = begun(client)
    text = PLAN.replace('columns = { albumin = "albumine_g_l_day0" }\n', "")
    answer = client.post(
        f"{address}/run", data={"toml": text, "was": "other"}, follow_redirects=False
    )
    back = settled(client, answer.headers["location"])
    assert "after=" in back
    page = client.get(back).text
    assert 'id="refused" role="alert" tabindex="-1"' in page
    assert "no column holds this input" in page
    # in the words of a page: the command line's flags cannot be typed here
    assert "the column of the input albumin" in html.unescape(page)
    assert "--column" not in page
    field = re.search(r'<label for="(column-0-\d)">Albumin', page)
    assert field is not None
    assert f'id="{field[1]}-wrong"' in page


def test_form_fields_reach_the_plan(client: TestClient) -> None:
    address = begun(client)
    page = edit(
        client,
        address,
        score=["crp-albumin"],
        event="severe_crs",
        kind="binary",
        subgroup=["age_years", "", ""],
        centre="centre",
        missing="impute",
        ladder="yes",
        minimum_cell="10",
        landmark_day="3",
    )
    data = tomllib.loads(toml_of(page))
    assert data["subgroups"] == [{"column": "age_years"}]
    assert (data["centre"], data["missing"], data["landmark_day"]) == ("centre", "impute", 3)
    assert data["update"] == {"ladder": True}
    assert data["sharing"] == {"minimum_cell": 10}
    page = edit(client, address, kind="competing", competing_values="2, death", time="age_years",
                score=["crp-albumin"])  # fmt: skip
    data = tomllib.loads(toml_of(page))
    assert data["outcome"]["competing_values"] == [2, "death"]
    assert "update" not in data or "ladder" not in data["update"]


def test_a_score_that_is_not_there_is_told(client: TestClient) -> None:
    address = begun(client)
    page = edit(client, address, score=["own-000000000000000000000000"])
    assert 'id="refused"' in page
    assert "there is no such file" in page
    assert client.get(address).status_code == 200  # and the page is still there to mend it


SCORE = """schema = "cartwheel-score/1"
title = "{title}"
"""


def test_scores_of_several_developments_are_told_apart(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = client.app.state.services.store  # type: ignore[attr-defined]
    texts = [SCORE.format(title=title) for title in ("Ratios & fever", "Three <b> markers")]
    own = [
        keep_file(store, [text.encode()], owner="owner", name="score.toml")
        for text in (*texts, "no TOML = = 1")
    ]
    # which files are scores is another page's concern
    monkeypatch.setattr("cartwheel.serve.pages.validate.own_scores", lambda *_: own)
    address = begun(client)
    page = client.get(address).text
    for kept, title in zip(
        own, ("Ratios & fever", "Three <b> markers", "a score without a title"), strict=True
    ):
        line = re.search(rf'<input[^>]*value="own-{kept.id}"[^>]*>(.*?)</label>', page)
        assert line is not None
        told = html.unescape(re.sub(r"<[^>]+>", "", line[1]))
        made_at = kept.made_at[:16].replace("T", " ")
        assert told == f"{title} yours, score.toml, {made_at} UTC, {kept.sha256[:8]}"
    # one is found by its title, and by its hash
    for wanted, found in (("fever", own[0]), (own[1].sha256[:8], own[1])):
        listed = client.get(address, params={"q": wanted}).text
        assert re.findall(r'value="(own-[0-9a-f]+)"', listed) == [f"own-{found.id}"]


def test_a_draft_is_no_output_of_the_check(client: TestClient) -> None:
    address = begun(client)
    edit(client, address, event="severe_crs")
    check = address.rsplit("/", 1)[1]
    page = client.get(f"/jobs/{check}").text
    assert "check.json" in page
    assert "in-work" not in page
    # the job of a check leads to what it found
    assert f'href="/cohort/{check}"' in page
    answer = client.get(f"/api/v1/jobs/{check}", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert "check.json" in answer.text
    assert "in-work" not in answer.text
    listed = client.get("/api/v1/files", params={"purpose": "output"})
    assert "check.json" in listed.text
    assert "in-work" not in listed.text


def test_a_run_of_another_kind_is_not_shown_as_a_validation(client: TestClient) -> None:
    address = begun(client)
    check = address.rsplit("/", 1)[1]
    assert client.get(f"{address}/run/{check}").status_code == 404


def test_an_edit_without_the_text_changes_the_plan_that_is_kept(client: TestClient) -> None:
    address = begun(client)
    edit(client, address, event="severe_crs", label="severe CRS")
    answer = client.post(f"{address}/plan", data={"label": "CRS of grade 3", "q": "a&b"})
    assert answer.url.query == b"q=a%26b"
    outcome = tomllib.loads(toml_of(client.get(address).text))["outcome"]
    assert (outcome["event"], outcome["label"]) == ("severe_crs", "CRS of grade 3")


def test_odd_shapes_of_a_text_are_refused_not_a_fault(client: TestClient) -> None:
    address = begun(client)
    for text in (
        "scores = 3\n",
        "[[scores]]\nscore = 3\ncolumns = 4\n",
        "outcome = 7\nsubgroups = [1]\n",
        '[[scores]]\nscore = "easix"\ncolumns = 4\nchoices = "x"\n',
    ):
        answer = client.post(
            f"{address}/plan", data={"toml": text, "was": "other"}, headers={"HX-Request": "true"}
        )
        assert answer.status_code == 200, text
        assert 'id="refused"' in answer.text
