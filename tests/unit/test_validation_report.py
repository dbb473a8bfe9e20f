"""The page of a validation: every number from its JSON, nothing hidden, nothing loaded."""

import copy
import html
import json
import re
import subprocess
import sys

import faultless_validation as faultless
import pool_example
import pytest
from on_demand import OnDemand
from report_example import documents as developments
from test_report import BANNER, Page, is_number, leaves
from validation_documents import DOCUMENTS as MAKERS

from cartwheel.canonical import plain
from cartwheel.errors import FileRefused
from cartwheel.figures.validation.gallery import validation_figures
from cartwheel.report.html import report_html
from cartwheel.report.pooling import pool_report_html
from cartwheel.report.validation import story, validation_report_html
from cartwheel.report.validation.captions import CAPTIONS
from cartwheel.validation.account import said
from cartwheel.validation.account.said import verdict as said_verdict

DOCUMENTS = OnDemand(MAKERS, lambda kind: MAKERS[kind]())
PAGES = OnDemand(MAKERS, lambda kind: validation_report_html(DOCUMENTS[kind]))
PAGE = sys.modules["cartwheel.report.validation.page"]
every = pytest.mark.parametrize("kind", list(DOCUMENTS))

# drawn as lines and bars of a figure rather than written
DRAWN = re.compile(
    r"\.(times|survival|incidence|low|high|censor_times|risk_times|at_risk|thresholds"
    r"|sensitivity|specificity|curve|histogram|net_benefit)\.\d+"
)
# the area of a curve stands in the table of measures; weights of pooling and numbers behind
# estimates are those of the patients analysed
BEHIND = re.compile(r"\.(std_error|n|events|ideal|level)$")


@pytest.fixture
def undrawn(monkeypatch):
    """Empty drawings, for tests of the page around the figures."""

    def empty(document):
        return {name: '<svg width="400pt"></svg>' for name in validation_figures(document)}

    monkeypatch.setattr(PAGE, "validation_svgs", empty)


@every
def test_every_number_of_the_page_is_in_its_json(kind):
    known = {json.dumps(value) for _, value in leaves(DOCUMENTS[kind]) if is_number(value)}
    shown = Page(PAGES[kind]).data
    assert len(shown) > 50
    for value, text in shown:
        assert value in known
        assert text


@every
def test_there_is_no_number_outside_the_data_elements(kind):
    strings = [str(value) for _, value in leaves(DOCUMENTS[kind]) if isinstance(value, str)]
    strings += list(DOCUMENTS[kind]["provenance"]["libraries"])
    told = re.sub(r"\s+", "", " ".join(strings))
    for words in Page(PAGES[kind]).words:
        for token in re.findall(r"\S*\d\S*", words):
            assert re.sub(r"\s+", "", token).strip(".,;:()“”") in told, words


@every
def test_every_number_of_the_json_is_on_the_page(kind):
    shown = {value for value, _ in Page(PAGES[kind]).data}
    missing = [
        path
        for path, value in leaves(DOCUMENTS[kind])
        if is_number(value)
        and not DRAWN.search(path)
        and not BEHIND.search(path)
        and json.dumps(value) not in shown
    ]
    assert missing == []


@every
def test_every_sentence_of_the_json_is_on_the_page(kind):
    result = DOCUMENTS[kind]["result"]
    page = re.sub(r"\s+", " ", html.unescape(PAGES[kind]))
    notes = [note for part in (result, *result["scores"]) for note in part["notes"]]
    told = [*(note["text"] for note in notes), *result["methods"], result["question"]]
    told += [result["guard"]["text"], *(score["outcome_said"] for score in result["scores"])]
    told += [part["text"] for part in (result["decision"], result["imputation"]) if part]
    told += [update["text"] for update in result["updates"]]
    told += [size["verdict"] for size in result["sizes"]]
    told += [rung["text"] for update in result["updates"] for rung in update["rungs"]]
    for sentence in told:
        assert re.sub(r"\s+", " ", sentence) in page


@every
def test_the_referee_is_heard_before_the_methods(kind):
    referee = DOCUMENTS[kind]["referee"]
    page = re.sub(r"\s+", " ", html.unescape(PAGES[kind]))
    assert page.index('<section id="referee">') < page.index('<section id="methods">')
    assert referee["summary"] in page
    for row in referee["findings"]:
        for key in ("what", "evidence", "mend", "source"):
            assert re.sub(r"\s+", " ", row[key]) in page
    for row in (*referee["passed"], *referee["domains"]):
        assert re.sub(r"\s+", " ", row.get("text") or row["question"]) in page
    assert page.count('<li class="major">') == sum(
        row["severity"] == "major" for row in referee["findings"]
    )


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("silent", [{}, {"referee": None}])
def test_old_files_without_a_referee_have_no_such_section(silent):
    document = {key: value for key, value in DOCUMENTS["small"].items() if key != "referee"}
    page = validation_report_html({**document, **silent})
    assert 'id="referee"' not in page
    assert 'href="#referee"' not in page


def test_the_same_section_stands_on_the_pages_of_developments_and_pools():
    referee = DOCUMENTS["small"]["referee"]
    for write, document in (
        (report_html, next(iter(developments().values()))),
        (pool_report_html, plain(pool_example.pool_file(pool_example.few()))),
    ):
        page = write({**document, "referee": referee})
        assert html.unescape(page).count(referee["summary"]) == 1
        assert page.index('<section id="referee">') < page.index('<section id="methods">')
        assert Page(page).open == []
        assert 'id="referee"' not in write({**document, "referee": None})


@every
def test_same_input_same_bytes(kind):
    assert validation_report_html(json.loads(json.dumps(DOCUMENTS[kind]))) == PAGES[kind]


def test_same_bytes_in_another_process(tmp_path):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(DOCUMENTS["competing"]), encoding="utf-8")
    code = (
        "import json, sys; from cartwheel.report.validation import validation_report_html;"
        "text = open(sys.argv[1], encoding='utf-8').read();"
        "sys.stdout.buffer.write(validation_report_html(json.loads(text)).encode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, check=True, timeout=120
    )
    assert done.stdout.decode() == PAGES["competing"]


@pytest.mark.parametrize("simulated", [False, True])
def test_simulated_is_said_exactly_when_it_is(simulated):
    document = copy.deepcopy(DOCUMENTS["survival"])
    document["result"].update(simulated=simulated, title="Validation")
    document["referee"] = None
    page = validation_report_html(document)
    figures = page.count("<figure ")
    assert figures > 8
    if simulated:
        assert page.count(BANNER) >= figures + 4
        assert page.index(BANNER) < page.index("<h1>")
    else:
        assert "SIMULATED" not in page


@every
def test_the_page_needs_nothing_else(kind):
    page = Page(PAGES[kind])
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "base")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "action"):
            assert attributes.get(name, "#").startswith("#")
    styles = re.findall(r"<style>.*?</style>", PAGES[kind], flags=re.DOTALL)
    assert not re.search(r"@import|url\((?!#)", "".join(styles))


@every
def test_anchors_are_unique_and_reached(kind):
    page = Page(PAGES[kind])
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"][1:] for tag, attributes in page.tags if tag == "a"]
    assert len(links) > 8
    assert set(links) <= set(ids)


@every
def test_every_figure_stands_once_with_words_and_a_caption(kind):
    names = list(validation_figures(DOCUMENTS[kind]))
    page = PAGES[kind]
    assert page.count("<figure ") == len(names)
    for name in names:
        assert page.count(f'<figure id="figure-{name.replace("_", "-")}"') == 1
        family, _, place = name.rpartition("_")
        assert (family if place.isdigit() else name) in CAPTIONS
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', page)
    assert len(labels) == len(set(labels)) == len(names)
    assert all(re.search(r"\d", label) for label in labels)


@every
def test_verdicts_come_first_and_cautions_before_results(kind):
    page = PAGES[kind]
    places = [page.index(f'<section id="{name}">') for name in ("short", "cautions", "side")]
    assert places == sorted(places)
    boxes = re.findall(r'<div class="cautions">.*?</div>', page, flags=re.DOTALL)
    assert len(boxes) == 1
    result = DOCUMENTS[kind]["result"]
    for part in (result, *result["scores"]):
        for note in story.cautions(part):
            assert note["text"] in html.unescape(boxes[0])


def test_a_verdict_says_the_unfavourable_as_plainly_as_the_favourable():
    score = DOCUMENTS["toxicity"]["result"]["scores"][0]

    def verdict(**limits):
        changed = copy.deepcopy(score)
        for part in ("discrimination", "calibration"):
            for row in changed[part]:
                low, high = limits.get(row["name"], (None, None))
                row["estimate"].update(value=1.0 if low is None else low, low=low, high=high)
        return [words for words, _ in story.verdict(changed).pieces]

    good = {"auc": (0.7, 0.9), "observed_expected": (0.8, 1.2), "calibration_slope": (0.8, 1.2)}
    assert verdict(**good) == [
        said.RANKS["better"], said.ON_AVERAGE["holds"], f"they {said.SPREAD['holds']}",
    ]  # fmt: skip
    bad = {"auc": (0.2, 0.4), "observed_expected": (0.3, 0.6), "calibration_slope": (1.1, 1.9)}
    assert verdict(**bad) == [
        said.RANKS["wrong"], said.ON_AVERAGE["below"], f"they {said.SPREAD['above']}",
    ]  # fmt: skip
    worse = {**bad, "observed_expected": (1.3, 2.0), "calibration_slope": (0.1, 0.5)}
    assert verdict(**worse)[1:] == [said.ON_AVERAGE["above"], f"they {said.SPREAD['below']}"]
    assert verdict()[1:] == [said.ON_AVERAGE["unknown"], f"they {said.SPREAD['unknown']}"]


@pytest.mark.parametrize("slope", [(0.5, 0.3, 0.7), (1.5, 1.2, 1.8), (1.0, 0.8, 1.2), (1.0,), ()])
@pytest.mark.parametrize("ratio", [(0.5, 0.3, 0.7), (1.5, 1.2, 1.8), (1.0, 0.8, 1.2), (1.0,), ()])
@pytest.mark.parametrize(
    "auc",
    [
        (0.8, 0.7, 0.9),
        (0.2, 0.1, 0.3),
        (0.4, 0.3, 0.6),
        (0.6, 0.4, 0.7),
        (0.7,),
        (0.4,),
        (0.5,),
        (),
    ],
)
def test_a_verdict_on_the_page_is_that_of_the_result(auc, ratio, slope):
    told = {"auc": auc, "observed_expected": ratio, "calibration_slope": slope}
    discrimination, *calibration = (
        faultless.measure(name, *(numbers or (None,))) for name, numbers in told.items()
    )
    for predicts in ("risk", "value"):
        score = faultless.score(
            discrimination=(discrimination,), calibration=tuple(calibration), predicts=predicts
        )
        (ranks, _), *risks = story.verdict(plain(score)).pieces
        sentence = said_verdict(score, faultless.BINARY)
        who, _, rest = sentence.partition("; ")
        assert f" {ranks} (" in who if auc else who.endswith(ranks)
        # the same words in the same order; the sentence has the numbers between them
        bare = re.sub(r" \((?:observed|calibration)[^)]*\)+", "", rest).removesuffix(".")
        assert bare == " and ".join(words for words, _ in risks)


@every
def test_each_score_has_a_verdict_with_its_main_measure(kind):
    result = DOCUMENTS[kind]["result"]
    short = PAGES[kind].split('<section id="short">')[1].split("</section>")[0]
    for score in result["scores"]:
        assert html.escape(score["name"]) in short
        value = json.dumps(score["discrimination"][0]["estimate"]["value"])
        assert f'<data value="{value}"' in short
        if score["predicts"] == "value":
            assert "it gives no risk" in short


def test_published_numbers_stand_under_those_found_here():
    rows = story.side_by_side(DOCUMENTS["toxicity"]["result"], "discrimination")
    found, published = rows[0].cells[0]
    assert [one["published"]["value"] for one in published] == [0.81, 0.7]
    assert found == DOCUMENTS["toxicity"]["result"]["scores"][0]["discrimination"][0]["estimate"]
    assert rows[0].cells[1][1] == ()
    # a score without a risk has no calibration
    assert all(
        row.cells[2][0] is None
        for row in story.side_by_side(DOCUMENTS["toxicity"]["result"], "calibration")
    )


def test_groups_that_are_too_small_are_shown_as_withheld():
    result = DOCUMENTS["toxicity"]["result"]
    groups = [row for group in result["subgroups"] for row in group["rows"]]
    groups += result["centres"]["rows"]
    silent = [row for row in groups if row["withheld"]]
    assert len(silent) >= 2
    for row in silent:
        assert f"withheld: {row['withheld']}" in html.unescape(PAGES["toxicity"])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "label",
    [
        "<script>alert(1)</script>",
        "a 'q' \"w\" & <b>bold</b>",
        "{{ 7*7 }}",
        "漢字",
        "</svg>",
        "-->",
    ],
)
def test_hostile_names_are_escaped_everywhere(label):
    document = renamed(DOCUMENTS["toxicity"], label)
    page = validation_report_html(document)
    assert [tag for tag, _ in Page(page).tags].count("script") == 0
    assert "<b>bold" not in page
    assert Page(page).open == []
    assert label in " ".join(Page(page).words)


def test_hostile_names_are_escaped_in_figures():
    page = validation_report_html(renamed(DOCUMENTS["small"], 'x</svg><script>"&'))
    assert "<script" not in page
    assert Page(page).open == []


def renamed(document, label):
    """Put a word of the data's owner in place of every name that a page shows."""
    changed = copy.deepcopy(document)
    name = changed["result"]["scores"][0]["name"]

    def walk(thing):
        if isinstance(thing, dict):
            return {key: walk(value) for key, value in thing.items()}
        if isinstance(thing, list):
            return [walk(value) for value in thing]
        return label if thing == name else thing

    changed = walk(changed)
    changed["result"]["title"] = changed["result"]["outcome"]["label"] = label
    for row in changed["result"]["scores"][0]["bands"]:
        row["band"] = label
    return changed


def test_long_names_can_wrap():
    style = PAGES["small"].split("<style>")[1].split("</style>")[0]
    for rule in ("h1", "tbody th", "nav a", "td.words", "code"):
        assert re.search(rf"{re.escape(rule)}[^}}]*overflow-wrap", style), rule


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"kind": "validate"},
        {"kind": "validate", "schema": "1", "provenance": {}, "plan": {}, "result": {}},
    ],
)
def test_what_is_not_a_validation_is_refused(broken):
    with pytest.raises(FileRefused) as found:
        validation_report_html(broken)
    assert found.value.problems[0].code == "not_a_validation"
    assert "cartwheel validate --json" in found.value.problems[0].mend
