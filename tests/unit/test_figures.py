import copy
import itertools
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from report_example import documents

from cartwheel.errors import FileRefused
from cartwheel.figures.gallery import FIGURES, figure_svgs, save_figures
from cartwheel.figures.numbers import FORMATS, THIN, cut
from cartwheel.figures.saving import save, svg
from cartwheel.figures.scales import ratio_ticks
from cartwheel.figures.style import look, wrapped

DOCUMENTS = documents()
SVG = "{http://www.w3.org/2000/svg}"
CASES = [
    (kind, name)
    for kind, document in DOCUMENTS.items()
    for name, (_, applies) in FIGURES.items()
    if applies(document["result"])
]
LONG = "A very long label of a column that somebody wrote out in full, with its assay and its day"


def result_of(kind, simulated=False):
    result = copy.deepcopy(DOCUMENTS[kind]["result"])
    result["simulated"] = simulated
    return result


def relabelled(thing, words):
    """Put other words in place of every label, name and group."""
    if isinstance(thing, dict):
        return {
            key: words
            if key in ("label", "group", "model", "band", "name")
            and isinstance(v, str)
            and v
            not in ("auc", "c_index", "brier", "calibration_slope", "calibration_in_the_large")
            else relabelled(v, words)
            for key, v in thing.items()
        }
    if isinstance(thing, list):
        return [relabelled(item, words) for item in thing]
    return thing


def drawing(kind, name, simulated=False):
    return FIGURES[name][0](result_of(kind, simulated))


def words(text):
    root = ET.fromstring(text)
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_the_two_examples_call_for_every_figure():
    assert {name for _, name in CASES} == set(FIGURES)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_simulated_stands_in_the_figure_exactly_when_it_is(kind, name):
    banner = "SIMULATED DATA: not real patients"
    assert banner in words(svg(drawing(kind, name, simulated=True)))
    assert not any("SIMULATED" in text for text in words(svg(drawing(kind, name))))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_same_result_same_bytes(kind, name):
    assert svg(drawing(kind, name)) == svg(drawing(kind, name))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_users_own_settings_change_nothing(kind, name):
    before = svg(drawing(kind, name))
    with mpl.rc_context({"font.size": 22, "axes.grid": True, "svg.fonttype": "path"}):
        assert svg(drawing(kind, name)) == before


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("simulated", [False, True])
def test_no_text_overlaps_or_leaves_the_figure(kind, name, simulated):
    check_layout(drawing(kind, name, simulated))


@pytest.mark.parametrize(
    ("kind", "name"),
    # Neighbouring groups cannot hold a sentence each in a single column: names there are short.
    [case for case in CASES if case[1] not in ("groups", "risk_by_points")],
)
def test_long_labels_wrap(kind, name):
    check_layout(FIGURES[name][0](relabelled(result_of(kind), LONG)))


def check_layout(figure):
    # The layout font is wider than those of browsers: what fits here fits there.
    with look():
        figure.draw_without_rendering()
        renderer = figure._get_renderer()
        undrawn = _undrawn(figure)
        boxes = [
            (text.get_text(), text.get_window_extent(renderer))
            for text in figure.findobj(mpl.text.Text)
            if text.get_visible() and text.get_text().strip() and id(text) not in undrawn
        ]
    width, height = figure.bbox.width, figure.bbox.height
    assert boxes
    for words_, box in boxes:
        assert box.x0 >= -1, words_
        assert box.y0 >= -1, words_
        assert box.x1 <= width + 1, words_
        assert box.y1 <= height + 1, words_
    for (first, one), (second, other) in itertools.combinations(boxes, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        up = min(one.y1, other.y1) - max(one.y0, other.y0)
        # one typographic point of overlap: boxes hold the room for accents that no word here uses
        point = figure.dpi / 72
        assert across <= point or up <= 2 * point, (first, second)


def _undrawn(figure):
    """Labels of ticks that lie outside the axes: matplotlib keeps them but does not draw them."""
    labels = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            drawn = {id(tick) for tick in axis._update_ticks()}
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if id(tick) not in drawn or not axes.axison:
                    labels |= {id(tick.label1), id(tick.label2)}
    return labels


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_font_below_seven_points(kind, name):
    sizes = re.findall(r"font(?:-size)?: [^;\"]*?([\d.]+)px", svg(drawing(kind, name)))
    assert sizes
    assert min(map(float, sizes)) >= 7


def test_figures_can_share_a_page():
    for document in DOCUMENTS.values():
        ids = [
            i
            for text in figure_svgs(document).values()
            for i in re.findall(r'\bid="([^"]*)"', text)
        ]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_references_inside_a_figure_hold_and_nothing_is_loaded(kind):
    for text in figure_svgs(DOCUMENTS[kind]).values():
        ids = set(re.findall(r'\bid="([^"]*)"', text))
        used = re.findall(r'href="#([^"]*)"', text) + re.findall(r"url\(#([^)]*)\)", text)
        assert set(used) <= ids
        assert re.findall(r'href="(?!#)', text) == []
        assert "<style" not in text
        assert "<metadata" not in text


@pytest.mark.parametrize("label", ['"<b>&amp;$x_1$ #id="k"', "漢字 😀 é", "-->x<!--", ""])
def test_any_label_can_be_drawn(label):
    for kind, name in CASES:
        text = svg(FIGURES[name][0](relabelled(result_of(kind), label)))
        assert ET.fromstring(text).tag == f"{SVG}svg"
    flow = result_of("points")
    flow["flow"][0]["label"] = label or "X"
    assert (label or "X") in words(svg(FIGURES["patient_flow"][0](flow)))


def numbers_in(thing):
    if isinstance(thing, dict):
        for value in thing.values():
            yield from numbers_in(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from numbers_in(value)
    elif isinstance(thing, int | float) and not isinstance(thing, bool):
        yield thing


def strings_in(thing):
    if isinstance(thing, dict):
        for value in thing.values():
            yield from strings_in(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from strings_in(value)
    elif isinstance(thing, str):
        yield thing


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_numbers_written_in_a_figure_are_those_of_the_json(kind, name):
    result = result_of(kind)
    allowed = {rule(number) for number in numbers_in(result) for rule in FORMATS.values()}
    allowed |= {cut(row["cut"], row["gap_low"], row["gap_high"]) for row in result["cutoffs"]}
    labels = " ".join(strings_in(result))
    root = ET.fromstring(svg(drawing(kind, name)))
    for parent in list(root.iter()):
        for child in list(parent):
            if re.search(r"-[xy]tick_\d+$", child.get("id", "")):
                parent.remove(child)
    found = 0
    for element in root.iter(f"{SVG}text"):
        line = element.text or ""
        if line in labels or line == "1 − specificity":
            continue
        for number in re.findall(rf"[−<>]?\d[\d.{THIN}]*%?", line):
            found += 1
            assert number.rstrip(".") in allowed, line
    if name not in ("calibration",):
        assert found or name in ("kaplan_meier", "dose_response", "cutoff_wander", "instability")


def test_numbers_at_risk_stand_in_the_figure():
    curves = DOCUMENTS["index"]["result"]["survival"]
    written = words(svg(drawing("index", "kaplan_meier")))
    for curve in curves:
        for number in curve["at_risk"]:
            assert str(number) in written


def test_a_marker_over_two_decades_has_a_log_axis():
    figure = drawing("points", "cutoff_wander")
    scales = [axes.get_xscale() for axes in figure.axes if axes.get_ylabel() == "Resamples"]
    assert scales == ["log", "log"]
    figure = drawing("index", "cutoff_wander")
    scales = [axes.get_xscale() for axes in figure.axes if axes.get_ylabel() == "Resamples"]
    assert scales == ["linear", "linear", "log"]


def test_apparent_and_corrected_are_drawn_in_the_same_size():
    figure = drawing("points", "performance")
    markers = [
        line for axes in figure.axes for line in axes.get_lines() if line.get_marker() == "o"
    ]
    assert len({line.get_markersize() for line in markers}) == 1
    hollow = [line for line in markers if line.get_markerfacecolor() == "white"]
    assert len(markers) == 2 * len(hollow)


def test_groups_are_told_apart_without_colour():
    axes = drawing("index", "kaplan_meier").axes[0]
    curves = [line for line in axes.get_lines() if line.get_drawstyle() == "steps-post"]
    assert len({str(line._dash_pattern) for line in curves}) == len(curves) == 3


def test_limits_that_do_not_exist_leave_a_gap():
    result = result_of("index")
    result["survival"][0]["low"] = [None] * len(result["survival"][0]["low"])
    result["performance"]["measures"][0]["corrected"].update(value=None, low=None, high=None)
    result["groups"][0]["observed"].update(value=None, low=None, high=None)
    result["univariable"]["rows"][0]["effect"].update(value=None, low=None, high=None)
    result["calibration"]["points"][0]["observed"].update(value=None, low=None, high=None)
    result["cutoffs"][0]["wander"] = None
    for kind, name in CASES:
        if kind == "index":
            assert "nan" not in svg(FIGURES[name][0](result)).lower().replace("dominan", "")


def test_files_are_whole_and_stable(tmp_path):
    document = copy.deepcopy(DOCUMENTS["index"])
    # A few figures say as much as all of them, sooner.
    document["result"].update(survival=[], roc=[], cutoffs=[], calibration=None, splines=[])
    first = {path.name: path.read_bytes() for path in save_figures(document, tmp_path)}
    second = {path.name: path.read_bytes() for path in save_figures(document, tmp_path)}
    assert first == second
    assert len(first) == 3 * len(figure_svgs(document)) > 3
    starts = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG"}
    for name, content in first.items():
        assert content.startswith(starts[Path(name).suffix])


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="gif"):
        save(drawing("points", "roc"), tmp_path / "roc.gif")


def test_lines_are_no_longer_than_asked_and_lose_nothing():
    lines = wrapped("one two three " + "x" * 90, 4.0)
    assert len(lines) > 2
    assert "".join(lines).replace(" ", "") == "onetwothree" + "x" * 90
    assert wrapped("", 4.0) == [""]


@pytest.mark.parametrize(
    "reach", [(0.97, 1.04), (0.6, 1.8), (0.55, 2.1), (0.3, 6.0), (0.01, 90.0), (1.2, 1.9)]
)
def test_an_axis_of_ratios_always_has_a_few_ticks(reach):
    axes = Figure().add_axes((0, 0, 1, 1))
    axes.set_yscale("log")
    axes.set_ylim(*reach)
    ratio_ticks(axes)
    ticks = [tick for tick in axes.get_yticks() if reach[0] <= tick <= reach[1]]
    assert 2 <= len(ticks) <= 9
