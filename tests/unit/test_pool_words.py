"""Methods, results, references and R script of a pool."""

import dataclasses
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pool_example import accuracy, ferritin, few, mortality, toxicity

from cartwheel.figures import numbers as figures_numbers
from cartwheel.figures.pooling.measure import MEASURES as DRAWN
from cartwheel.note import Note
from cartwheel.pooling.account import numbers, paragraphs, r_script
from cartwheel.pooling.account.naming import MEASURES
from cartwheel.pooling.account.r_data import comment, r_number, r_text
from cartwheel.pooling.account.works import WORKS, Citations
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict
from cartwheel.workflows.pool import pool

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "pool"
INVENTED = {
    "ferritin": ferritin,
    "toxicity": toxicity,
    "mortality": mortality,
    "few": few,
    "accuracy": accuracy,
}
POOLS = {name: make() for name, make in INVENTED.items()}
RSCRIPT = shutil.which("Rscript")


def words_of(found, plan=None):
    told = paragraphs(found, plan or PoolPlan())
    return " ".join(told.methods), " ".join(told.results), told.references


# -- numbers ------------------------------------------------------------------------------------


def test_numbers_are_written_as_in_figures_and_on_the_page():
    values = [0.0, 1e-7, 0.00004, 0.0312, 0.0999, 0.1, 0.2549, 1.0, 2.1549, 9.995, 99.95, 123.44,
              999.96, 1234.5, 12345.6, 98765.4]  # fmt: skip
    for measure, drawn in DRAWN.items():
        assert measure in MEASURES
        rule = figures_numbers.FORMATS[drawn.kind]
        for value in (*values, *(-x for x in values)):
            if drawn.ratio and (value < 0 or 0 < value < 0.00001):
                continue
            if drawn.kind == "percent" and not 0 <= value <= 1:
                continue
            assert numbers.of_measure(value, measure) == rule(value)
    assert numbers.of_measure(3e7, "HR") == ">100\u202f000"
    assert numbers.of_measure(3e-7, "HR") == "<0.00001"
    assert numbers.of_measure(None, "HR") == figures_numbers.NOT_ESTIMABLE


@pytest.mark.parametrize("p", [0.0, 0.0009, 0.001, 0.043, 0.0994, 0.0996, 0.62, 0.99, 0.995, 1.0])
def test_p_values_follow_the_same_rule(p):
    text = figures_numbers.p_value(p)
    sign = f"{text[0]} {text[1:]}" if text[0] in "<>" else f"= {text}"
    assert numbers.p_value(p) == f"p {sign}"


# -- words --------------------------------------------------------------------------------------


def test_every_choice_is_named_and_cited():
    methods, _, references = words_of(POOLS["ferritin"])
    for said in ("restricted maximum likelihood (REML)", "Hartung and Knapp", "Prediction interval",
                 "Q-profile", "width of its interval on the log scale", "Each study was left out",
                 "E-value", "QUIPS", "GRADE", "metafor", "cartwheel", "95% intervals"):  # fmt: skip
        assert said in methods, said
    for doi in ("10.3102/10769986030003261", "10.1002/sim.1482", "10.1002/sim.2514",
                "10.1111/j.1467-985X.2008.00552.x", "10.1136/bmj.d4002", "10.1136/bmj.n71",
                "10.18637/jss.v036.i03"):  # fmt: skip
        assert any(doi in line for line in references), doi
    assert len(set(references)) == len(references)


@pytest.mark.parametrize("name", POOLS)
def test_what_is_cited_is_referenced_and_nothing_else(name):
    methods, results, references = words_of(POOLS[name])
    text = methods + results
    for call, reference in WORKS.values():
        assert (call in text) == (reference in references), call


def test_a_simulated_pool_says_so_in_both_parts():
    methods, results, _ = words_of(POOLS["few"])
    assert "simulated" in methods
    assert results.startswith("These data are simulated")
    real = dataclasses.replace(POOLS["few"], simulated=False)
    assert "simulated" not in " ".join(words_of(real)[:2])


def test_no_effect_is_said_as_plainly_as_an_effect():
    _, results, _ = words_of(POOLS["few"])
    icans = next(text for text in results.split("ICANS (OR): ")[1:])
    assert "these studies do not show an association" in icans.split("PFS (HR)")[0]
    ferritin_text = paragraphs(POOLS["ferritin"], PoolPlan()).results
    pfs = next(text for text in ferritin_text if text.startswith("PFS"))
    # the prediction interval of this example crosses 1 although the pooled interval does not
    assert "what holds on average need not hold in the next setting" in pfs
    assert "do not show an association" not in pfs


def test_a_single_study_is_told_without_words_of_pooling():
    results = paragraphs(POOLS["few"], PoolPlan()).results
    lone = next(text for text in results if text.startswith("One study only"))
    assert "Only one 2024, 2.10 (95% CI 0.96 to 4.60)" in lone
    assert "pooled hazard ratio" not in lone
    only = dataclasses.replace(
        POOLS["few"], analyses=tuple(a for a in POOLS["few"].analyses if a.k == 1)
    )
    methods, _, references = words_of(only)
    assert "nothing was pooled" in methods
    assert not any("sim.1482" in line for line in references)


def test_cautions_stand_in_the_results_once():
    found = POOLS["ferritin"]
    first = dataclasses.replace(
        found.analyses[0],
        notes=(Note("after_infusion", "caution", "The factor was measured after the infusion"),),
    )
    _, results, _ = words_of(dataclasses.replace(found, analyses=(first, *found.analyses[1:])))
    assert results.count("The factor was measured after the infusion.") == 1
    assert "rows 2 and 3 may share patients" not in results or "Cautions" in results


def test_planned_and_exploratory_columns_are_told_apart():
    explored, _, _ = words_of(POOLS["ferritin"])
    assert "so they are exploratory" in explored
    planned, _, _ = words_of(POOLS["ferritin"], PoolPlan(planned=True))
    assert "named before looking at the data" in planned
    assert "exploratory" not in planned


def test_small_study_policy_is_named():
    for policy, said in (("auto", "only of pools of 10 studies or more"), ("no", "not asked"),
                         ("force", "of every pool")):  # fmt: skip
        methods, _, _ = words_of(POOLS["toxicity"], PoolPlan(small_studies=policy))
        assert said in methods
    methods, results, _ = words_of(POOLS["toxicity"])
    assert "Egger's regression (Egger 1997)" in methods
    assert re.search(r"Egger's test p [=<] 0\.\d+", results)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"method": "DL"}, "DerSimonian and Laird (DerSimonian and Laird 1986)"),
        ({"method": "EB"}, "empirical Bayes (Veroniki 2016)"),
        ({"method": "common"}, "one common effect"),
        ({"method": "MH"}, "Mantel and Haenszel's method"),
        ({"method": "peto"}, "Peto's one-step method"),
        ({"method": "GLMM"}, "binomial-normal model"),
        ({"method": "multilevel", "sampling_correlation": 0.6}, "correlation of 0.6"),
        ({"method": "bivariate"}, "bivariate model"),
        ({"interval": "normal"}, "too narrow"),
        ({"interval": "knapp_hartung_floor"}, "never let fall below the normal one"),
        ({"prediction": "k_minus_2"}, "t with k - 2 degrees of freedom"),
        ({"prediction": "none"}, "No prediction intervals"),
        ({"level": 0.9}, "90% intervals"),
        ({"rare": True}, "outcomes taken to be rare"),
        ({"order": "precision"}, "precision, most precise first"),
    ],
)
def test_other_choices_are_named(choice, said):
    methods, _, _ = words_of(POOLS["toxicity"], pool_plan_from_dict(choice))
    assert said in methods


def test_every_measure_and_scale_has_words():
    for found in POOLS.values():
        for text in (*paragraphs(found, PoolPlan()).methods,
                     *paragraphs(found, PoolPlan()).results):  # fmt: skip
            assert not re.search(r"\b(None|nan|inf)\b|\{|\}|  ", text), text
            assert "knapp_hartung" not in text


def test_citations_are_kept_in_order_and_once():
    cited = Citations()
    assert cited.cite("egger") == " (Egger 1997)"
    assert cited.cite("begg", "egger") == " (Begg and Mazumdar 1994; Egger 1997)"
    cited.add("Somebody 2000")
    cited.add("Somebody 2000")
    assert cited.references() == (WORKS["egger"][1], WORKS["begg"][1], "Somebody 2000")


def test_every_work_has_year_and_doi():
    for call, reference in WORKS.values():
        year = call[-4:]
        assert year.isdigit()
        assert year in reference
        assert re.search(r"doi:10\.\d{4,9}/\S+$", reference)


# -- R ------------------------------------------------------------------------------------------


def test_r_texts_cannot_break_out():
    assert r_text('a"; system("x") #\n') == '"a\\"; system(\\"x\\") #\\u000a"'
    assert r_text("Müller\\") == '"M\\u00fcller\\\\"'
    assert r_text("\U0001d4d0") == '"\\U0001d4d0"'
    assert comment("a\nb\r\nc\u2028d") == "# a b c d"
    assert r_number(0.1 + 0.2) == "0.30000000000000004"
    assert r_number(8.0) == "8"
    assert r_number(None) == r_number(math.nan) == "NA"


def test_nothing_to_pool_gives_a_script_that_says_so():
    only = dataclasses.replace(
        POOLS["few"], analyses=tuple(a for a in POOLS["few"].analyses if a.k == 1)
    )
    assert "nothing to repeat" in r_script(only, PoolPlan())


def test_the_script_names_the_calls_of_metafor():
    script = r_script(POOLS["toxicity"], PoolPlan())
    for call in ("library(metafor)", "rma(yi, sei = sei", 'method = "FE"', "regtest(", "ranktest(",
                 "trimfill(", "influence(", "baujat(", "forest(", "funnel(",
                 "SIMULATED DATA"):  # fmt: skip
        assert call in script, call
    assert script.isascii()
    assert max(map(len, script.splitlines())) < 200


def told_by_r(found, plan, folder):
    """Run the script; what it tells, in order."""
    (folder / "again.R").write_text(r_script(found, plan), encoding="utf-8")
    done = subprocess.run(
        [RSCRIPT, "--vanilla", "again.R"], cwd=folder, capture_output=True, text=True, check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )  # fmt: skip
    if "there is no package called" in done.stderr:
        pytest.skip("R is here, but without metafor")
    assert done.returncode == 0, done.stderr
    lines = (line.split(" | ") for line in done.stdout.splitlines() if " | " in line)
    return [
        (label, [math.nan if x in ("NA", "NaN") else float(x) for x in rest.split()])
        for label, rest in lines
    ]


def estimate(one):
    return [one.value, one.low, one.high]


def expected(found):
    """The same numbers in the JSON, by the label of the script."""
    for place, analysis in enumerate(found.analyses, start=1):
        if analysis.k > 1:
            yield from ((f"{place} {label}", values) for label, values in one_pool(analysis))


def one_pool(analysis):
    main, spread = analysis.main, analysis.heterogeneity
    yield "main", estimate(main.pooled)
    yield "main p", [main.p_value]
    yield "prediction", [main.prediction_low, main.prediction_high]
    yield "Q", [spread.q, spread.q_p_value]
    yield "I2", [spread.i2.value]
    yield "tau2", [spread.tau2.value]
    yield "tau2 interval", [spread.tau2.low, spread.tau2.high]
    for row in analysis.models:
        yield f"model {row.code} {row.interval}", estimate(row.pooled)
    for row in analysis.leave_one_out:
        yield f"without {row.study}", estimate(row.estimate)
    for row in analysis.cumulative[1:]:
        yield f"up to {row.study}", estimate(row.estimate)
    for row in analysis.influence:
        yield (
            f"influence {row.study}",
            [row.studentised_residual, row.dffits, row.cook, row.covariance_ratio, row.hat,
             row.weight_percent],
        )  # fmt: skip
        yield f"Baujat {row.study}", [row.baujat_x, row.baujat_y]
    yield from moderators(analysis)
    yield from small_studies(analysis.small_studies)


def moderators(analysis):
    for groups in analysis.subgroups:
        for row in groups.rows:
            yield f"subgroup {row.level}", estimate(row.pooled)
        yield "between", [groups.q_between, groups.p_value]
        yield "between, common tau2", [groups.q_between_common, groups.p_value_common]
    for line in analysis.regressions:
        for number, row in enumerate(line.rows, start=1):
            yield f"regression {number}", [*estimate(row.coefficient), row.p_value]
        yield "regression tau2", [line.tau2]


def small_studies(small):
    for test in small.tests:
        yield test.name, [test.p_value] if test.name == "begg" else [test.statistic, test.p_value]
    for fill in small.trim_fill:
        yield f"trim and fill {fill.estimator}", [fill.missing, *estimate(fill.pooled)]
    if small.selection is not None:
        yield "selection", estimate(small.selection)
    for rule, number in small.fail_safe:
        yield f"fail-safe {rule}", [number]


def tolerance(label, method):
    # maximum likelihood by R's optimisers stops early: metafor agrees with lme4 and with another
    # start of itself no better than this
    if any(name in (*label.split(), method) for name in ("GLMM", "multilevel", "bivariate")):
        return 2e-4
    if "selection" in label:
        return 1e-3
    # ten digits are printed; tau2 is iterated to 1e-10; leave-one-out differences lose digits
    return 1e-6


def compare(found, plan, folder):
    known = {}
    for label, values in expected(found):
        known.setdefault(label, []).append(values)
    told = told_by_r(found, plan, folder)
    for label, values in told:
        assert known.get(label), label
        wanted = known[label].pop(0)
        assert len(wanted) == len(values), label
        close = tolerance(label, plan.method)
        for ours, theirs in zip(wanted, values, strict=True):
            if math.isnan(theirs):
                # what R cannot fit to a part of the studies; the pool itself it always can
                assert "without" in label or "up to" in label, label
            elif ours is not None:
                # near zero the absolute size counts: effects are of order one
                assert theirs == pytest.approx(ours, rel=close, abs=close), label
    assert sum(map(len, (values for _, values in told))) > 2
    return {label for label, _ in told}


needs_r = pytest.mark.skipif(RSCRIPT is None, reason="R is not installed here")


@needs_r
@pytest.mark.parametrize("name", POOLS)
def test_the_script_gives_the_numbers_of_the_json(name, tmp_path):
    labels = compare(POOLS[name], PoolPlan(), tmp_path)
    pooled = sum(analysis.k > 1 for analysis in POOLS[name].analyses)
    assert sum(label.endswith(" main") for label in labels) == pooled


FILES = ("cart_effects.csv", "cart_2x2.csv", "cart_proportions.csv")
CHOICES = {
    "defaults": {},
    "normal DL": {"method": "DL", "interval": "normal"},
    "floor": {"interval": "knapp_hartung_floor", "method": "PM"},
    "common": {"method": "common"},
    "riley": {"prediction": "k_minus_2", "level": 0.9},
    "forced": {"small_studies": "force", "fail_safe": True, "gosh": True},
}


@needs_r
@pytest.mark.parametrize(
    ("file", "choice"),
    [
        *((file, "defaults") for file in FILES),
        ("cart_2x2.csv", "normal DL"),
        ("cart_effects.csv", "floor"),
        ("cart_proportions.csv", "common"),
        ("cart_2x2.csv", "riley"),
        ("cart_2x2.csv", "forced"),
    ],
)
def test_published_effects_again_in_r(file, choice, tmp_path):
    plan = pool_plan_from_dict({"permutations": 0, **CHOICES[choice]})
    found = pool(EXAMPLES / file, plan).result
    labels = compare(found, plan, tmp_path)
    assert any(label.endswith(" main") for label in labels)
    assert found.r_script == r_script(found, plan)


@needs_r
@pytest.mark.parametrize(
    ("file", "method"),
    [("cart_2x2.csv", "MH"), ("cart_2x2.csv", "peto"), ("cart_proportions.csv", "GLMM"),
     ("cart_effects.csv", "multilevel")],
)  # fmt: skip
def test_other_main_models_again_in_r(file, method, tmp_path):
    group = {"cart_effects.csv": ("other_mm",), "cart_2x2.csv": ("ht_prolonged21",),
             "cart_proportions.csv": ("crs_grade3plus",)}[file]  # fmt: skip
    plan = PoolPlan(method=method, group=group, permutations=0, cutoff_trend=False)
    found = pool(EXAMPLES / file, plan).result
    compare(found, plan, tmp_path)


@needs_r
def test_moderators_again_in_r(tmp_path):
    rng = np.random.default_rng(4)
    rows = ["study,year,outcome,HR,lower,upper,country,age,cutoff"]
    for place in range(12):
        effect, error = rng.normal(0.7, 0.25), rng.uniform(0.12, 0.4)
        low, high = np.exp(effect - 1.96 * error), np.exp(effect + 1.96 * error)
        age = "" if place == 5 else f"{50 + place}"
        rows.append(
            f"Centre {place},{2010 + place},PFS,{np.exp(effect):.6f},{low:.6f},{high:.6f},"
            f"{('A', 'B', 'C')[place % 3]},{age},{200 + 50 * place}"
        )
    table = tmp_path / "simulated.csv"
    table.write_text("\n".join(rows), encoding="utf-8")
    plan = PoolPlan(
        subgroups=("country",), regress=("age", "country", "age + country"), permutations=0
    )
    found = pool(table, plan).result
    assert len(found.analyses[0].regressions) == 4
    labels = compare(found, plan, tmp_path)
    assert {"1 regression 4", "1 between, common tau2"} <= labels


@needs_r
@pytest.mark.parametrize("method", ["REML", "bivariate"])
def test_test_accuracy_again_in_r(method, tmp_path):
    rows = ["study,outcome,tp,fn,fp,tn"]
    cells = [(19, 5, 11, 60), (28, 9, 6, 71), (12, 1, 20, 44), (33, 14, 9, 88), (9, 4, 0, 31),
             (21, 3, 15, 40), (16, 9, 4, 52)]  # fmt: skip
    rows += [f"Centre {i},ICANS,{a},{b},{c},{d}" for i, (a, b, c, d) in enumerate(cells)]
    table = tmp_path / "simulated.csv"
    table.write_text("\n".join(rows), encoding="utf-8")
    found = pool(table, PoolPlan(method=method, permutations=0)).result
    labels = compare(found, PoolPlan(method=method, permutations=0), tmp_path)
    wanted = "1 main" if method == "bivariate" else "1 model bivariate normal"
    assert wanted in labels
    assert "Reitsma 2005" in " ".join(found.methods)
    assert "sensitivity was" in " ".join(found.results)
