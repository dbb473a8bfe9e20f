"""Figures of a validation: which are drawn, what they say, and that nothing lies on anything."""

import copy
import html
import json
import re

import pytest
from test_figures import check_layout
from validation_documents import DOCUMENTS as MAKERS

from cartwheel.errors import FileRefused
from cartwheel.figures.numbers import interval, percent
from cartwheel.figures.validation.gallery import (
    figure_words,
    save_validation_figures,
    validation_figures,
    validation_svgs,
)
from cartwheel.figures.validation.ladder import climbed

DOCUMENTS = {kind: make() for kind, make in MAKERS.items()}
every = pytest.mark.parametrize("kind", list(DOCUMENTS))
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk and a few words more, which go on"


def stretched(document):
    """Long names and large counts everywhere."""
    names = {score["name"] for score in document["result"]["scores"]}

    def walk(thing):
        if isinstance(thing, dict):
            return {key: walk(value) for key, value in thing.items()}
        if isinstance(thing, list):
            return [walk(value) for value in thing]
        return f"{thing} {LONG}" if isinstance(thing, str) and thing in names else thing

    changed = walk(document)
    result = changed["result"]
    for score in result["scores"]:
        for row in score["bands"]:
            row.update(band=f"{row['band']} {LONG}", patients=row["patients"] * 10_000,
                       events=row["events"] * 10_000)  # fmt: skip
        for curve in (*score["survival"], *score["incidence"]):
            curve.update(group=f"{curve['group']} {LONG}", n=123_456, events=98_765)
            curve["at_risk"] = [100_000 + number for number in curve["at_risk"]]
    if result["centres"]:
        rows = result["centres"]["rows"]
        result["centres"]["rows"] = [
            {**rows[place % len(rows)], "group": f"{place} {LONG}", "patients": 12_345}
            for place in range(40)
        ]
    return changed


@every
def test_figures_are_those_that_the_result_has_something_for(kind):
    result = DOCUMENTS[kind]["result"]
    names = set(validation_figures(DOCUMENTS[kind]))
    for place, score in enumerate(result["scores"], start=1):
        assert (f"calibration_{place}" in names) == (score["plot"] is not None)
        assert (f"bands_{place}" in names) == bool(score["bands"])
        assert (f"kaplan_meier_{place}" in names) == (result["outcome"]["kind"] == "survival")
        assert (f"incidence_{place}" in names) == (result["outcome"]["kind"] == "competing")
        assert (f"centres_{place}" in names) == (result["centres"] is not None)
        assert (f"subgroups_{place}" in names) == bool(result["subgroups"])
    assert ("decision" in names) == (result["decision"] is not None)
    assert {"patient_flow", "roc"} <= names
    ladders = {f"ladder_{place + 1}" for place in range(len(result["updates"]))}
    assert ladders == {name for name in names if name.startswith("ladder")}


@every
@pytest.mark.parametrize("change", [copy.deepcopy, stretched], ids=["plain", "stretched"])
def test_no_text_lies_on_another_or_leaves_the_figure(kind, change):
    for build in validation_figures(change(DOCUMENTS[kind])).values():
        check_layout(build())


@every
def test_no_font_below_seven_points(kind):
    for drawing in validation_svgs(DOCUMENTS[kind]).values():
        sizes = re.findall(r"font(?:-size)?: [^;\"]*?([\d.]+)px", drawing)
        assert sizes
        assert min(map(float, sizes)) >= 7


@every
def test_drawings_are_told_in_numbers_and_are_the_same_each_time(kind):
    drawings = validation_svgs(DOCUMENTS[kind])
    assert list(drawings) == list(validation_figures(DOCUMENTS[kind]))
    again = validation_svgs(json.loads(json.dumps(DOCUMENTS[kind])))
    ids = []
    for name, drawing in drawings.items():
        assert again[name] == drawing
        title, numbers = figure_words(DOCUMENTS[kind], name)
        start = html.unescape(drawing[: drawing.index("</desc>")])
        assert start.index(f"<title>{title}</title>") < start.index(f"<desc>{numbers}")
        assert re.search(r"\d", numbers), name
        ids += re.findall(r'\bid="([^"]+)"', drawing)
    assert len(ids) == len(set(ids))


@every
def test_words_of_a_figure_hold_the_numbers_it_shows(kind):
    result = DOCUMENTS[kind]["result"]
    for place, score in enumerate(result["scores"], start=1):
        if score["plot"]:
            _, told = figure_words(DOCUMENTS[kind], f"calibration_{place}")
            for point in score["plot"]["points"]:
                assert percent(point["predicted"]) in told
                assert interval(point["observed"], "percent") in told
        if score["bands"]:
            _, told = figure_words(DOCUMENTS[kind], f"bands_{place}")
            assert all(
                interval(row["observed"], "percent") in told
                for row in score["bands"]
                if row["observed"]
            )
        for curve in score["incidence"]:
            _, told = figure_words(DOCUMENTS[kind], f"incidence_{place}")
            assert interval(curve["at_horizon"], "percent") in told
    _, told = figure_words(DOCUMENTS[kind], "roc")
    assert all(interval(one["roc"]["auc"], "score") in told for one in result["scores"])


def test_withheld_groups_are_drawn_as_words():
    document = DOCUMENTS["toxicity"]
    row = next(row for row in document["result"]["centres"]["rows"] if row["withheld"])
    drawing = validation_svgs(document, ["centres_1"])["centres_1"]
    assert "withheld: fewer than" in drawing
    assert f"{row['group']}: withheld, {row['withheld']}." in html.unescape(drawing)


def test_every_rung_that_was_measured_is_drawn_and_the_chosen_one_is_named():
    for update in DOCUMENTS["toxicity"]["result"]["updates"]:
        rungs = climbed(update)
        assert len(rungs) == sum(bool(rung["measures"]) for rung in update["rungs"])
        assert [rung["model"] for rung in rungs if "chosen" in rung["model"]] == [
            f"{update['chosen']} (chosen)"
        ]
        for rung in rungs:
            assert 1 <= len(rung["measures"]) <= 3


def test_saved_figures_are_whole_files(tmp_path):
    paths = save_validation_figures(DOCUMENTS["small"], tmp_path, ("svg", "png"))
    names = list(validation_figures(DOCUMENTS["small"]))
    assert sorted(path.name for path in paths) == sorted(
        f"{name}.{ending}" for name in names for ending in ("svg", "png")
    )
    assert (tmp_path / "roc.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(FileRefused):
        save_validation_figures(DOCUMENTS["small"], tmp_path, ("gif",))
