"""The page of a meta-analysis: every number from its JSON, nothing hidden, nothing loaded."""

import copy
import dataclasses
import html
import json
import re
import sys

import pool_example
import pytest
from on_demand import OnDemand
from test_report import BANNER, Page, is_number, leaves

from cartwheel.canonical import plain
from cartwheel.errors import FileRefused
from cartwheel.figures.pooling.gallery import pool_figures
from cartwheel.pooling.account import paragraphs, r_script
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.result import LeftOut, Source
from cartwheel.report.pooling import pool_report_html, story
from cartwheel.report.pooling.captions import CAPTIONS
from cartwheel.report.pooling.studies import lettered, letters

MAKERS = {
    name: getattr(pool_example, name)
    for name in ("ferritin", "toxicity", "mortality", "few", "accuracy")
}


def document_of(make):
    """An invented pool with its own words, a row that gave nothing, and its file."""
    file = pool_example.pool_file(make())
    told = paragraphs(file.result, PoolPlan())
    result = dataclasses.replace(
        file.result,
        methods=told.methods,
        results=told.results,
        references=told.references,
        r_script=r_script(file.result, PoolPlan()),
        left_out=(LeftOut(61, "invented_studies.csv", "Nothing 2020", "no_error", "no interval"),),
        sources=(Source("invented_studies.csv", "sha256:" + "3f" * 32, "table", 62),),
    )
    return plain(dataclasses.replace(file, result=result))


DOCUMENTS = OnDemand(MAKERS, lambda name: document_of(MAKERS[name]))
PAGES = OnDemand(MAKERS, lambda name: pool_report_html(DOCUMENTS[name]))
PAGE = sys.modules["cartwheel.report.pooling.page"]
every = pytest.mark.parametrize("kind", list(DOCUMENTS))

# drawn as lines and points of a figure rather than written
DRAWN = re.compile(
    r"\.(grid|fitted|low|high|x|weight_percent|effect|i2|filled_effect|filled_std_error"
    r"|confidence_region|prediction_region|curve)\.\d+"
)
# positions, numbers behind texts that stand on the page as printed, and what figures show
BEHIND = re.compile(
    r"\.(rows\.\d+\.rows\.\d+|moderators\.\d+\.number|cutoff|corrected\.\d+"
    r"|studies\.\d+\.(effect|std_error|estimate\.(level|events|n))|level|n|events|year)$"
)


@pytest.fixture
def undrawn(monkeypatch):
    """Empty drawings, for tests of the page around the figures."""

    def empty(_, names):
        return {name: '<svg width="400pt"><title>drawn</title></svg>' for name in names}

    monkeypatch.setattr(PAGE, "pool_svgs", empty)


@every
def test_every_number_of_the_page_is_in_its_json(kind):
    known = {json.dumps(value) for _, value in leaves(DOCUMENTS[kind]) if is_number(value)}
    shown = Page(PAGES[kind]).data
    assert len(shown) > 200
    for value, text in shown:
        assert value in known
        assert text


@every
def test_there_is_no_number_outside_the_data_elements(kind):
    strings = [str(value) for _, value in leaves(DOCUMENTS[kind]) if isinstance(value, str)]
    strings += list(DOCUMENTS[kind]["provenance"]["libraries"])
    # the title of a flow figure names its guideline
    told = re.sub(r"\s+", "", " ".join([*strings, "(PRISMA 2020)"]))
    for words in Page(PAGES[kind]).words:
        for token in re.findall(r"\S*\d\S*", words):
            assert re.sub(r"\s+", "", token).strip(".,;:()“”") in told, words


@every
def test_every_number_of_the_json_is_on_the_page(kind):
    shown = {value for value, _ in Page(PAGES[kind]).data}
    document = copy.deepcopy(DOCUMENTS[kind])
    # a single study is one line: its weight of 100 per cent and the like say nothing
    for _, analysis in story.single(document["result"]):
        analysis.clear()
    missing = [
        path
        for path, value in leaves(document)
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
    notes = [note for part in (result, *result["analyses"]) for note in part["notes"]]
    for sentence in (
        *(note["text"] for note in notes), *result["methods"], *result["results"],
        *result["references"],
    ):  # fmt: skip
        assert re.sub(r"\s+", " ", sentence) in page
    for study in result["studies"]:
        assert study["reported"] in page
        assert study["conversion"][1:] in page
        assert all(text[1:] in page for text in study["assumptions"])
    assert html.unescape(PAGES[kind]).count(result["r_script"]) == 1


@every
def test_same_input_same_bytes(kind):
    assert pool_report_html(json.loads(json.dumps(DOCUMENTS[kind]))) == PAGES[kind]


@pytest.mark.parametrize("kind", ["accuracy", "toxicity"])
@pytest.mark.parametrize("simulated", [False, True])
def test_simulated_is_said_exactly_when_it_is(kind, simulated):
    document = copy.deepcopy(DOCUMENTS[kind])
    document["result"].update(simulated=simulated, r_script="", title="Evidence")
    page = pool_report_html(document)
    figures = page.count("<figure ")
    assert figures > 3
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
def test_every_figure_has_a_name_for_those_who_hear_the_page(kind):
    drawings = re.findall(r"<svg [^>]*>\s*<title>([^<]+)</title>", PAGES[kind])
    assert len(drawings) == PAGES[kind].count("<figure ")
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', PAGES[kind])
    assert labels == drawings


def test_every_kind_of_figure_has_a_caption():
    for document in DOCUMENTS.values():
        assert {name.rpartition("_")[0] for name in pool_figures(document)} <= set(CAPTIONS)


@every
def test_pooled_effect_and_prediction_are_equally_large(kind):
    result = DOCUMENTS[kind]["result"]
    tiles = re.findall(r'<p class="big">(.*?)</p>', PAGES[kind])
    pooled = story.pooled(result)
    assert len(tiles) == 2 * len(pooled)
    for (_, analysis), left, right in zip(pooled, tiles[::2], tiles[1::2], strict=True):
        assert f'"{json.dumps(analysis["main"]["pooled"]["value"])}"' in left
        low = analysis["main"]["prediction_low"]
        assert right == "–" if low is None else f'"{json.dumps(low)}"' in right


@pytest.mark.usefixtures("undrawn")
@every
def test_cautions_of_the_table_come_before_any_pool_and_those_of_a_pool_beside_it(kind):
    document = copy.deepcopy(DOCUMENTS[kind])
    caution = {"code": "x", "severity": "caution", "text": "Mind the gap of the table"}
    document["result"]["notes"] = [caution]
    place, _ = story.pooled(document["result"])[0]
    document["result"]["analyses"][place - 1]["notes"] = [
        {**caution, "text": "Mind the gap of the pool"}
    ]
    page = pool_report_html(document)
    first = page.index(f'<section id="pool-{place}">')
    assert page.index("Mind the gap of the table") < first < page.index("Mind the gap of the pool")
    # before the first figure of the pool
    assert page.index("Mind the gap of the pool") < page.index("<figure", first)
    boxes = re.findall(r'<div class="cautions">.*?</div>', page, flags=re.DOTALL)
    assert sum("Mind the gap" in box for box in boxes) == 2


def test_a_single_study_has_no_section_of_its_own():
    page = PAGES["few"]
    places = [place for place, _ in story.single(DOCUMENTS["few"]["result"])]
    assert places
    for place in places:
        assert f'<section id="pool-{place}">' not in page
        assert f'<tr id="pool-{place}">' in page
    assert "Nothing is pooled here" in page


@pytest.mark.parametrize(
    "label",
    [
        "<script>alert(1)</script>",
        "a 'quoted' \"word\" & <b>bold</b>",
        "{{ 7*7 }}",
        "漢字",
        "-->",
        "</svg>",
        "</pre>",
    ],
)
@pytest.mark.parametrize("kind", ["accuracy"])
def test_hostile_labels_are_escaped(kind, label):
    document = relabelled(copy.deepcopy(DOCUMENTS[kind]), label)
    page = pool_report_html(document)
    tags = [tag for tag, _ in Page(page).tags]
    assert tags.count("script") == 0
    assert "<b>bold" not in page
    assert Page(page).open == []
    assert label in " ".join(Page(page).words)


@pytest.mark.parametrize("kind", ["ferritin", "toxicity"])
def test_hostile_labels_are_escaped_everywhere(kind):
    words = "</section><script>x</script>{{ 1 }}"
    page = Page(pool_report_html(relabelled(copy.deepcopy(DOCUMENTS[kind]), words)))
    assert "script" not in [tag for tag, _ in page.tags]
    assert page.open == []


def relabelled(thing, words):
    keys = ("study", "name", "title", "outcome", "group", "factor", "comparison", "reported",
            "conversion", "reason", "text", "level", "term", "source", "overlap", "cutoff_text",
            "r_script", "label", "data_name", "file")  # fmt: skip
    if isinstance(thing, dict):
        return {
            key: words if key in keys and isinstance(value, str) else relabelled(value, words)
            for key, value in thing.items()
        }
    if isinstance(thing, list):
        return [relabelled(item, words) for item in thing]
    return thing


PARTS = {
    "quality": [], "flow": None, "grades": [], "notes": [], "methods": [], "results": [],
    "references": [], "r_script": "", "left_out": [], "sources": [],
}  # fmt: skip
ANALYSIS_PARTS = {
    "models": [], "leave_one_out": [], "cumulative": [], "influence": [], "subsets": None,
    "subgroups": [], "regressions": [], "e_value": None, "notes": [], "accuracy": None,
}  # fmt: skip


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("kind", "part"),
    [*((kind, "all") for kind in DOCUMENTS), *(("accuracy", part) for part in PARTS),
     ("ferritin", "quality"), ("ferritin", "flow"), ("ferritin", "grades")],
)  # fmt: skip
def test_parts_that_do_not_apply_are_left_out(kind, part):
    document = copy.deepcopy(DOCUMENTS[kind])
    for name, empty in PARTS.items():
        if part in (name, "all"):
            document["result"][name] = copy.deepcopy(empty)
    if part == "all":
        for analysis in document["result"]["analyses"]:
            analysis.update(copy.deepcopy(ANALYSIS_PARTS))
    page = Page(pool_report_html(document))
    assert page.open == []
    assert len(page.data) > 20


@pytest.mark.usefixtures("undrawn")
def test_nothing_pooled_is_said():
    document = copy.deepcopy(DOCUMENTS["few"])
    document["result"]["analyses"] = [one for one in document["result"]["analyses"] if one["k"] < 2]
    page = pool_report_html(document)
    assert "Nothing was pooled" in page
    assert '<p class="big">' not in page
    document["result"].update(analyses=[], studies=[])
    assert "Nothing was pooled" in pool_report_html(document)


@pytest.mark.usefixtures("undrawn")
def test_numbers_that_do_not_exist_are_said_in_words():
    document = copy.deepcopy(DOCUMENTS["ferritin"])
    analysis = document["result"]["analyses"][0]
    nothing = {"value": None, "low": None, "high": None, "level": None}
    analysis["leave_one_out"][0]["estimate"].update(nothing)
    analysis["models"][0]["pooled"].update(nothing)
    analysis["heterogeneity"]["tau2"].update(nothing)
    analysis["main"].update(prediction_low=None, prediction_high=None, p_value=None)
    analysis["patients"] = None
    page = pool_report_html(document)
    assert page.count("not estimable") >= 3
    assert "no prediction interval" in page
    assert "None" not in " ".join(Page(page).words)


@pytest.mark.parametrize("broken", [{}, {"kind": "pool"}])
def test_what_is_not_a_pool_is_refused(broken):
    with pytest.raises(FileRefused, match="lacks"):
        pool_report_html(broken)


def test_a_result_that_lacks_a_part_is_refused_by_name():
    document = copy.deepcopy(DOCUMENTS["few"])
    del document["result"]["grades"]
    with pytest.raises(FileRefused, match=r"result\.grades"):
        pool_report_html(document)


def test_few_studies_have_few_figures():
    result = {"analyses": [{"k": 2, "small_studies": {"asked": False}}]}
    there = ["summary_1", "forest_1", "models_1", "influence_1", "baujat_1", "funnel_1"]
    assert story.figure_names(result, there) == ["summary_1", "forest_1"]
    result["analyses"][0] = {"k": 12, "small_studies": {"asked": True}}
    assert story.figure_names(result, there) == there


@pytest.mark.parametrize(
    ("ends", "held", "words"),
    [
        ((1.2, 2.0, 1.1, 3.0), "neither", "both leave out"),
        ((1.2, 2.0, 0.8, 3.0), "prediction", "need not hold in the next setting"),
        ((0.9, 2.0, 0.8, 3.0), "both", "do not show an association"),
        ((0.9, 2.0, None, None), "confidence", "do not show an association"),
        ((1.2, 2.0, None, None), "neither", "leaves out no effect."),
    ],
)
def test_the_verdict_follows_the_intervals(ends, held, words):
    low, high, ahead, beyond = ends
    analysis = {
        "null_value": 1.0,
        "measure": "HR",
        "main": {
            "pooled": {"low": low, "high": high},
            "prediction_low": ahead,
            "prediction_high": beyond,
        },
    }
    assert story.inside(analysis) == held
    assert words in story.meaning(analysis)
    assert (
        story.inside({**analysis, "null_value": None})
        == story.meaning({**analysis, "null_value": None})
        == ""
    )


def test_ways_and_assumptions_are_told_once():
    rows = [
        {"conversion": "one", "assumptions": ["x", "y"]},
        {"conversion": "two", "assumptions": ["y"]},
        {"conversion": "one", "assumptions": []},
    ]
    assert lettered(rows).ways == {"one": "A", "two": "B"}
    assert lettered(rows).assumptions == {"x": "a", "y": "b"}
    assert [letters(place) for place in (0, 25, 26, 51, 52, 701, 702)] == [
        "a", "z", "aa", "az", "ba", "zz", "aaa",
    ]  # fmt: skip
