"""What is wrong with rows: all of it at once, by number, with the mend."""

from __future__ import annotations

import datetime as dt
import io
import math
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from study_rows import Z, codes, only, read, refused, said

from cartwheel.errors import FileRefused
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict
from cartwheel.pooling.study.table import read_studies

GOOD = "Z,1.30,1.05,1.61"


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("A,0.01,0.05,0.5", "impossible_interval", "does not contain its estimate 0.01"),
        ("A,3.0,0.5,2.0", "impossible_interval", "does not contain its estimate 3.0"),
        ("A,1.2,1.9,0.8", "swapped_bounds", "lower limit 1.9 is above the upper limit 0.8"),
        ("A,1.2,1.2,1.2", "zero_width", "infinite weight"),
        ("A,1.2,-0.4,3.0", "non_positive_bound", "-0.4"),
        ("A,1.2,0.0,3.0", "non_positive_bound", "0.0"),
        ("A,-1.2,0.4,3.0", "non_positive_bound", "-1.2"),
        ("A,1.2,,", "no_error", "no interval and no error"),
        ("A,1.2,0.8,", "no_error", "no interval"),
        ("A,,0.8,2.0", "no_estimate", "without its estimate"),
        ("A,about 2,1.1,3.0", "text_number", "'about 2' is not a number"),
        ("A,#N/A,1.1,3.0", "text_number", "#N/A"),
        ('A,"1,234",1.1,3.0', "decimal_mark", "two ways"),
        ("A,1.2,<0.9,3.0", "bound_only", "only a bound"),
    ],
)
def test_a_faulty_ratio_is_refused_by_its_row(row: str, code: str, words: str) -> None:
    found = refused(f"study,HR,lower,upper\n{GOOD}\n{row}\n")
    assert list(found) == [code]
    sentence = found[code]
    assert sentence.startswith("row 3 (A): ")
    assert words in sentence
    # what to do, and how to go on without the row
    assert " -> " in sentence
    assert "--leave-out 'row 3'" in sentence


@pytest.mark.parametrize(
    ("header", "row", "code"),
    [
        ("events,n", "A,25,20", "events_over_n"),
        ("events,n", "A,-1,20", "negative_count"),
        ("events,n", "A,2.5,20", "fractional_count"),
        ("events,n", "A,2,0", "empty_group"),
        ("percent,n", "A,130,20", "outside_range"),
        ("proportion,n", "A,13.6,125", "outside_range"),
        ("percent,n", "A,0.136,125", "percent_fraction"),
        ("ai,n1i,ci,n2i", "A,21,20,3,20", "events_over_n"),
        ("ai,n1i,ci,n2i", "A,2,20,0,0", "empty_group"),
        ("ai,bi,ci,di", "A,2,-1,3,4", "negative_count"),
        ("AUC,95% CI", "A,0.75,68-81", "outside_range"),
        ("AUC,n,events", "A,0.75,20,20", "events_over_n"),
        ("observed,expected,n", "A,25,20,20", "events_over_n"),
        ("HR,SE", "A,1.5,0", "zero_variance"),
        ("HR,SE", "A,1.5,-0.2", "not_positive"),
        ("HR,p", "A,1.5,1.2", "p_range"),
        ("x1i,t1i,x2i,t2i", "A,2,0,3,10", "not_positive"),
        ("log HR,SE(log HR)", "A,120,0.2", "implausible"),
        ("AUC,SE", "A,0.7,300", "implausible"),
    ],
)
def test_faulty_counts_and_errors(header: str, row: str, code: str) -> None:
    assert list(refused(f"study,{header}\n{row}\n")) == [code]


def test_all_faults_at_once_and_nothing_else() -> None:
    with pytest.raises(FileRefused) as caught:
        read(f"study,HR,lower,upper\nA,0.01,0.05,0.5\n{GOOD}\nB,1.2,1.9,0.8\nC,x,1,2\n")
    assert [problem.where for problem in caught.value.problems] == [
        "row 2 (A)",
        "row 4 (B)",
        "row 5 (C)",
    ]


def test_a_faulty_row_alone_in_its_pool_is_left_out_by_number() -> None:
    text = f"set,study,HR,lower,upper\ngood,{GOOD}\nbad,A,0.01,0.05,0.5\n"
    table = read(text)
    bad = table.studies[1]
    assert (bad.used, bad.row) == (False, 3)
    assert "does not contain" in bad.reason
    # shown as printed, not as something computed
    assert (bad.estimate.value, bad.estimate.low, bad.estimate.high) == (0.01, 0.05, 0.5)
    note = next(note for note in table.notes if note.code == "impossible_interval")
    assert note.severity == "caution"
    assert "row 3 (A)" in note.text
    assert "Mend" in note.text
    assert "impossible_interval" in refused(text, strict=True)
    assert "impossible_interval" in refused(text, group=["bad"])
    assert read(text, group=["good"]).studies[0].used
    assert "impossible_interval" not in codes(read(text, group=["good"]))


def test_a_row_left_out_by_name_needs_no_mend() -> None:
    text = f"study,HR,lower,upper\n{GOOD}\nA,0.01,0.05,0.5\nB,1.2,0.9,1.6\n"
    for entry in ("A", "a", "row 3", "#3", "studies.csv:3"):
        table = read(text, leave_out=[entry])
        assert [study.study for study in table.studies if study.used] == ["Z", "B"]
        assert "row 3 (A)" in said(table, "left_out")
    good = read(text, leave_out=["A", "B"])
    assert good.studies[-1].reason == "left out by the plan"
    assert "did you mean" in refused(text, leave_out=["Bb"])["leave_out_unknown"]
    assert "rows run from 2 to 4" in refused(text, leave_out=["row 30"])["leave_out_unknown"]


def test_rows_without_numbers_are_listed() -> None:
    table = read(f"study,HR,lower,upper\n{GOOD}\nA,,,\nB,NR,,\n")
    assert [(row.row, row.code) for row in table.left_out] == [(3, "no_numbers"), (4, "no_numbers")]
    assert "row 3 (A); row 4 (B)" in said(table, "no_numbers")
    found = refused("study,HR,lower,upper\nA,,,\nB,,,\n")
    assert "cartwheel appraise" in found["no_studies"]
    assert "row 3 (B)" in found["no_numbers"]


def test_a_pooled_result_is_no_study() -> None:
    table = read(f"row_type,study,HR,lower,upper\nstudy,{GOOD}\npooled_target,M,2.0,1.5,2.7\n")
    assert [study.study for study in table.studies] == ["Z"]
    assert table.left_out[0].code == "pooled_result"
    looks = read(f"study,HR,lower,upper\n{GOOD}\nLi (meta-analysis),2.00,1.50,2.67\n")
    assert "meta_analysis_row" in codes(looks)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A,2.15,1.74,2.66", None),
        ("A,1.5,1.0,2.25", None),
        # the middle of 1.05 and 3.95 is 2.04
        ("A,2.50,1.05,3.95", "asymmetric_interval"),
        # 2.53 against 2.48: more than rounding, less than a tenth of the half width
        ("A,2.53,1.03,5.97", "slightly_asymmetric"),
        ("A,1.1,1.1,1.2", "imprecise_interval"),
        ("A,1.2,1.1,1.4", "imprecise_interval"),
    ],
)
def test_symmetry_is_judged_by_what_rounding_allows(row: str, code: str | None) -> None:
    found = [note for note in codes(read(f"study,HR,lower,upper\n{row}\n"))]
    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("p", "disagrees"),
    [
        ("0.0001", False),
        # z = 3.8: p is 0.00014
        ("0.00014", False),
        ("<0.001", False),
        ("<0.05", False),
        # z = 1.04 would need an error 3.7 times as large
        ("0.30", True),
        (">0.05", False),
        (">0.1", True),
        # rounded to 0: a bound of 0.0005
        ("0.000", False),
        ("<0.00000000000000000001", True),
    ],
)
def test_p_value_against_interval(p: str, disagrees: bool) -> None:
    # log 2 with an error of 0.182
    table = read(f"study,HR,lower,upper,p\nA,2.00,1.40,2.86,{p}\n")
    assert ("p_disagrees" in codes(table)) == disagrees


def test_a_percentage_that_does_not_fit_its_counts() -> None:
    table = read("study,percent,events,n\nA,13.6,17,125\nB,30,2,20\n")
    assert "row 3 (B)" in said(table, "percent_disagrees")
    assert "row 2" not in said(table, "percent_disagrees")
    assert table.studies[1].counts is not None
    assert table.studies[1].counts.events == 2.0


def test_an_outcome_left_open_among_others_is_refused() -> None:
    text = f"outcome,study,HR,lower,upper\nPFS,{GOOD}\n,A,1.2,0.9,1.6\n"
    assert "row 3 (A)" in refused(text)["outcome_missing"]
    assert read(f"study,HR,lower,upper\n{GOOD}\nA,1.2,0.9,1.6\n").studies[1].outcome == ""


def test_names_are_compared_without_case_and_spaces() -> None:
    table = read(f"outcome,study,HR,lower,upper\nPFS,{GOOD}\n pfs ,A,1.2,0.9,1.6\n")
    assert [study.outcome for study in table.studies] == ["PFS", "PFS"]
    same = read(
        f"outcome,study,HR,lower,upper\nPFS,{GOOD}\nEFS,A,1.2,0.9,1.6\n",
        same_outcome={"efs": "PFS"},
    )
    assert [study.outcome for study in same.studies] == ["PFS", "PFS"]
    assert "'efs' for 'PFS'" in said(same, "renamed")


def test_filters() -> None:
    text = (
        f"set,outcome,study,HR,lower,upper\ns,PFS,{GOOD}\ns,OS,A,1.2,0.9,1.6\nt,OS,B,1.2,0.9,1.6\n"
    )
    used = [study.study for study in read(text, outcome=["os"]).studies if study.used]
    assert used == ["A", "B"]
    table = read(text, outcome=["OS"], group=["t"])
    assert [study.used for study in table.studies] == [False, False, True]
    assert table.studies[0].reason == "group 's' was not asked for"
    assert "did you mean PFS" in refused(text, outcome=["PSF"])["outcome_unknown"]
    assert "group_unknown" in refused(text, group=["x"])
    assert "not_used" in refused(text, measure="OR")


def test_labels_are_optional_and_said() -> None:
    assert read("HR,lower,upper\n1.5,1.1,2.1\n1.2,0.9,1.6\n").studies[0].study == "row 2"
    table = read(f"study,HR,lower,upper\n{GOOD}\n,1.2,0.9,1.6\n")
    assert table.studies[1].study == "row 3"
    assert "no_label" in codes(table)


def test_overlap_inside_a_pool() -> None:
    header = "study,year,HR,lower,upper,overlap_note,doi\n"
    same = read(header + "A,2020,1.5,1.1,2.1,,\nA,2020,1.2,0.9,1.6,,\nA,2023,1.3,0.9,1.8,,\n")
    (overlap,) = same.overlaps
    assert (overlap.kind, overlap.positions, overlap.rows) == ("same_label", (0, 1), (2, 3))
    assert "rows 2, 3" in said(same, "overlap_same_label")

    noted = read(
        header
        + "ChiCTR1800017404 cohort,,1.5,1.1,2.1,window inside that of Abstract 7082,\n"
        + "Abstract 7082,,1.2,0.9,1.6,same centre as ChiCTR1800017404 suspected,\n"
        + "B,,1.1,0.8,1.5,none known,\nC,,1.3,0.9,1.8,may share centres with others,\n"
    )
    (overlap,) = noted.overlaps
    assert (overlap.kind, overlap.rows) == ("noted", (2, 3))
    assert "row 5" in said(noted, "overlap_note")
    assert "row 4" not in said(noted, "overlap_note")
    first = read(
        header + "A,2020,1.5,1.1,2.1,,\nA,2020,1.2,0.9,1.6,,\nB,2023,1.2,0.9,1.6,,\n",
        overlap="keep_first",
    )
    assert [study.used for study in first.studies] == [True, False, True]
    assert "row 2 (A)" in first.studies[1].reason

    paper = read(
        header
        + "A,,1.5,1.1,2.1,,10.1000/x\nB,,1.2,0.9,1.6,,10.1000/x\n"
        + "C,,1.2,0.9,1.6,independent patients,10.1000/x\n"
    )
    (overlap,) = paper.overlaps
    assert (overlap.kind, overlap.rows) == ("same_source", (2, 3))
    assert [n.severity for n in paper.notes if n.code == "overlap_same_source"] == ["information"]


def test_rows_of_different_outcomes_do_not_overlap() -> None:
    table = read(f"outcome,study,HR,lower,upper\nPFS,{GOOD}\nOS,{GOOD}\n")
    assert table.overlaps == ()


def test_mixtures_are_named() -> None:
    measures = read("study,measure,estimate,lower,upper\nA,HR,1.5,1.1,2.1\nB,OR,1.2,0.9,1.6\n")
    assert "HR and OR" in said(measures, "mixed_measures")
    factors = read(
        "study,factor,HR,lower,upper\nA,LDH,1.5,1.1,2.1\nB,CRP,1.2,0.9,1.6\n"
        "C,serum LDH,1.2,0.9,1.6\n"
    )
    assert "LDH; CRP" in said(factors, "mixed_factors")
    one = read("study,factor,HR,lower,upper\nA,LDH,1.5,1.1,2.1\nB,LDH levels,1.2,0.9,1.6\n")
    assert "mixed_factors" not in codes(one)
    header = "study,comparison,HR,lower,upper\n"
    mirrored = read(header + "A,high vs low,1.5,1.1,2.1\nB,low versus high,0.7,0.5,0.98\n")
    assert "row 3" in said(mirrored, "mirrored")
    assert not mirrored.studies[1].inverted
    turned = read(header + "A,yes vs no,1.5,1.1,2.1\nB,absent vs present (invert),0.7,0.5,0.98\n")
    assert "mirrored" not in codes(turned)
    doubt = read(header + "A,0-1 vs 2-4 (direction label looks reversed),1.5,1.1,2.1\n")
    assert "direction_doubtful" in codes(doubt)


def test_cutoffs_in_different_units_carry_no_number() -> None:
    header = "study,HR,lower,upper,cutoff,cutoff unit\n"
    mixed = read(header + "A,1.5,1.1,2.1,650,ng/mL\nB,1.2,0.9,1.6,0.8,mg/L\n")
    assert [study.cutoff for study in mixed.studies] == [None, None]
    assert "cutoff_units" in codes(mixed)
    same = read(header + "A,1.5,1.1,2.1,650,ng/mL\nB,1.2,0.9,1.6,882 (upper quartile),\n")
    assert [study.cutoff for study in same.studies] == [650.0, 882.0]
    assert any("882" in sentence for sentence in same.studies[1].assumptions)


def test_clusters() -> None:
    assert only("study,HR,lower,upper\nA,1.5,1.1,2.1\n").cluster == "A"
    assert only("study,cluster,HR,lower,upper\nA,c1,1.5,1.1,2.1\n").cluster == "c1"
    assert only("study,centre,HR,lower,upper\nA,x,1.5,1.1,2.1\n", cluster="Centre").cluster == "x"
    assert "column_unknown" in refused("study,HR,lower,upper\nA,1.5,1.1,2.1\n", cluster="centre")


@pytest.mark.parametrize(
    "content",
    [
        "Study;HR;95% CI\nA;2,15;1,74–2,66\nB;1,50;1,10-2,05\n",
        "\ufeffStudy,HR,95% CI\nA,2.15,1.74–2.66\nB,1.50,1.10-2.05\n",
        "Study\tHR\t95% CI\r\nA\t2·15\t1·74–2·66\r\nB\t1·50\t1·10–2·05\r\n",
        "Study,HR (95% CI)\nA,2.15\u00a0(1.74\u2009–\u20092.66)\nB,1.50 (1.10 to 2.05)\n",
        "Study|HR|95% CI\nA|2.15|1.74—2.66\nB|1.50|1.10—2.05\n",
        "\n\nStudy,HR,95% CI,\nA,2.15,1.74-2.66,\nB,1.50,1.10-2.05,\n,,,\n",
    ],
)
def test_hostile_files_read_alike(content: str) -> None:
    for data in (content.encode(), content.lstrip("\ufeff").encode("utf-16")):
        table = read(data)
        assert [round(study.estimate.value or 0, 6) for study in table.studies] == [2.15, 1.5]
        errors = [math.log(2.66 / 1.74) / (2 * Z), math.log(2.05 / 1.10) / (2 * Z)]
        # the same few operations: rounding only
        assert [study.std_error for study in table.studies] == pytest.approx(errors, rel=1e-12)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file_empty"),
        ("study,HR,lower,upper\n", "no_rows"),
        ("study,HR,lower,upper\nA,1.5,1.1,2.1\n\nB,1.2,0.9,1.6\n", "empty_rows"),
        ("Table 1\nstudy,HR,lower,upper\nA,1.5,1.1,2.1\nB,1.2,0.9,1.6\n", "title_row"),
        ("study,HR,lower,upper\nA,1.5,1.1\nB,1.2,0.9,1.6\n", "ragged_rows"),
        ("study,country\nA,x\nB,y\n", "no_studies"),
    ],
)
def test_broken_files(content: str, code: str) -> None:
    found = refused(content)
    assert code in found
    assert "patient" not in found[code]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_one_study_is_enough(newline: str, separator: str) -> None:
    text = newline.join(("study,HR,lower,upper", "A,1.5,1.1,2.1", "")).replace(",", separator)
    for data in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        (study,) = read(data).studies
        assert (study.row, study.study, study.reported) == (2, "A", "HR 1.5 (1.1-2.1)")


def _workbook(rows: list[list[object]], merge: str = "") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_workbooks() -> None:
    header = ["Study", "HR", "Lower", "Upper"]
    (single,) = read(_workbook([header, ["A", 1.5, 1.1, 2.1]]), "t.xlsx").studies
    assert single.row == 2
    # 2.10 is stored as 2.1: all three were printed with the places of the finest
    rows = [header, ["A", 2.15, 1.74, 2.66], ["B", 1.5, 1.07, 2.1]]
    table = read(_workbook(rows), "t.xlsx")
    assert codes(table) == []
    merged = read(
        _workbook([header, ["A", 2.15, 1.74, 2.66], ["", 1.52, 1.11, 2.08]], "A2:A3"), "t.xlsx"
    )
    assert {"reading", "no_label"} <= set(codes(merged))
    date = _workbook([["Study", "HR", "95% CI"], ["A", 2.15, dt.datetime(2026, 1, 2)],
                      ["B", 1.5, "1.1-2.1"]])  # fmt: skip
    assert "spreadsheet" in refused(date, "t.xlsx")["date_cell"]


def test_frames() -> None:
    columns = {"study": ["A", "B"], "HR": [1.5, 1.2], "lower": [1.1, 0.9], "upper": [2.1, 1.6]}
    wanted = read("study,HR,lower,upper\nA,1.5,1.1,2.1\nB,1.2,0.9,1.6\n").studies
    table = read_studies([pd.DataFrame(columns)], plan=PoolPlan())
    assert [study.effect for study in table.studies] == [study.effect for study in wanted]
    # rows of a frame count from 0, as in frame.iloc
    assert [study.row for study in table.studies] == [0, 1]
    (one,) = read_studies([pd.DataFrame(columns)[1:]], plan=PoolPlan()).studies
    assert one.study == "B"


def test_frames_of_other_libraries() -> None:
    pa = pytest.importorskip("pyarrow")
    frame = pa.table({"study": ["A", "B"], "HR": [1.5, 1.2], "SE(log HR)": [0.1, 0.2]})
    table = read_studies([frame], plan=PoolPlan())
    assert [study.std_error for study in table.studies] == [0.1, 0.2]
    assert len(read_studies([frame.slice(0, 1)], plan=PoolPlan()).studies) == 1


def test_several_files(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("study,HR,lower,upper\nA,1.5,1.1,2.1\nB,1.2,0.9,1.6\n")
    second.write_text("Author,Hazard ratio (95% CI)\nC,1.1 (0.8-1.5)\nD,0.01 (0.05-0.5)\n")
    with pytest.raises(FileRefused) as caught:
        read_studies([first, second], plan=PoolPlan())
    assert caught.value.problems[0].where == "b.csv, row 3 (D)"
    plan = pool_plan_from_dict({"leave_out": ["b.csv:3"]})
    table = read_studies([first, second], plan=plan)
    assert [study.study for study in table.studies if study.used] == ["A", "B", "C"]
    assert [(source.name, source.kind, source.rows) for source in table.sources] == [
        ("a.csv", "table", 2),
        ("b.csv", "table", 2),
    ]
    with pytest.raises(FileRefused, match="given twice"):
        read_studies([first, first], plan=PoolPlan())
    with pytest.raises(FileRefused, match="no such file"):
        read_studies([tmp_path / "none.csv"], plan=PoolPlan())
    with pytest.raises(FileRefused, match="no file is given"):
        read_studies([], plan=PoolPlan())


def test_simulated_rows_mark_the_whole() -> None:
    assert read(f"study,HR,lower,upper\n{GOOD}\n", simulated=True).simulated
    table = read(f"study,HR,lower,upper,simulated\n{GOOD},no\nA,1.2,0.9,1.6,yes\n")
    assert table.simulated
    assert "simulated" in codes(table)
    assert not read(f"study,HR,lower,upper\n{GOOD}\n").simulated
