"""Figures of results as journals want them: widths, sizes, fonts, grey, and their numbers."""

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from matplotlib.figure import Figure
from pool_example import documents as pool_documents
from report_example import documents
from score_examples import bare_document
from validation_documents import small, survival

from cartwheel.cli.figures_run import Wanted, run_figures
from cartwheel.clinic.score import read_score, score_from_document
from cartwheel.errors import FileRefused, PlanRefused, Refused
from cartwheel.figures.data import csv_text, figure_csv
from cartwheel.figures.journal import SMALLEST_PT, _crowding, file_bytes, fitted, lacking
from cartwheel.figures.nomogram import draw_nomogram
from cartwheel.figures.nomogram_terms import (
    has_nomogram,
    nomogram_of_development,
    nomogram_of_score,
)
from cartwheel.figures.publish import Drawing, published, result_drawings, save_all
from cartwheel.figures.style import COLOURS, stroke
from cartwheel.figures.swimmer import RAMPS

# Invented results of every kind but landmark, whose figures are tested with its report.
DOCUMENTS = {
    **documents(),
    **{f"pool_{name}": one for name, one in pool_documents().items()},
    "validate": survival(),
    "validate_small": small(),
}
CASES = [
    (kind, one.name) for kind, document in DOCUMENTS.items() for one in result_drawings(document)
]
NUMBER = re.compile(r"(?<![\w.])[−-]?\d[\d\u202f]*(?:\.\d+)?(?![\w])")
# Limits of what is written, not numbers of a result: "<0.001", "to >100 000".
BOUNDS = re.compile(r"[<>]\s?[\d\u202f.]+")


def drawing(kind, name):
    return next(one for one in result_drawings(DOCUMENTS[kind]) if one.name == name)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def number(text):
    return float(text.replace("−", "-").replace("\u202f", ""))


def numbers_of(table):
    found = []
    for row in csv.reader(io.StringIO(table)):
        for cell in row:
            try:
                found.append(float(cell))
            except ValueError:
                found += [number(text) for text in NUMBER.findall(cell)]
    return found


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_figure_has_the_width_of_a_column_and_no_text_below_six_points(kind, name):
    found = fitted(drawing(kind, name).build)
    mm = found.figure.get_figwidth() * 25.4
    # a hundredth of a millimetre: sizes are floating-point inches
    assert mm == pytest.approx({"single": 85, "double": 170}[found.width], abs=0.01)
    assert found.smallest_pt >= SMALLEST_PT


@pytest.mark.parametrize(
    ("kind", "name", "width"),
    [
        (*case, width)
        for case in CASES
        for width in ("single", "double")
        # most figures are laid out for two columns: nothing to try there
        if width == "single" or case[1].startswith(("roc", "calibration", "groups"))
    ],
)
def test_the_other_width_crowds_nothing_or_is_not_taken(kind, name, width):
    build = drawing(kind, name).build
    found = fitted(build, width)
    assert found.smallest_pt >= SMALLEST_PT - 1e-9
    assert found.width in ("double", width)
    assert _crowding(found.figure) <= _crowding(build())


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_number_written_on_a_figure_is_in_its_csv(kind, name):
    called_for = drawing(kind, name)
    figure, known = called_for.build(), numbers_of(called_for.table())
    assert known
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    for text in texts:
        for written in NUMBER.findall(BOUNDS.sub("", text.get_text())):
            # half a unit of the last digit shown; fractions are written as percentages
            near = 0.5001 * 10.0 ** -len(written.partition(".")[2])
            value = number(written)
            assert any(
                abs(share * one_known - value) <= near
                for one_known in known
                for share in (1, 100, -1)
            ), text.get_text()


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_every_figure_is_told_in_words_with_numbers(kind):
    for one in result_drawings(DOCUMENTS[kind]):
        title, words = one.said()
        assert title
        assert NUMBER.search(words), one.name


def test_neighbouring_curves_differ_in_dash():
    for place in range(20):
        one, other = stroke(place), stroke(place + 1)
        assert one["linestyle"] != other["linestyle"]
        assert one != other


def test_colours_of_curves_are_seen_on_white():
    for colour in COLOURS:
        # contrast of graphics on white, WCAG 1.4.11
        assert 1.05 / (luminance(colour) + 0.05) >= 3


@pytest.mark.parametrize("ramp", RAMPS)
def test_grades_darken_step_by_step_in_grey(ramp):
    lights = [luminance(colour) for colour in ramp]
    for light, dark in pairwise(lights):
        # the step of two neighbouring fills that can be told apart in print
        assert (light + 0.05) / (dark + 0.05) >= 1.3


def test_fonts_are_embedded_in_the_pdf_as_type_42():
    content = file_bytes(fitted(drawing("points", "roc").build).figure, "pdf")
    assert content.startswith(b"%PDF")
    assert b"/FontFile2" in content
    assert b"/Type3" not in content


def test_png_has_300_dots_an_inch():
    content = file_bytes(fitted(drawing("points", "roc").build).figure, "png")
    # width of the image in the header
    assert int.from_bytes(content[16:20], "big") == 1003
    assert math.floor(85 / 25.4 * 300) == 1003


def test_same_result_same_bytes(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save_all(DOCUMENTS["points"], tmp_path / folder, only=("roc", "groups"))
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted([
        "figures.csv",
        *(f"{name}.{end}" for name in ("roc", "groups") for end in ("svg", "pdf", "png", "csv")),
    ])  # fmt: skip
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_svg_begins_with_its_words():
    found = published(result_drawings(DOCUMENTS["points"], ("roc",)), formats=("svg",))
    root = ET.fromstring(found.files["roc.svg"])
    assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    assert root.get("width") == f"{85 / 25.4 * 72:.6f}".rstrip("0") + "pt"


def test_a_figure_too_wide_for_one_column_is_named():
    def wide():
        figure = Figure(figsize=(6.7, 2.0))
        for at in range(12):
            figure.text(at / 12, 0.5, "two words", fontsize=8)
        return figure

    drawings = [Drawing("words", wide, lambda: ("Words", ""), lambda: "word\n")]
    found = published(drawings, "single", ("svg",))
    assert found.notes == ("needs two columns (170 mm), drawn so: words",)
    assert ",170.0," in found.files["figures.csv"]


def test_signs_without_a_font_are_found():
    document = json.loads(json.dumps(DOCUMENTS["points"]))
    document["result"]["roc"][0]["label"] = "评分 score"
    found = published(result_drawings(document, ("roc",)))
    assert found.notes == ("PDF and PNG lack a font for some signs, use the SVG: roc",)
    assert lacking(fitted(drawing("points", "roc").build).figure) == ""


def test_cells_never_become_formulas_and_numbers_stay_numbers():
    rows = [{"label": text} for text in ("=1+1", "+x", "-x", "@x", "\tx", " =1", "x")]
    told = list(csv.reader(io.StringIO(csv_text([*rows, {"label": -1.5}, {"label": None}]))))
    assert [row[0] for row in told[1:]] == [
        "'=1+1", "'+x", "'-x", "'@x", "'\tx", "' =1", "x", "-1.5", "",
    ]  # fmt: skip


def test_unknown_names_formats_and_widths_are_refused():
    with pytest.raises(PlanRefused, match="no figure 'nothing'"):
        result_drawings(DOCUMENTS["points"], ("nothing",))
    with pytest.raises(PlanRefused, match="nothing was resampled"):
        result_drawings(DOCUMENTS["index"], ("instability",))
    with pytest.raises(PlanRefused, match="column width"):
        fitted(drawing("points", "roc").build, "triple")
    with pytest.raises(PlanRefused, match="not written as"):
        file_bytes(drawing("points", "roc").build(), "gif")
    with pytest.raises(FileRefused, match="drawn from"):
        figure_csv(DOCUMENTS["points"], "nothing_1")


def test_a_result_that_lacks_a_part_is_refused_in_words():
    document = json.loads(json.dumps(DOCUMENTS["points"]))
    del document["result"]["roc"][0]["auc"]
    with pytest.raises(FileRefused, match="lacks what the figure 'roc'"):
        published(result_drawings(document, ("roc",)))
    del document["result"]["flow"]
    assert "patient_flow" not in {one.name for one in result_drawings(document)}


# Nomogram


def regression(**parts):
    rows = [
        {"term": "a", "label": "A, per unit", "coefficient": 0.5},
        {"term": "b", "label": "B, per doubling", "coefficient": -1.0},
        {"term": "c", "label": "C >= 3", "coefficient": 0.25},
    ]
    splines = [{"column": "a", "x": [0.0, 10.0]}, {"column": "b", "x": [1.0, 64.0]}]
    table = {"measure": "odds ratio", "rows": rows}
    return {"result": {"multivariable": table, "splines": splines, "simulated": False} | parts}


def test_points_of_a_development_by_hand():
    found = nomogram_of_development(regression())
    rows = [row for row in found.rows() if row["axis"] in ("A", "B", "C >= 3")]
    points = {(row["axis"], row["value"]): row["points"] for row in rows}
    # B spans log2 64 / log2 1 = 6 units, or 0 to 50 in round marks: log2 50 units are 100 points
    each = 100 / math.log2(50)
    assert points["B", 1.0] == pytest.approx(100, rel=1e-12)
    assert points["B", 50.0] == 0
    assert points["B", 10.0] == pytest.approx(100 - each * math.log2(10), rel=1e-12)
    assert points["A", 10.0] == pytest.approx(5 * each, rel=1e-12)
    assert points["C >= 3", 1.0] == pytest.approx(0.25 * each, rel=1e-12)
    ratios = [row for row in found.rows() if row["axis"] == "Odds ratio against 0 points"]
    for row in ratios:
        assert row["points"] == pytest.approx(math.log(row["value"]) * each, rel=1e-9)


def test_no_nomogram_where_a_range_or_a_second_term_is_missing():
    assert has_nomogram(regression())
    assert not has_nomogram(regression(splines=[]))
    assert not has_nomogram(regression(multivariable=None))
    only = {"measure": "odds ratio", "rows": regression()["result"]["multivariable"]["rows"][:1]}
    assert not has_nomogram(regression(multivariable=only))
    spline = {"term": "a", "label": "A, 9 against 2 (quartiles)", "coefficient": 1.0}
    rows = [*regression()["result"]["multivariable"]["rows"][1:], spline]
    assert not has_nomogram(regression(multivariable={"measure": "odds ratio", "rows": rows}))


def logistic(**parts):
    document = bare_document(
        inputs=[
            {"name": "x", "label": "X"},
            {"name": "y", "label": "Y", "coding": {"no": 0, "yes": 1}},
        ],
        terms=[
            {"kind": "linear", "input": "x", "transform": "log2", "coefficient": 0.4},
            {"kind": "linear", "input": "y", "coefficient": 1.2},
        ],
        intercept=0.25,
        risk={"kind": "logistic", "intercept": -2.5, "slope": 1.5},
        examples=[{"inputs": {"x": 1, "y": "no"}, "value": 0.25}],
    ) | parts  # fmt: skip
    return score_from_document(document)


def test_risk_of_the_total_is_the_risk_of_the_model():
    found = nomogram_of_score(logistic(), {"x": (1.0, 64.0)})
    axes = {axis.name: axis for axis in found.points.axes}
    for at, x in enumerate(axes["X"].values):
        for code in (0, 1):
            total = axes["X"].points[at] + axes["Y"].points[code]
            predictor = -2.5 + 1.5 * (0.25 + 0.4 * math.log2(x) + 1.2 * code)
            assert found.points.linear_predictor(total) == pytest.approx(predictor, rel=1e-10)
    for risk, total in zip(found.scale.values, found.scale.total_points, strict=True):
        value = float(found.points.linear_predictor(total))
        assert 1 / (1 + math.exp(-value)) == pytest.approx(risk, rel=1e-10)


def test_risk_scale_of_a_cox_score():
    spec = logistic(
        outcome={"name": "event", "kind": "survival", "definition": "e", "horizon": 12,
                 "time_unit": "months"},
        risk={"kind": "cox", "baseline_survival": 0.8, "slope": 1.5, "centre": 1},
    )  # fmt: skip
    found = nomogram_of_score(spec, {"x": (1.0, 64.0)})
    assert found.scale_name == "Risk: event by 12 months"
    assert len(found.scale.values) > 2
    for risk, total in zip(found.scale.values, found.scale.total_points, strict=True):
        value = float(found.points.linear_predictor(total))
        assert 1 - 0.8 ** math.exp(value) == pytest.approx(risk, rel=1e-9)


def test_a_range_is_asked_for_and_never_guessed():
    with pytest.raises(PlanRefused, match="none is stated for 'x'"):
        nomogram_of_score(logistic(), {})


@pytest.mark.parametrize("width", ["single", "double"])
def test_a_nomogram_fits_either_width(width):
    for spec, ranges in ((logistic(), {"x": (1.0, 64.0)}), (read_score("car-hematotox"), {})):
        found = fitted(draw_nomogram(nomogram_of_score(spec, ranges)), width)
        assert found.width == width
        assert found.smallest_pt >= SMALLEST_PT
        assert _crowding(found.figure) == 0


# The command


def result_file(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(
        json.dumps(DOCUMENTS["points"] | {"schema": "cartwheel/develop/1"}), encoding="utf-8"
    )
    return path


def test_the_command_writes_each_figure_with_its_data(tmp_path):
    lines = run_figures(
        Wanted(result_file(tmp_path), tmp_path / "f", formats=("svg",), only=("roc",))
    )
    assert sorted(path.name for path in (tmp_path / "f").iterdir()) == [
        "figures.csv", "roc.csv", "roc.svg",
    ]  # fmt: skip
    assert lines[0].startswith("roc: ")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "nothing to draw"),
        ({"markers": ("il6_pg_ml",), "result": "result"}, "needs a cohort"),
        ({"result": "result", "share": True}, "--share"),
        ({"result": "result", "formats": ("gif",)}, "not written as"),
        ({"result": "result", "only": ("nothing",)}, "no figure"),
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_is_written(tmp_path, told, said):
    if told.get("result"):
        told = {**told, "result": result_file(tmp_path)}
    with pytest.raises(Refused) as caught:
        run_figures(Wanted(**{"result": None, "folder": tmp_path / "f", **told}))
    assert said in str(caught.value) or any(said in p.where for p in caught.value.problems)
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("{", "not a JSON file"),
        ("{}", "not a result"),
        ('{"kind": "appraise", "result": {}}', "not a result"),
        ('{"kind": "develop", "result": {}}', "which form"),
        ('{"kind": "develop", "schema": "cartwheel/develop/9", "result": {}}', "form 9"),
    ],
)
def test_other_files_are_refused(tmp_path, content, said):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(FileRefused, match=said):
        run_figures(Wanted(path, tmp_path / "f"))
    assert not (tmp_path / "f").exists()
