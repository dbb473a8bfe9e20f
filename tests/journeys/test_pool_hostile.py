"""``cartwheel pool`` against tables that would mislead it: refused or flagged, never guessed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from develop_examples import cartwheel

import cartwheel as cw
from cartwheel.errors import FileRefused

PAIR = "A,2,1.2,3.33\nB,1.5,1.1,2.05\n"
HEAD = "study,HR,lower,upper\n"


def table(folder: Path, text: str, name: str = "studies.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def pooled(folder: Path, text: str, *flags: str) -> dict[str, Any]:
    done = cartwheel("pool", table(folder, text), *flags, "--json", "-")
    assert done.code == 0, done.err
    result: dict[str, Any] = json.loads(done.out)["result"]
    return result


def refusal(folder: Path, text: str, *flags: str) -> str:
    """Run what must be refused: nothing is written, nothing breaks, and a mend is named."""
    target = folder / "result.json"
    done = cartwheel("pool", table(folder, text), *flags, "--json", str(target))
    assert done.code == 2, done.out
    assert "mend:" in done.err
    assert "Traceback" not in done.err
    assert not target.exists()
    # one line, however the text was wrapped
    return " ".join(done.err.split())


def cautions(result: dict[str, Any]) -> dict[str, str]:
    notes = [*result["notes"], *(note for one in result["analyses"] for note in one["notes"])]
    return {note["code"]: note["text"] for note in notes if note["severity"] == "caution"}


@pytest.mark.parametrize(
    "label",
    ["Total", "Total (95% CI)", "Subtotal", "Pooled (random)", "Overall", "overall effect",
     "Random effects model", "Fixed-effect model", "Meta-analysis", "All studies"],
)  # fmt: skip
def test_a_line_of_sums_is_no_study(label: str, tmp_path: Path) -> None:
    text = refusal(tmp_path, f"{HEAD}{PAIR}{label},1.62,1.24,2.12\n")
    assert "row 4" in text
    assert "not a study" in text
    kept = pooled(tmp_path, f"{HEAD}{PAIR}{label},1.62,1.24,2.12\n", "--leave-out", "row 4")
    assert kept["analyses"][0]["k"] == 2


@pytest.mark.parametrize("label", ["Total Therapy 2", "Overall Survival Group", "Poole 2020"])
def test_names_that_only_look_like_sums_are_studies(label: str, tmp_path: Path) -> None:
    assert pooled(tmp_path, f"{HEAD}{PAIR}{label},1.7,1.1,2.6\n")["analyses"][0]["k"] == 3


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (f"{HEAD}{PAIR}C et al,1.5,1.1,2.05\n", "rows 3, 4"),
        (f"{HEAD}{PAIR}C et al,1·5,1·1,2·05\n", "rows 3, 4"),
        ("study,ai,n1i,ci,n2i\nA,12,30,5,40\nB,9,22,4,31\nC,12,30,5,40\n", "rows 2, 4"),
    ],
)
def test_the_same_digits_under_two_names_may_be_one_cohort(
    text: str, row: str, tmp_path: Path
) -> None:
    result = pooled(tmp_path, text)
    found = cautions(result)
    assert row in found["overlap_same_numbers"]
    # and the pool without either of them stands beside it
    assert "with only row" in found["overlap_pooled"]


def test_one_of_equal_rows_is_kept_where_the_plan_says_so(tmp_path: Path) -> None:
    text = f"{HEAD}{PAIR}C et al,1.5,1.1,2.05\n"
    result = pooled(tmp_path, text, "--overlap", "keep_first")
    assert result["analyses"][0]["k"] == 2
    assert [study["used"] for study in result["studies"]] == [True, True, False]


def test_small_counts_that_agree_are_no_suspicion(tmp_path: Path) -> None:
    text = "study,events,n\nA,2,40\nB,2,40\nC,5,60\n"
    assert "overlap_same_numbers" not in cautions(pooled(tmp_path, text))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("high vs low", "low vs high"),
        ("ferritin >= 650 vs < 650", "ferritin < 800 vs >= 800"),
        ("> 650 vs <= 650", "<= 800 versus > 800"),
    ],
)
def test_a_mirrored_comparison_is_named_by_row(first: str, second: str, tmp_path: Path) -> None:
    text = f"study,comparison,HR,lower,upper\nA,{first},2,1.2,3.33\nB,{second},0.5,0.3,0.83\n"
    found = cautions(pooled(tmp_path, text))
    assert "row 3 compares low with high" in found["mirrored"]
    assert "row 3" in found["opposite_directions"]


def test_studies_on_both_sides_of_no_effect_are_named(tmp_path: Path) -> None:
    text = f"{HEAD}{PAIR}C,0.5,0.3,0.83\n"
    assert "Row 4 lies wholly below 1" in cautions(pooled(tmp_path, text))["opposite_directions"]
    assert "opposite_directions" not in cautions(pooled(tmp_path, HEAD + PAIR))


def test_a_c_statistic_below_one_half_is_doubted(tmp_path: Path) -> None:
    text = "study,AUC,lower,upper\nA,0.29,0.20,0.40\nB,0.78,0.70,0.84\n"
    found = cautions(pooled(tmp_path, text))
    assert "row 2" in found["below_half"]
    assert "below_half" not in cautions(
        pooled(tmp_path, text.replace("0.29,0.20,0.40", "0.45,0.35,0.55"))
    )


def test_log_ratios_under_a_ratios_name_are_suspected(tmp_path: Path) -> None:
    text = f"{HEAD}A,0.693,0.2,1.186\nB,0.40,0.1,0.7\n"
    assert (
        "a log ratio under a ratio's name?"
        in cautions(pooled(tmp_path, text))["asymmetric_interval"]
    )
    # off the middle in both ways: some other fault
    plain = cautions(pooled(tmp_path, f"{HEAD}A,2,1.2,6.5\nB,1.5,1.1,2.05\n"))
    assert "log ratio" not in plain["asymmetric_interval"]


def test_a_standard_error_of_the_ratio_is_not_taken_for_that_of_its_log(tmp_path: Path) -> None:
    # log 2 / 0.25 = 2.77: p 0.0055; the paper printed 2 x 0.25
    text = refusal(tmp_path, "study,HR,SE,p\nA,2.0,0.5,0.0055\nB,1.5,0.16,0.011\n")
    assert "row 2 (A)" in text
    assert "row 3" not in text
    assert "SE(log HR)" in text
    named = refusal(tmp_path, "study,HR,SE(HR)\nA,2.0,0.5\nB,1.5,0.24\n")
    assert "row 2 (A)" in named
    assert "row 3 (B)" in named
    right = pooled(tmp_path, "study,HR,SE,p\nA,2.0,0.25,0.0055\nB,1.5,0.16,0.011\n")
    assert right["studies"][0]["std_error"] == 0.25


def test_a_p_value_beside_an_error_is_not_called_an_interval(tmp_path: Path) -> None:
    result = pooled(tmp_path, "study,HR,SE,p\nA,2.0,0.05,0.0055\nB,1.5,0.16,0.011\n")
    assert "0.05 by the standard error" in cautions(result)["p_disagrees"]


def test_coefficients_of_a_regression_are_on_the_log_scale(tmp_path: Path) -> None:
    result = pooled(tmp_path, "study,coef,se(coef)\nA,0.69,0.26\nB,0.4,0.16\n", "--measure", "HR")
    assert [study["effect"] for study in result["studies"]] == [0.69, 0.4]


@pytest.mark.parametrize(
    ("text", "flags", "said"),
    [
        ("study,percent,n\nA,12,100\nB,0.15,100\n", (), "row 3 (B): no whole number of 100"),
        ("study,n,events,HR,lower,upper\nA,60,70,2,1.2,3.33\nB,60,20,1.5,1.1,2.05\n", (),
         "row 2 (A): 70 events among 60 patients"),
        (f"{HEAD}A,200%,120%,333%\nB,1.5,1.1,2.05\n", (), "row 2 (A): 200%: a HR is not printed"),
        ("study,log HR,lower,upper\nA,0.69,0.18,1.2\nB,0.4,0.1,0.72\n", (),
         "row 2 (A): the limits do not say whether"),
        ("study,median_high,median_low,events_high,events_low\nA,6.1,NR,30,25\n", (),
         "medians 6.1 and NR: one is not reached"),
        ("study,HR PFS,95% CI PFS\nA,2,1.2-3.33\n", (), "not understood: 'HR PFS', '95% CI PFS'"),
        ("study,events/n\nA,12/100\nB,15/100\n", (), "not understood: 'events/n'"),
        ("study,b1,SE\nA,0.69,0.26\n", ("--measure", "HR"), "not understood: 'b1'"),
        # the order of four letters is nobody's law, and ARR is two things
        ("study,a,b,c,d\nA,12,30,5,40\n", (), "not understood: 'a', 'b', 'c', 'd'"),
        ("study,ARR,lower,upper\nA,0.10,0.02,0.18\n", (), "not understood: 'ARR'"),
        (HEAD + PAIR, ("--leave-out", "A", "--leave-out", "B"), "row 2 (A): left out by the plan"),
        (HEAD + PAIR, ("--same-outcome", "PSF=PFS"), "no row has the outcome 'PSF'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(
    text: str, flags: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    assert said in refusal(tmp_path, text, *flags)


def test_an_adjusted_risk_ratio_is_still_one(tmp_path: Path) -> None:
    result = pooled(tmp_path, "study,aRR,lower,upper\nA,1.1,0.9,1.34\nB,1.2,0.9,1.6\n")
    assert result["analyses"][0]["measure"] == "RR"


def test_a_leukaemia_is_no_lower_limit(tmp_path: Path) -> None:
    text = "study,HR,lower,upper,CLL,CCI\nA,2,1.2,3.33,10,3\nB,1.5,1.1,2.05,20,4\n"
    result = pooled(tmp_path, text)
    assert [item["name"] for item in result["studies"][0]["moderators"]] == ["CLL", "CCI"]


def test_a_percentage_of_no_whole_number_is_flagged(tmp_path: Path) -> None:
    found = cautions(pooled(tmp_path, "study,percent,n\nA,12,100\nB,43.2,60\n"))
    assert "row 3 (B): 43.2% of 60" in found["percent_count"]
    assert "row 2" not in found["percent_count"]


def test_a_pool_without_events_is_made_of_constants(tmp_path: Path) -> None:
    for text in ("A,0,30\nB,0,25\nC,0,10\n", "A,30,30\nB,25,25\nC,10,10\n"):
        found = cautions(pooled(tmp_path, "study,events,n\n" + text))
        assert "not from the data" in found["no_events"]
    assert "no_events" not in cautions(pooled(tmp_path, "study,events,n\nA,0,30\nB,1,25\n"))


def test_one_outcome_under_two_names_is_asked_about(tmp_path: Path) -> None:
    text = (
        "study,outcome,HR,lower,upper\nA,PFS,2,1.2,3.33\n"
        "B,Progression-free survival,1.5,1.1,2.05\nC,OS,1.7,1.1,2.6\n"
    )
    said = cautions(pooled(tmp_path, text))["two_names"]
    assert "--same-outcome 'Progression-free survival=PFS'" in said
    joined = pooled(tmp_path, text, "--same-outcome", "Progression-free survival=PFS")
    assert "two_names" not in cautions(joined)
    assert joined["analyses"][0]["k"] == 2


def flow(folder: Path, counts: str) -> tuple[str, ...]:
    return "--prisma", str(table(folder, counts, "flow.toml"))


def test_reports_in_no_box_do_not_add_up(tmp_path: Path) -> None:
    counts = "databases = 30\nscreened = 30\nexcluded = 14\nassessed = 16\nstudies = 2\n"
    assert "14 reports are in no box" in refusal(tmp_path, HEAD + PAIR, *flow(tmp_path, counts))
    whole = counts + "reports_excluded = { 'no ratio' = 14 }\n"
    assert "flow_and_table" not in cautions(pooled(tmp_path, HEAD + PAIR, *flow(tmp_path, whole)))
    # two reports of one study are said, not guessed
    assert pooled(tmp_path, HEAD + PAIR, *flow(tmp_path, counts + "reports = 16\n"))["flow"]


def test_a_flow_that_ends_elsewhere_than_the_table_is_told(tmp_path: Path) -> None:
    counts = "databases = 30\nscreened = 30\nexcluded = 18\nassessed = 12\nstudies = 12\n"
    found = cautions(pooled(tmp_path, HEAD + PAIR, *flow(tmp_path, counts)))
    assert "ends with 12 studies, the tables name 2" in found["flow_and_table"]


@pytest.mark.parametrize(
    ("grade", "said"),
    [
        ("domain = 'inconsistency'\nchange = 1\nreason = 'x'\n", "a reason to rate down"),
        ("domain = 'large_effect'\nchange = -1\nreason = 'x'\n", "a reason to rate up"),
        ("domain = 'indirectness'\nchange = -1\nreason = 'x'\nanalysis = 'OS'\n", "called 'OS'"),
    ],
)
def test_judgements_that_mean_nothing_are_refused(grade: str, said: str, tmp_path: Path) -> None:
    plan = table(tmp_path, f"[grade]\nstart = 'high'\n[[grade.choices]]\n{grade}", "plan.toml")
    assert said in refusal(tmp_path, HEAD + PAIR, "--plan", str(plan))


def test_judgements_without_a_start_are_refused_and_others_are_printed(tmp_path: Path) -> None:
    choice = "[[grade.choices]]\ndomain = 'indirectness'\nchange = -1\nreason = 'one country'\n"
    plan = table(tmp_path, f"[grade]\n{choice}", "plan.toml")
    assert "no starting point" in refusal(tmp_path, HEAD + PAIR, "--plan", str(plan))
    text = cartwheel("pool", table(tmp_path, HEAD + PAIR), "--plan", plan, "--grade", "high").out
    assert "indirectness -1, as the plan says: one country" in " ".join(text.split())
    assert "start by GRADE guidelines 28" in " ".join(text.split())


def test_a_column_risk_of_bias_can_divide_the_studies(tmp_path: Path) -> None:
    text = f"{HEAD[:-1]},risk of bias\nA,2,1.2,3.33,low\nB,1.5,1.1,2.05,high\nC,1.7,1.1,2.6,high\n"
    (division,) = pooled(tmp_path, text, "--subgroup", "risk of bias")["analyses"][0]["subgroups"]
    assert [row["k"] for row in division["rows"]] == [1, 2]


def test_the_text_fits_a_terminal_and_says_what_a_division_leaves_out(tmp_path: Path) -> None:
    label = "A study with a name that is far too long for its column"
    text = (
        f"study,outcome,HR,lower,upper,kind\n{label},PFS,2,1.2,3.33,x\nB,PFS,1.5,1.1,2.05,\n"
        f"C,PFS,1.7,1.1,2.6,y\n{label},OS,1.7,1.1,2.6,y\n"
    )
    done = cartwheel("pool", table(tmp_path, text), "--subgroup", "kind")
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    assert "1 study has no value and stand" in " ".join(done.out.split())
    # a name that is cut short does not run into the number behind it
    assert "... " in done.out
    assert "...1.70" not in done.out


def test_a_long_way_round_changes_nothing(tmp_path: Path) -> None:
    """A ratio, its log with error, and both turned round are one study."""
    ratio = pooled(tmp_path, f"{HEAD}A,2,1.25,3.2\nB,1.5,1.1,2.05\n")
    error = math.log(3.2 / 1.25) / (2 * 1.959963984540054)
    logs = pooled(
        tmp_path,
        f"study,log HR,SE(log HR)\nA,{math.log(2)!r},{error!r}\n"
        f"B,{math.log(1.5)!r},{math.log(2.05 / 1.1) / (2 * 1.959963984540054)!r}\n",
    )
    turned = pooled(
        tmp_path,
        "study,comparison,HR,lower,upper\nA,low vs high (invert),0.5,0.3125,0.8\n"
        "B,high vs low,1.5,1.1,2.05\n",
    )
    values = [one["analyses"][0]["main"]["pooled"]["value"] for one in (ratio, logs, turned)]
    # the same numbers but for rounding of the arithmetic
    assert values == pytest.approx([values[0]] * 3, rel=1e-12)


def test_cutoffs_in_different_units_are_not_one_scale(tmp_path: Path) -> None:
    """The unit may stand in the cell; 0.9 mg/L is more than 650 ug/L."""
    rows = "A,400 ng/mL,2,1.2,3.33\nB,650 ug/L,1.5,1.1,2.05\nC,0.9 mg/L,1.7,1.1,2.6\n"
    head = "study,cutoff,HR,lower,upper\n"
    mixed = pooled(tmp_path, head + rows)
    assert "mg/L" in cautions(mixed)["cutoff_units"]
    assert mixed["analyses"][0]["regressions"] == []
    # ng/mL and ug/L are the same number
    same = pooled(tmp_path, head + rows.replace("0.9 mg/L", "900 ug/L"))
    assert "cutoff_units" not in cautions(same)
    assert same["analyses"][0]["regressions"][0]["x"] == [400.0, 650.0, 900.0]
    silent = pooled(tmp_path, head + rows.replace("0.9 mg/L", "900"))
    assert any(note["code"] == "cutoff_unit_unsaid" for note in silent["notes"])


def test_a_lost_decimal_mark_is_suspected(tmp_path: Path) -> None:
    found = cautions(pooled(tmp_path, f"{HEAD}{PAIR}C,215,174,266\n"))
    assert "row 4 (C)" in found["implausible_size"]
    # a large odds ratio of a small table is uncertain, and plausible
    small = pooled(tmp_path, "study,OR,lower,upper\nA,42,4.98,354\nB,5,2,12.5\n")
    assert "implausible_size" not in cautions(small)


def test_nothing_depends_on_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [f"S{i},{1.3 + 0.1 * i:.2f},{(1.3 + 0.1 * i) / 1.5:.4f},{(1.3 + 0.1 * i) * 1.5:.4f}\n"
            for i in range(12)]  # fmt: skip
    there = pooled(tmp_path, HEAD + "".join(rows))["analyses"][0]
    back = pooled(tmp_path, HEAD + "".join(reversed(rows)))["analyses"][0]
    for part in ("value", "low", "high"):
        # sums in another order: the last digits
        assert back["main"]["pooled"][part] == pytest.approx(
            there["main"]["pooled"][part], rel=1e-9
        )
    p = [[test["p_value"] for test in one["small_studies"]["tests"]] for one in (there, back)]
    assert p[0] == pytest.approx(p[1], rel=1e-6)


def test_a_ratio_against_its_own_counts_is_doubted(tmp_path: Path) -> None:
    text = (
        "study,OR,lower,upper,events_high,n_high,events_low,n_low\n"
        "A,2.5,1.2,5.2,10,60,25,70\nB,2.0,1.1,3.6,30,60,25,80\n"
    )
    found = cautions(pooled(tmp_path, text))["counts_disagree"]
    assert "row 2 (A)" in found
    assert "row 3" not in found


def test_the_accuracy_of_a_test_has_no_confounder_to_explain_it(tmp_path: Path) -> None:
    text = "study,TP,FP,FN,TN\nA,20,5,4,50\nB,15,8,5,60\nC,12,3,6,33\n"
    (one,) = pooled(tmp_path, text)["analyses"]
    assert one["accuracy"] is not None
    assert one["e_value"] is None


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("here already", encoding="utf-8")
    assert refusal(tmp_path, HEAD + PAIR, "--figures", str(target / "figures"))


def test_keeping_the_first_does_not_drop_a_row_for_one_that_is_out(tmp_path: Path) -> None:
    """Row 3 shares with row 2 by its name, row 4 with row 3 by its numbers."""
    text = f"{HEAD}A,2,1.2,3.33\nA,1.5,1.1,2.05\nB,1.5,1.1,2.05\n"
    result = pooled(tmp_path, text, "--overlap", "keep_first")
    assert [study["used"] for study in result["studies"]] == [True, False, True]


def test_a_note_that_patients_are_others_is_believed(tmp_path: Path) -> None:
    text = f"{HEAD[:-1]},overlap_note\nA,1.5,1.1,2.05,\nB,1.5,1.1,2.05,independent patients\n"
    assert "overlap_same_numbers" not in cautions(pooled(tmp_path, text))


def test_what_is_already_turned_is_not_asked_to_be_turned(tmp_path: Path) -> None:
    text = (
        "study,comparison,HR,lower,upper\nA,low vs high (already inverted),2,1.2,3.33\n"
        "B,high vs low,1.5,1.1,2.05\n"
    )
    result = pooled(tmp_path, text)
    assert result["studies"][0]["comparison"] == "high vs low"
    assert result["studies"][0]["effect"] > 0.0
    assert "mirrored" not in cautions(result)


def test_a_sheet_of_patients_is_refused_once_not_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text("patient,crp_mg_l\n" + "".join(f"p{i},{i}\n" for i in range(50)), "utf-8")
    with pytest.raises(FileRefused) as refused:
        cw.pool(path)
    assert [problem.code for problem in refused.value.problems] == ["no_studies", "columns"]
