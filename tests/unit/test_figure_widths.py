"""Figures of developments and landmarks in one column and in two, in every language."""

import copy
import json

import pytest
from landmark_sample import binary_plan, binary_sample, survival_plan, survival_sample
from report_example import documents

from cartwheel.figures.atlas import figure_said, result_figures
from cartwheel.figures.journal import SMALLEST_PT, AtWidth, _crowding, fitted
from cartwheel.figures.wording import drawn_in
from cartwheel.report.words import languages, phrases
from cartwheel.workflows.landmark import landmark, landmark_json

DEVELOPED = documents()
CASES = [(kind, name) for kind, one in DEVELOPED.items() for name in result_figures(one)]
LONG = "A very long label of a column that somebody wrote out in full, with its assay and its day"


def landmarks():
    plans = (
        (binary_sample(), binary_plan(bootstrap=0)),
        (survival_sample(), survival_plan(0, super_model={"interactions": True})),
    )
    for sample, plan in plans:
        yield json.loads(landmark_json(landmark(*sample, plan)))


def stand_alone(figure, smallest):
    # a tenth of a millimetre
    assert figure.get_figwidth() * 25.4 == pytest.approx(85, abs=0.1)
    assert smallest >= SMALLEST_PT - 1e-9
    # nothing touches, nothing leaves the page
    assert _crowding(figure) == 0


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_figure_of_a_development_has_one_column(kind, name, language):
    build = result_figures(DEVELOPED[kind])[name]
    with drawn_in(phrases(language)):
        found = fitted(build, "single")
    assert found.width == "single"
    stand_alone(found.figure, found.smallest_pt)


@pytest.mark.parametrize("language", languages())
def test_every_figure_of_landmarks_has_one_column(language):
    for document in landmarks():
        for build in result_figures(document).values():
            with drawn_in(phrases(language)):
                found = fitted(build, "single")
            assert found.width == "single"
            stand_alone(found.figure, found.smallest_pt)


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_two_columns_hold_every_language(kind, name, language):
    with drawn_in(phrases(language)):
        found = fitted(result_figures(DEVELOPED[kind])[name], "double")
    assert found.figure.get_figwidth() * 25.4 == pytest.approx(170, abs=0.1)
    assert _crowding(found.figure) == 0


def test_long_names_stay_inside_one_column():
    document = copy.deepcopy(DEVELOPED["points"])
    result = document["result"]
    for row in (*result["univariable"]["rows"], *result["selection"], *result["splines"]):
        row["label"] = LONG
    for name in ("regression_forest", "selection", "dose_response"):
        found = fitted(result_figures(document)[name], "single")
        stand_alone(found.figure, found.smallest_pt)


def test_narrow_bands_are_named_below():
    document = copy.deepcopy(DEVELOPED["points"])
    rows = document["result"]["risk_table"]
    for at, row in enumerate(rows):
        row["band"] = f"intermediate, group {at}"
    found = fitted(result_figures(document)["risk_by_points"], "single")
    said = " ".join(text.get_text() for axes in found.figure.axes for text in axes.texts)
    assert "Bands from left to right: intermediate, group 0, intermediate, group 1" in said
    assert _crowding(found.figure) == 0
    wide = fitted(result_figures(document)["risk_by_points"], "double").figure
    assert not any("Bands" in text.get_text() for axes in wide.axes for text in axes.texts)


def test_numbers_at_risk_stand_under_their_time():
    build = result_figures(DEVELOPED["index"])["kaplan_meier"]
    assert isinstance(build, AtWidth)
    for width in ("single", "double"):
        figure = fitted(build, width).figure
        figure.draw_without_rendering()
        curves, sheet = figure.axes[0], figure.axes[1]
        dots = curves.transData
        ticks = [dots.transform((tick, 0))[0] for tick in curves.get_xticks()]
        counted = [text for text in sheet.texts if text.get_text().isdigit()]
        assert len(counted) == len(ticks) * len(DEVELOPED["index"]["result"]["survival"])
        for at, text in enumerate(counted):
            place = sheet.transData.transform(text.get_position())[0]
            # a hundredth of a dot: both are the same sum of floating-point shares
            assert place == pytest.approx(ticks[at % len(ticks)], abs=0.01)


def test_figures_and_their_words_speak_the_language():
    result = DEVELOPED["index"]
    with drawn_in(phrases("de")):
        figure = result_figures(result)["kaplan_meier"]()
        title, _ = figure_said(result, "kaplan_meier")
    texts = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert "Patienten unter Risiko" in texts
    assert "Number at risk" not in texts
    assert figure.axes[0].get_ylabel() == "Ereignisfrei"
    # names of the result stay as they are
    assert result["result"]["survival"][0]["group"] in texts
    assert title == "Kaplan-Meier-Kurven nach Gruppe"
    assert figure_said(result, "kaplan_meier")[0] == "Kaplan-Meier curves by group"
