"""Each route from what is printed to an effect with its error, against its closed form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reference_data import SHARED
from study_rows import Z, codes, only, read, refused, said

from cartwheel.errors import FileRefused
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Counts, Study
from cartwheel.pooling.study.table import read_studies
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.times import survival_times

# the conversions are a few floating-point operations: rounding only
EXACT = 1e-12


def has(study: Study, effect: float, std_error: float, route: str, scale: str) -> None:
    """The study has this effect, by this route, and says how."""
    assert study.effect == pytest.approx(effect, rel=EXACT, abs=EXACT)
    assert study.std_error == pytest.approx(std_error, rel=EXACT)
    assert (study.route, study.scale, study.used) == (route, scale, True)
    assert study.conversion
    assert study.reported


def logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def test_ratio_with_interval() -> None:
    study = only("study,HR,lower,upper,p,n\nA,2.15,1.74,2.66,<0.001,1077\n")
    has(study, math.log(2.15), math.log(2.66 / 1.74) / (2 * Z), "interval", "log")
    assert study.reported == "HR 2.15 (1.74-2.66), p <0.001"
    assert (study.estimate.value, study.n) == (pytest.approx(2.15), 1077.0)
    # the normal interval put back comes within the printed digits
    assert study.estimate.low == pytest.approx(1.74, abs=0.005)
    assert study.estimate.high == pytest.approx(2.66, abs=0.005)
    assert "95 %" in " ".join(study.assumptions)


def test_ratio_with_an_interval_of_another_level() -> None:
    study = only("study,HR,90% CI lower,90% CI upper\nA,1.5,1.1,2.0\n")
    z90 = 1.6448536269514722
    has(study, math.log(1.5), math.log(2.0 / 1.1) / (2 * z90), "interval", "log")
    assert "90% CI" in study.reported
    assert "95 %" not in " ".join(study.assumptions)
    cell = only("study,HR (CI)\nA,1.5 (90% CI 1.1-2.0)\n")
    assert cell.std_error == study.std_error
    column = only("study,HR,lower,upper,CI level\nA,1.5,1.1,2.0,90\n")
    assert column.std_error == study.std_error


def test_ratio_with_std_error() -> None:
    table = read("study,HR,SE\nA,2,0.2\n")
    has(table.studies[0], math.log(2), 0.2, "std_error", "log")
    assert "std_error_scale" in codes(table)
    stated = read("study,HR,SE(log HR)\nA,2,0.2\n")
    has(stated.studies[0], math.log(2), 0.2, "std_error", "log")
    assert "std_error_scale" not in codes(stated)


def test_effect_on_the_scale_of_analysis() -> None:
    has(only("study,yi,vi,measure\nA,0.5,0.04,OR\n"), 0.5, 0.2, "std_error", "log")
    has(only("study,yi,sei\nA,-0.5,0.3\n", measure="MD"), -0.5, 0.3, "std_error", "identity")
    has(only("study,log HR,SE(log HR)\nA,0.5,0.2\n"), 0.5, 0.2, "std_error", "log")


def test_ratio_with_p_value() -> None:
    study = only("study,HR,p\nA,0.5,0.05\n")
    has(study, math.log(0.5), math.log(2) / Z, "p_value", "log")
    assert any("Wald" in sentence for sentence in study.assumptions)


@pytest.mark.parametrize("p", ["<0.001", "<.05", "0.000", "NS", ">0.05"])
def test_a_bound_of_p_is_no_route(p: str) -> None:
    found = refused(f"study,HR,p\nA,0.5,{p}\nB,0.6,0.02\n")
    assert set(found) <= {"p_bound", "no_error"}
    assert "row 2 (A)" in next(iter(found.values()))


def test_no_effect_and_p_of_one() -> None:
    assert "p_without_error" in refused("study,HR,p\nA,1,1\n")


def test_difference_with_interval_error_and_p() -> None:
    interval = only("study,MD,lower,upper\nA,-1.5,-2.5,-0.5\n")
    has(interval, -1.5, 1.0 / Z, "interval", "identity")
    assert "to" in interval.reported
    has(only("study,MD,SE\nA,-1.5,0.4\n"), -1.5, 0.4, "std_error", "identity")
    has(only("study,MD,p\nA,-1.5,0.05\n"), -1.5, 1.5 / Z, "p_value", "identity")


def test_two_by_two() -> None:
    a, b, c, d = 21.0, 11.0, 1.0, 22.0
    table = "study,events_high,n_high,events_low,n_low\nA,21,32,1,23\n"
    study = only(table)
    has(
        study,
        math.log(a * d / (b * c)),
        math.sqrt(1 / a + 1 / b + 1 / c + 1 / d),
        "two_by_two",
        "log",
    )
    assert study.counts == Counts(21.0, 32.0, 1.0, 23.0)
    assert (study.n, study.estimate.events) == (55.0, 22)
    ratio = only(table, measure="RR")
    variance = 1 / 21 - 1 / 32 + 1 / 1 - 1 / 23
    has(ratio, math.log((21 / 32) / (1 / 23)), math.sqrt(variance), "two_by_two", "log")
    difference = only(table, measure="RD")
    variance = a * b / 32**3 + c * d / 23**3
    has(difference, 21 / 32 - 1 / 23, math.sqrt(variance), "two_by_two", "identity")


def test_cells_instead_of_totals_give_the_same() -> None:
    totals = only("study,ai,n1i,ci,n2i\nA,4,123,11,139\n")
    for header in ("tpos,tneg,cpos,cneg", "ai,bi,ci,di"):
        cells = only(f"study,{header}\nA,4,119,11,128\n")
        assert (cells.effect, cells.std_error) == (totals.effect, totals.std_error)


def test_a_zero_cell_is_said() -> None:
    table = read("study,ai,n1i,ci,n2i\nA,0,20,5,20\nB,3,20,5,20\n")
    a, b, c, d = 0.5, 20.5, 5.5, 15.5
    has(
        table.studies[0],
        math.log(a * d / (b * c)),
        math.sqrt(1 / a + 1 / b + 1 / c + 1 / d),
        "two_by_two",
        "log",
    )
    assert "0.5 added" in table.studies[0].assumptions[0]
    assert table.studies[1].assumptions == ()
    assert "row 2 (A)" in said(table, "zero_cells")
    everywhere = read("study,ai,n1i,ci,n2i\nB,3,20,5,20\n", add_to="all")
    assert "0.5 added" in everywhere.studies[0].assumptions[0]
    assert "zero_cells" in refused("study,ai,n1i,ci,n2i\nA,0,20,5,20\n", add_to="none")
    assert "no_information" in codes(read("study,ai,n1i,ci,n2i\nA,0,20,0,20\nB,3,20,5,20\n"))


def test_counts_of_a_test() -> None:
    study = only("study,tp,fp,fn,tn\nA,10,2,3,20\n")
    assert study.counts == Counts(10.0, 13.0, 2.0, 22.0)
    error = math.sqrt(1 / 10 + 1 / 3 + 1 / 2 + 1 / 20)
    has(study, math.log(10 * 20 / (3 * 2)), error, "accuracy", "log")


def test_rates() -> None:
    study = only("study,x1i,t1i,x2i,t2i\nA,10,200,3,150.5\n")
    has(study, math.log(10 / 200 / (3 / 150.5)), math.sqrt(1 / 10 + 1 / 3), "rates", "log")
    zero = only("study,x1i,t1i,x2i,t2i\nA,0,200,3,150\n")
    assert zero.effect == pytest.approx(math.log(0.5 / 200 / (3.5 / 150)))
    assert "zero_cells" in refused("study,x1i,t1i,x2i,t2i\nA,0,200,3,150\n", add_to="none")


def test_means() -> None:
    table = "study,n1i,m1i,sd1i,n2i,m2i,sd2i\nA,10,5.2,1.1,12,4.1,1.2\n"
    error = math.sqrt(1.1**2 / 10 + 1.2**2 / 12)
    has(only(table), 5.2 - 4.1, error, "means", "identity")
    pooled = math.sqrt((9 * 1.1**2 + 11 * 1.2**2) / 20)
    j = math.exp(math.lgamma(10) - 0.5 * math.log(10) - math.lgamma(9.5))
    g = j * (5.2 - 4.1) / pooled
    study = only(table, measure="SMD")
    # J by the logarithm of gamma: a few more roundings
    assert study.effect == pytest.approx(g, rel=1e-10)
    assert study.std_error == pytest.approx(math.sqrt(1 / 10 + 1 / 12 + g**2 / 44), rel=1e-10)
    assert "zero_variance" in refused(table.replace("1.1", "0"))


@pytest.mark.parametrize(
    ("scale", "effect", "variance"),
    [
        ("logit", math.log(5 / 45), 1 / 5 + 1 / 45),
        ("log", math.log(0.1), 1 / 5 - 1 / 50),
        ("identity", 0.1, 5 * 45 / 50**3),
        ("arcsine", math.asin(math.sqrt(0.1)), 1 / 200),
        (
            "double_arcsine",
            (math.asin(math.sqrt(5 / 51)) + math.asin(math.sqrt(6 / 51))) / 2,
            1 / 202,
        ),
    ],
)
def test_proportions(scale: str, effect: float, variance: float) -> None:
    study = only("study,events,n\nA,5,50\n", proportion_scale=scale)
    has(study, effect, math.sqrt(variance), "counts", scale)
    assert study.measure == "proportion"
    assert study.counts == Counts(5.0, 50.0)
    # back on the scale of the measure it is the printed fraction
    assert study.estimate.value == pytest.approx(0.1, abs=1e-12)


def test_a_proportion_of_zero() -> None:
    table = read("study,events,n\nA,0,20\n")
    has(table.studies[0], math.log(0.5 / 20.5), math.sqrt(1 / 0.5 + 1 / 20.5), "counts", "logit")
    assert "zero_cells" in codes(table)
    assert only("study,events,n\nA,0,20\n", proportion_scale="arcsine").assumptions == ()


def test_a_printed_percentage() -> None:
    table = read("study,percent,n\nA,13.6,125\nB,10%,20\n")
    assert [study.counts for study in table.studies] == [Counts(17.0, 125.0), Counts(2.0, 20.0)]
    assert table.studies[0].reported == "13.6% of 125"
    assert "counts_from_percent" in codes(table)
    sign = only("study,proportion,n\nA,13.6%,125\n")
    assert sign.counts == Counts(17.0, 125.0)
    interval = only("study,proportion,95% CI\nA,12%,8%-17%\n")
    error = (logit(0.17) - logit(0.08)) / (2 * Z)
    has(interval, logit(0.12), error, "interval", "logit")


def test_c_statistic() -> None:
    interval = only("study,AUC,95% CI\nA,0.75,0.68-0.81\n")
    has(interval, logit(0.75), (logit(0.81) - logit(0.68)) / (2 * Z), "interval", "logit")
    error = only("study,C-index,SE\nA,0.75,0.03\n")
    has(error, logit(0.75), 0.03 / (0.75 * 0.25), "std_error", "logit")
    counts = only("study,AUC,n,events\nA,0.75,100,20\n")
    c, m, n = 0.75, 20.0, 80.0
    s = (m + n) / 2 - 1
    variance = c * (1 - c) * (1 + s * (1 - c) / (2 - c) + s * c / (1 + c)) / (m * n)
    has(counts, logit(0.75), math.sqrt(variance) / (c * (1 - c)), "counts", "logit")


def test_observed_to_expected() -> None:
    has(
        only("study,observed,expected,n\nA,20,15,100\n"),
        math.log(20 / 15),
        math.sqrt(0.8 / 20),
        "counts",
        "log",
    )
    has(
        only("study,observed,expected\nA,20,15\n"),
        math.log(20 / 15),
        math.sqrt(1 / 20),
        "counts",
        "log",
    )
    printed = only("study,O:E,95% CI\nA,1.21,0.91-1.61\n")
    has(printed, math.log(1.21), math.log(1.61 / 0.91) / (2 * Z), "interval", "log")
    assert "not_positive" in refused("study,observed,expected\nA,0,15\n")


def test_calibration_slope() -> None:
    study = only("study,calibration slope,lower,upper\nA,0.90,0.70,1.10\n")
    has(study, 0.9, 0.2 / Z, "interval", "identity")


def test_observed_minus_expected() -> None:
    has(only("study,O-E,V\nA,-3.2,8.5\n"), -3.2 / 8.5, 1 / math.sqrt(8.5), "o_minus_e", "log")
    assert "zero_variance" in refused("study,O-E,V\nA,-3.2,0\n")


def test_log_rank() -> None:
    header = "study,log-rank chi-square,events_high,events_low,direction"
    variance = 20 * 15 / 35
    effect = math.sqrt(4.5 / variance)
    has(only(f"{header}\nA,4.5,20,15,worse\n"), effect, 1 / math.sqrt(variance), "log_rank", "log")
    better = only(f"{header}\nA,4.5,20,15,better\n")
    has(better, -effect, 1 / math.sqrt(variance), "log_rank", "log")
    patients = only(
        "study,log-rank chi-square,events_high,n_high,events_low,n_low,direction\n"
        "A,4.5,20,40,15,60,worse\n"
    )
    variance = 35 * 40 * 60 / 100**2
    has(patients, math.sqrt(4.5 / variance), 1 / math.sqrt(variance), "log_rank", "log")
    p = only("study,log-rank p,events_high,events_low,direction\nA,0.05,20,15,worse\n")
    assert p.effect == pytest.approx(Z / math.sqrt(20 * 15 / 35), rel=EXACT)
    assert "direction_missing" in refused(f"{header}\nA,4.5,20,15,\n")
    assert "log_rank_events" in refused("study,log-rank chi-square\nA,4.5\n")
    medians = "study,log-rank chi-square,events_high,events_low,median_high,median_low"
    assert only(f"{medians}\nA,4.5,20,15,5,9\n").effect > 0.0
    assert only(f"{medians}\nA,4.5,20,15,9,5\n").effect < 0.0


def test_medians() -> None:
    study = only("study,median_high,median_low,events_high,events_low\nA,5,15,40,30\n")
    has(study, math.log(3), math.sqrt(1 / 40 + 1 / 30), "medians", "log")
    assert any("constant" in sentence for sentence in study.assumptions)
    assert "median_events" in refused("study,median_high,median_low\nA,5,15\n")
    assert (
        "not reached"
        in refused("study,median_high,median_low,events_high,events_low\nA,NR,15,40,30\n")[
            "bound_only"
        ]
    )


def test_curves(tmp_path: Path) -> None:
    curves = {
        which: SHARED / "data" / "reference" / f"ipd_lung_{which}_curve.csv" for which in "12"
    }
    if not all(path.is_file() for path in curves.values()):
        pytest.skip("the digitised curves of lung are not beside the repository")
    lung = pd.read_csv(SHARED / "data" / "reference" / "lung.csv")
    lines = []
    for which, path in curves.items():
        (tmp_path / f"curve{which}.csv").write_bytes(path.read_bytes())
        time = lung.loc[lung["sex"] == int(which), "time"].to_numpy()
        grid = range(0, 1001, 100)
        risk = "; ".join(f"{t}:{int((time >= t).sum())}" for t in grid)
        events = int((lung.loc[lung["sex"] == int(which), "status"] == 2).sum())
        lines += [f"curve{which}.csv", risk, str(events)]
    table = tmp_path / "studies.csv"
    header = "study,curve_high,at_risk_high,events_high,curve_low,at_risk_low,events_low"
    # men (sex 1) are the group of interest
    table.write_text(f"{header}\nlung,{','.join(lines)}\n")
    (study,) = read_studies([table], plan=PoolPlan()).studies
    truth = cox_fit(
        survival_times(lung["time"].to_numpy(), (lung["status"] == 2).to_numpy()),
        (lung["sex"] == 1).to_numpy(dtype=np.float64),
    )
    assert study.route == "curve"
    # CONVENTIONS: reconstructed log HR within 0.016 of the truth on lung
    assert study.effect == pytest.approx(truth.coefficients[0], abs=0.02)
    # a hundredth of the standard error itself: the events are met exactly
    assert study.std_error == pytest.approx(truth.std_error[0], rel=0.01)
    assert study.n == 228
    assert any("reading error" in sentence for sentence in study.assumptions)


def test_curves_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,survival\n0,1\n5,0.5\n10,0.2\n")
    header = "study,curve_high,curve_low,at_risk_high,at_risk_low\n"

    def codes_of(cells: str) -> set[str]:
        table = tmp_path / "t.csv"
        table.write_text(header + cells + "\n")
        with pytest.raises(FileRefused) as caught:
            read_studies([table], plan=PoolPlan())
        return {problem.code for problem in caught.value.problems}

    assert codes_of("A,a.csv,none.csv,0:20,0:20") == {"file_missing"}
    assert codes_of("A,a.csv,a.csv,,") == {"at_risk_missing"}
    (tmp_path / "b.csv").write_text("time,survival\n0,100\n5,50\n10,20\n")
    assert codes_of("A,b.csv,a.csv,0:20,0:20") == {"percent"}


def test_a_comparison_is_turned_round_where_it_says_so() -> None:
    header = "study,HR,lower,upper,comparison\n"
    plain = only(header + "A,0.4,0.18,0.89,low vs high\n")
    turned = only(header + "A,0.4,0.18,0.89,low vs high (invert for high vs low)\n")
    assert (turned.effect, turned.std_error) == (-plain.effect, plain.std_error)
    assert turned.estimate.value == pytest.approx(2.5)
    assert turned.estimate.low == pytest.approx(1 / (plain.estimate.high or 0))
    assert (turned.inverted, turned.comparison) == (True, "high vs low")
    assert turned.reported == plain.reported
    assert "turned round" in turned.conversion
    for text in ("not inverted", "already inverted", "do not invert"):
        assert not only(f"{header}A,0.4,0.18,0.89,low vs high; {text}\n").inverted
    counts = only("study,ai,n1i,ci,n2i,comparison\nA,4,20,8,25,low vs high (invert)\n")
    assert counts.counts == Counts(8.0, 25.0, 4.0, 20.0)
    assert "cannot_invert" in refused("study,AUC,SE,comparison\nA,0.7,0.03,a vs b (invert)\n")


def test_counts_are_kept_beside_a_printed_ratio() -> None:
    study = only(
        "study,OR,lower,upper,events_high,n_high,events_low,n_low\nA,3.1,1.2,8.0,10,20,5,25\n"
    )
    assert (study.route, study.counts) == ("interval", Counts(10.0, 20.0, 5.0, 25.0))
