import copy
import json
import re
import xml.etree.ElementTree as ET
from functools import cache

import matplotlib as mpl
import numpy as np
import pytest
from pool_example import documents
from test_figures import check_layout, numbers_in, strings_in, words

from cartwheel.errors import FileRefused
from cartwheel.figures.numbers import FORMATS, THIN
from cartwheel.figures.pooling.drawing import shortened, text_width
from cartwheel.figures.pooling.funnel import funnel
from cartwheel.figures.pooling.gallery import (
    ANALYSIS_FIGURES,
    POOL_FIGURES,
    figure_title,
    pool_figures,
    pool_svg,
    pool_svgs,
    save_pool_figures,
)
from cartwheel.figures.pooling.measure import MEASURES, Measure, effect_axis, reach, written
from cartwheel.figures.pooling.side_by_side import families
from cartwheel.figures.saving import svg
from cartwheel.figures.style import canvas, panel

DOCUMENTS = documents()
SVG = "{http://www.w3.org/2000/svg}"
CASES = [(kind, name) for kind, document in DOCUMENTS.items() for name in pool_figures(document)]
LONG = "Investigators of the Very Long Consortium for Cellular Therapies in Several Countries, 2024"
# Said by the funnel whatever the numbers are: the shares that its contours and limits stand for.
TOO_FEW = "Too few studies to judge asymmetry"
FUNNEL_WORDS = ("p above 0.10", "p 0.05 to 0.10", "p 0.01 to 0.05", "p below 0.01")


def document_of(kind, simulated=False):
    document = copy.deepcopy(DOCUMENTS[kind])
    document["result"]["simulated"] = simulated
    return document


def drawing(kind, name):
    return pool_figures(DOCUMENTS[kind])[name]()


@cache
def texts_of(kind):
    """Every figure of an example as SVG, drawn once."""
    return pool_svgs(DOCUMENTS[kind])


def kind_of(name):
    return name.rpartition("_")[0]


def relabelled(thing, label, place=""):
    """Put another label in place of every study, name, outcome, level and reason."""
    keys = ("study", "name", "outcome", "level", "column")
    if isinstance(thing, dict):
        return {
            key: f"{label}{place}"
            if key in keys and isinstance(value, str) and value not in LEVELS
            else relabelled(value, label, place)
            for key, value in thing.items()
        }
    if isinstance(thing, list):
        return [relabelled(item, label, f" {index}") for index, item in enumerate(thing)]
    return thing


LEVELS = {"low", "moderate", "high", "unclear", "good", "fair", "poor", *"01234"}


def test_the_examples_call_for_every_figure():
    drawn = {kind_of(name) for _, name in CASES}
    assert drawn == set(ANALYSIS_FIGURES) | set(POOL_FIGURES)


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_simulated_stands_in_every_figure_exactly_when_it_is(kind):
    banner = "SIMULATED DATA: not real patients"
    assert DOCUMENTS[kind]["result"]["simulated"]
    for text in texts_of(kind).values():
        assert banner in words(text)
    for text in pool_svgs(document_of(kind, simulated=False)).values():
        assert "SIMULATED" not in text


def test_same_document_same_bytes_whatever_the_users_settings():
    again = json.loads(json.dumps(DOCUMENTS["ferritin"]))
    with mpl.rc_context({"font.size": 22, "axes.grid": True, "svg.fonttype": "path"}):
        assert pool_svgs(again) == texts_of("ferritin")


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_text_overlaps_or_leaves_the_figure(kind, name):
    check_layout(drawing(kind, name))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_long_labels_wrap_or_are_shortened(kind, name):
    document = document_of(kind)
    document["result"] = relabelled(document["result"], LONG)
    if name in pool_figures(document):
        check_layout(pool_figures(document)[name]())


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_font_below_seven_points(kind, name):
    sizes = re.findall(r"font(?:-size)?: [^;\"]*?([\d.]+)px", texts_of(kind)[name])
    assert sizes
    assert min(map(float, sizes)) >= 7


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_figures_can_share_a_page_and_load_nothing(kind):
    texts = texts_of(kind).values()
    ids = [i for text in texts for i in re.findall(r'\bid="([^"]*)"', text)]
    assert len(ids) == len(set(ids))
    for text in texts:
        used = re.findall(r'href="#([^"]*)"', text) + re.findall(r"url\(#([^)]*)\)", text)
        assert set(used) <= set(re.findall(r'\bid="([^"]*)"', text))
        assert re.findall(r'href="(?!#)', text) == []
        assert "<style" not in text


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_figure_begins_with_its_title(kind):
    titles = []
    for name, text in texts_of(kind).items():
        first = next(iter(ET.fromstring(text)))
        assert first.tag == f"{SVG}title"
        assert first.text == figure_title(DOCUMENTS[kind], name)
        titles.append(first.text)
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_numbers_written_in_a_figure_are_those_of_the_json(kind, name):
    result = DOCUMENTS[kind]["result"]
    allowed = {
        rule(number).rstrip("%") for number in numbers_in(result) for rule in FORMATS.values()
    }
    # beyond five digits a ratio is written as beyond
    allowed |= {f">100{THIN}000", "<0.00001"}
    labels = " ".join(strings_in(result))
    root = ET.fromstring(texts_of(kind)[name])
    for parent in list(root.iter()):
        for child in list(parent):
            if re.search(r"-[xy]tick_\d+$", child.get("id", "")):
                parent.remove(child)
    found = 0
    for element in root.iter(f"{SVG}text"):
        line = (element.text or "").strip()
        plain = re.sub(r"^(?:Without|\+|subsets with) ", "", line).removesuffix(" …")
        if plain in labels or line in FUNNEL_WORDS:
            continue
        for number in re.findall(rf"[−<>]?\d[\d.{THIN}]*", re.sub(r"\bD\d", "", line)):
            found += 1
            assert number.rstrip(".") in allowed, line
    if kind_of(name) in ("forest", "models", "summary", "subgroups", "prisma_flow"):
        assert found


def test_every_study_stands_in_its_forest_with_its_numbers():
    for kind in ("ferritin", "mortality"):
        analysis = DOCUMENTS[kind]["result"]["analyses"][0]
        written_words = words(pool_svg(DOCUMENTS[kind], "forest_1"))
        for study in analysis["studies"]:
            assert study["study"] in written_words
            measure = MEASURES[analysis["measure"]]
            assert written(study["estimate"], measure) in written_words
            assert FORMATS["percentage"](study["weight_percent"]) in written_words


def test_the_square_of_a_study_grows_with_its_weight():
    axes = drawing("toxicity", "forest_1").axes[1]
    sizes = {
        float(line.get_xdata()[0]): line.get_markersize()
        for line in axes.get_lines()
        if line.get_marker() == "s"
    }
    weights = {
        study["estimate"]["value"]: study["weight_percent"]
        for study in DOCUMENTS["toxicity"]["result"]["analyses"][0]["studies"]
    }
    order = sorted(weights, key=weights.get)
    assert [sizes[value] for value in order] == sorted(sizes.values())


def test_intervals_beyond_the_axis_end_in_arrows():
    axes = drawing("few", "forest_3").axes[1]
    arrows = [line.get_marker() for line in axes.get_lines()]
    assert arrows.count("<") >= 2
    assert arrows.count(">") >= 2
    low, high = axes.get_xlim()
    # the studies themselves, 0.01 to 100, stay on it
    assert low < 0.01
    assert high > 100


def test_one_study_has_a_forest_and_nothing_pooled():
    names = pool_figures(DOCUMENTS["few"])
    assert [
        name for name in names if name.endswith("_1") and kind_of(name) in ANALYSIS_FIGURES
    ] == ["forest_1"]
    said = words(pool_svg(DOCUMENTS["few"], "forest_1"))
    assert "One study: nothing is pooled." in said
    assert not any(text.startswith("Pooled") for text in said)


def test_a_funnel_of_few_studies_says_so():
    assert TOO_FEW in words(svg(funnel(DOCUMENTS["ferritin"]["result"], 0)))
    assert TOO_FEW not in words(svg(funnel(DOCUMENTS["toxicity"]["result"], 0)))


def test_studies_that_trim_and_fill_put_in_are_hollow():
    axes = funnel(DOCUMENTS["toxicity"]["result"], 0).axes[1]
    hollow = [line for line in axes.get_lines() if line.get_markerfacecolor() == "white"]
    fill = DOCUMENTS["toxicity"]["result"]["analyses"][0]["small_studies"]["trim_fill"][0]
    assert fill["missing"] > 0
    assert [list(line.get_xdata()) for line in hollow] == [fill["filled_effect"]]


def test_lights_are_told_apart_without_colour():
    quality = DOCUMENTS["ferritin"]["result"]["quality"][0]
    said = words(pool_svg(DOCUMENTS["ferritin"], "traffic_lights_1"))
    levels = [one["level"] for study in quality["studies"] for one in study["judgements"]]
    levels += [study["overall"] for study in quality["studies"]]
    for level, letter in (("low", "L"), ("moderate", "M"), ("high", "H")):
        # once more in the key
        assert said.count(letter) == levels.count(level) + 1


def test_the_flow_says_every_count_and_reason():
    for kind in ("ferritin", "toxicity"):
        said = " ".join(words(pool_svg(DOCUMENTS[kind], "prisma_flow_1")))
        for box in DOCUMENTS[kind]["result"]["flow"]["boxes"]:
            assert f"(n = {box['count']})" in said
            for _, number in box["reasons"]:
                assert f"(n = {number})" in said


def test_an_updated_review_and_one_under_way_have_a_flow():
    document = document_of("toxicity")
    boxes = document["result"]["flow"]["boxes"]
    for code in ("previous_studies", "previous_reports", "total_studies", "total_reports"):
        boxes.append({"code": code, "label": code.replace("_", " "), "count": 7, "reasons": []})
    check_layout(pool_figures(document)["prisma_flow_1"]())
    under_way = [box for box in boxes if box["code"] in ("databases", "duplicates", "screened")]
    document["result"]["flow"]["boxes"] = under_way
    check_layout(pool_figures(document)["prisma_flow_1"]())


def test_outcomes_named_in_their_set_are_one_family():
    document = document_of("ferritin")
    for analysis in document["result"]["analyses"]:
        analysis["group"] = f"ferritin_{analysis['outcome'].lower()}"
    assert families(document["result"]) == [[0, 1]]
    document["result"]["analyses"][1]["group"] = "emd_os"
    assert families(document["result"]) == []


@pytest.mark.parametrize("label", ['"<b>&amp;$x_1$ #id="k"', "漢字 😀 é", "-->x<!--", ""])
@pytest.mark.parametrize("kind", ["ferritin", "few"])
def test_any_label_can_be_drawn(kind, label):
    document = document_of(kind)
    document["result"] = relabelled(document["result"], label)
    for text in pool_svgs(document).values():
        assert ET.fromstring(text).tag == f"{SVG}svg"
        assert "<b>" not in text
    if label:
        said = " ".join(words(pool_svg(document, "forest_1")))
        assert label.split()[0] in said


def emptied(thing):
    """Take away whatever may be absent: limits, tests, heterogeneity."""
    gone = ("low", "high", "p_value", "prediction_low", "prediction_high", "tau2", "i2", "q",
            "q_df", "q_p_value", "p_value_common", "q_between", "df", "patients", "r2",
            "studentised_residual", "dffits", "cook", "tau2_without", "omnibus_p_value",
            "level")  # fmt: skip
    if isinstance(thing, dict):
        return {
            key: None
            if key in gone and not isinstance(value, dict | list | str)
            else emptied(value)
            for key, value in thing.items()
        }
    return [emptied(item) for item in thing] if isinstance(thing, list) else thing


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_what_does_not_exist_is_not_drawn(kind):
    document = document_of(kind)
    document["result"] = emptied(document["result"])
    for analysis in document["result"]["analyses"]:
        for found in ("tau2", "tau", "i2", "h2"):
            analysis["heterogeneity"][found]["value"] = None
    texts = pool_svgs(document)
    assert texts
    for text in texts.values():
        assert not any(re.search(r"\bnan\b|None", line) for line in words(text))
        assert "nan" not in "".join(re.findall(r' (?:d|x|y|transform)="[^"]*"', text))


def test_a_pool_without_anything_has_no_figures():
    document = document_of("few")
    document["result"].update(studies=[], analyses=[], quality=[], flow=None)
    assert pool_figures(document) == {}
    assert pool_svgs(document) == {}


def test_files_are_whole_and_stable(tmp_path):
    document = document_of("few", simulated=True)
    document["result"]["analyses"] = document["result"]["analyses"][:1]
    first = {path.name: path.read_bytes() for path in save_pool_figures(document, tmp_path)}
    second = {path.name: path.read_bytes() for path in save_pool_figures(document, tmp_path)}
    assert first == second
    assert set(first) == {"forest_1.svg", "forest_1.pdf", "forest_1.png"}
    assert b"<title>Forest plot: OS (HR)</title>" in first["forest_1.svg"]
    with pytest.raises(FileRefused, match="gif"):
        save_pool_figures(document, tmp_path, formats=("gif",))


@pytest.mark.parametrize("ends", [(0.97, 1.04), (0.6, 1.8), (0.3, 6.0), (0.01, 90.0), (1e-4, 1e4)])
@pytest.mark.parametrize("width", [3.0, 9.0])
def test_an_axis_of_ratios_has_ticks_that_do_not_touch(ends, width):
    figure = canvas({"simulated": False}, 17.5, 5.0)
    axes = panel(figure, 2.0, 2.0, width, 2.0)
    effect_axis(axes, MEASURES["HR"], ends)
    ticks = [tick for tick in axes.get_xticks() if ends[0] <= tick <= ends[1]]
    assert len(ticks) >= 1
    assert 1.0 in ticks
    check_layout(figure)


def test_an_axis_holds_every_point_but_not_every_limit():
    ratio = MEASURES["HR"]
    low, high = reach(ratio, 1.0, [0.5, 2.0], [1e-9, 1e9])
    assert low < 0.5
    assert high > 2.0
    assert low > 0.1
    assert high < 10.0
    share = MEASURES["proportion"]
    low, high = reach(share, None, [0.02, 0.2], [0.0, 0.6])
    assert low == 0.0
    assert 0.2 < high <= 1.0
    plain = Measure("Anything", "A", "two", False)
    low, high = reach(plain, None, [], [])
    assert low < 0.0 < high


def test_a_limit_of_fifty_digits_is_written_as_beyond():
    estimate = {"value": 2.0, "low": 1e-40, "high": 1e40}
    assert written(estimate, MEASURES["HR"]) == f"2.00 (<0.00001 to >100{THIN}000)"


def test_shortened_labels_fit_and_say_that_they_are():
    for label in (LONG, "x" * 200, "漢字" * 40):
        lines = shortened(label, 3.0, 7.5, 2)
        assert len(lines) == 2
        assert lines[-1].endswith("…")
        assert all(np.array([text_width(line, 7.5) for line in lines]) < 4.0)
    assert shortened("short", 3.0) == ["short"]


def bubbles_of(document):
    axes = pool_figures(document)["bubble_1"]().axes[1]
    points = [line for line in axes.get_lines() if line.get_marker() == "o"]
    return axes, [(float(p.get_xdata()[0]), float(p.get_ydata()[0])) for p in points]


def test_bubbles_stand_at_the_studies_own_values():
    document = document_of("ferritin")
    analysis = document["result"]["analyses"][0]
    values = [study["estimate"]["value"] for study in analysis["studies"]]
    assert bubbles_of(document)[1] == list(
        zip(analysis["regressions"][0]["x"], values, strict=True)
    )


def test_a_regression_without_some_studies_finds_those_it_has():
    document = document_of("ferritin")
    analysis = document["result"]["analyses"][0]
    regression = analysis["regressions"][0]
    column = regression["columns"][0]
    for study in document["result"]["studies"]:
        if study["study"] == analysis["studies"][2]["study"]:
            for one in study["moderators"]:
                one["number"] = None if one["name"] == column else one["number"]
    for key in ("x", "weight_percent"):
        del regression[key][2]
    values = [study["estimate"]["value"] for study in analysis["studies"]]
    del values[2]
    assert [y for _, y in bubbles_of(document)[1]] == values
    # where it cannot be told which studies are meant, none is drawn rather than a wrong one
    del regression["x"][0]
    assert bubbles_of(document)[1] == []


def test_a_line_over_logarithms_has_a_log_axis():
    document = document_of("ferritin")
    regression = document["result"]["analyses"][0]["regressions"][0]
    assert bubbles_of(document)[0].get_xscale() == "linear"
    grid = regression["grid"]
    regression["grid"] = [float(x) for x in np.geomspace(grid[0], grid[-1], len(grid))]
    regression["columns"] = ["cutoff"]
    axes, _ = bubbles_of(document)
    assert axes.get_xscale() == "log"
    check_layout(pool_figures(document)["bubble_1"]())


def test_two_rows_of_one_study_keep_a_row_each_side_by_side():
    document = document_of("ferritin")
    for one in document["result"]["analyses"][0]["studies"][:2]:
        one["study"] = "The same label"
    figure = pool_figures(document)["outcomes_side_by_side_1"]()
    assert words(svg(figure)).count("The same label") == 2
    check_layout(figure)


def test_a_study_that_is_not_in_the_table_is_drawn_without_its_patients():
    document = document_of("ferritin")
    del document["result"]["studies"][0]
    said = words(pool_svg(document, "forest_1"))
    assert document["result"]["analyses"][0]["studies"][0]["study"] in said
