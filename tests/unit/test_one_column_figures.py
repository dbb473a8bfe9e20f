"""Figures of meta-analyses and validations in one column of a journal, in every language."""

import copy
import re

import matplotlib as mpl
import numpy as np
import pytest
from pool_example import documents as pool_documents
from test_figures import check_layout
from validation_documents import DOCUMENTS as VALIDATIONS

from cartwheel.figures.atlas import figure_said, result_figures
from cartwheel.figures.journal import SMALLEST_PT, fitted
from cartwheel.figures.pooling.drawing import SOFT_HYPHEN, shortened
from cartwheel.figures.pooling.measure import MEASURES, measures, name_inside, on_scale
from cartwheel.figures.validation.labels import label_of, rung_of
from cartwheel.figures.wording import drawn_in
from cartwheel.report.words import phrases

DOCUMENTS = {
    **{f"pool_{name}": one for name, one in pool_documents().items()},
    **{f"validate_{name}": make() for name, make in VALIDATIONS.items()},
}
CASES = [(kind, name) for kind, document in DOCUMENTS.items() for name in result_figures(document)]
# a flow with records of other methods has four columns of boxes or more
WIDE_ONLY = {("pool_toxicity", "prisma_flow_1")}
LANGUAGES = ("de", "zh")


def drawn(kind, name, width="single"):
    return fitted(result_figures(DOCUMENTS[kind])[name], width)


def texts(figure):
    return [one.get_text() for one in figure.findobj(mpl.text.Text) if one.get_text().strip()]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_one_column_is_85_mm_readable_and_nothing_touches(kind, name):
    found = drawn(kind, name)
    if (kind, name) in WIDE_ONLY:
        assert found.width == "double"
        return
    # a tenth of a millimetre is less than a printer places
    assert found.figure.get_figwidth() * 25.4 == pytest.approx(85, abs=0.1)
    assert found.width == "single"
    assert found.smallest_pt >= SMALLEST_PT
    check_layout(found.figure)


# the layout font has no Chinese signs: their boxes stand for them
@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind, name in CASES
        if kind in ("pool_ferritin", "validate_toxicity") and not name.endswith(("_2", "_3"))
    ],
)
def test_nothing_touches_in_other_languages(kind, name, language):
    with drawn_in(phrases(language)):
        for width in ("single", "double"):
            found = drawn(kind, name, width)
            assert found.smallest_pt >= SMALLEST_PT
            check_layout(found.figure)


def test_long_names_keep_inside_one_column():
    document = copy.deepcopy(DOCUMENTS["pool_ferritin"])
    for analysis in document["result"]["analyses"]:
        for part in ("studies", "influence", "leave_one_out", "cumulative"):
            for one in analysis[part]:
                one["study"] = "Investigators of a Very Long Consortium for Cellular Therapies"
    for name, build in result_figures(document).items():
        if name.startswith(("forest", "leave_one_out", "cumulative", "influence", "baujat")):
            found = fitted(build, "single")
            assert found.width == "single"
            check_layout(found.figure)


def test_a_forest_of_one_column_keeps_every_effect_and_leaves_out_the_table():
    study = DOCUMENTS["pool_ferritin"]["result"]["analyses"][0]["studies"][0]
    narrow, wide = (
        texts(drawn("pool_ferritin", "forest_1", w).figure) for w in ("single", "double")
    )
    effects = [text for text in wide if re.fullmatch(r"[\d.]+ \([\d.]+ to [\d.]+\)", text)]
    assert len(effects) > len(DOCUMENTS["pool_ferritin"]["result"]["analyses"][0]["studies"])
    assert set(effects) <= set(narrow)
    assert study["study"] in narrow
    assert "Weight" in wide
    assert "Weight" not in narrow


def test_outcomes_stand_on_one_axis_in_one_column():
    figure = drawn("pool_ferritin", "outcomes_side_by_side_1").figure
    assert sum(axes.axison for axes in figure.axes) == 1
    said = texts(figure)
    for analysis in DOCUMENTS["pool_ferritin"]["result"]["analyses"][:2]:
        assert any(text.startswith(analysis["outcome"]) for text in said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_drawings_speak_the_language_and_names_stay(language):
    names = {one["study"] for one in DOCUMENTS["pool_ferritin"]["result"]["studies"]}
    with drawn_in(phrases(language)):
        said = " ".join(texts(drawn("pool_ferritin", "forest_1", "double").figure))
        title, _ = figure_said(DOCUMENTS["pool_ferritin"], "forest_1")
        _, told = figure_said(DOCUMENTS["validate_toxicity"], "bands_1")
    assert any(name in said for name in names)
    english = "Weight|Heterogeneity|Difference|hazard|All studies|Forest plot|patients"
    left = rf"\b({english}|observed)\b"
    assert re.findall(left, " ".join((said, title, told))) == []
    assert {"de": "Studie", "zh": "研究"}[language] in said
    assert {"de": "Patienten, beobachtet", "zh": "例患者，观察"}[language] in told


def test_a_shared_file_has_no_panel_of_patients():
    document = copy.deepcopy(DOCUMENTS["validate_toxicity"])
    whole = result_figures(document)["calibration_1"]()
    document["result"]["scores"][0]["plot"]["histogram"] = []
    figure = result_figures(document)["calibration_1"]()
    assert sum(axes.axison for axes in whole.axes) == 2
    assert sum(axes.axison for axes in figure.axes) == 1
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "Patients" not in texts(figure)
    assert "with the event" not in legend
    assert "like predictions" in legend
    (axes,) = (axes for axes in figure.axes if axes.axison)
    assert axes.get_xlabel() == "Predicted risk"
    assert any(label.get_visible() and label.get_text() for label in axes.get_xticklabels())
    check_layout(figure)


def test_a_narrow_axis_has_ticks_that_can_be_told_apart():
    figure = drawn("pool_ferritin", "influence_1").figure
    for axes in (axes for axes in figure.axes if axes.axison):
        places = axes.get_xticks()
        assert len(places) >= 1
        if len(places) > 1:
            low, high = axes.get_xlim()
            inches = axes.get_position().width * figure.get_figwidth()
            # the words of two ticks of 6 points, "0.08" each, are 0.19 inches apart at least
            assert min(np.diff(places)) / (high - low) * inches > 0.1


def test_long_words_are_parted_at_soft_hyphens_only_where_they_must():
    word = f"Vorhersage{SOFT_HYPHEN}intervall"
    assert shortened(word, 9.0) == ["Vorhersageintervall"]
    assert shortened(word, 2.0, 7.0, 2) == ["Vorhersage-", "intervall"]


def test_measures_are_named_in_the_language():
    assert measures() == MEASURES
    with drawn_in(phrases("de")):
        assert on_scale(measures()["OR"], "log") == "Odds Ratio (logarithmische Skala)"
        assert name_inside({"measure": "HR"}) == "Hazard Ratio"
        assert label_of({"label": "AUC at 12 months"}) == "AUC bei 12 months"
        assert rung_of("as is") == "unverändert"
    assert name_inside({"measure": "HR"}) == "hazard ratio"
    assert name_inside({"measure": "XY"}) == "xy"
    assert label_of({"label": "My own AUC at home"}) == "My own AUC at home"
    assert rung_of("my rung") == "my rung"
