"""The methods section: every choice that was made, named and cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cartwheel import __version__
from cartwheel.pooling.account.conversions import conversions
from cartwheel.pooling.account.models_used import heterogeneity, main_model, other_models
from cartwheel.pooling.account.naming import SCALES, measure_name
from cartwheel.pooling.account.numbers import counted, decimals, listed, sentence
from cartwheel.pooling.account.works import Citations
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result import Pool
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_studies import Study
from cartwheel.provenance import library_versions

ENOUGH = 10


def methods_of(pool: Pool, plan: PoolPlan, cited: Citations) -> tuple[str, ...]:
    """Write the methods, a paragraph an item.

    Parameters
    ----------
    pool : Pool
        What was done.
    plan : PoolPlan
        What was asked.
    cited : Citations
        Collects what is cited.

    Returns
    -------
    tuple of str
    """
    pooled = [analysis for analysis in pool.analyses if analysis.k > 1]
    used = [study for study in pool.studies if study.used]
    said = [
        _records(pool, cited),
        _effects(used, cited),
        conversions(used, plan, cited),
        _model(pooled, plan, cited),
        _questions(pooled, plan, cited),
        _columns(pooled, plan, cited),
        _small_studies(pooled, plan, cited),
        _appraisal(pool, pooled, plan, cited),
        _software(pool, plan, cited),
    ]
    return tuple(text for text in said if text)


def _records(pool: Pool, cited: Citations) -> str:
    if pool.flow is None:
        return ""
    found = next(
        (box.reasons for box in pool.flow.boxes if box.code == "databases" and box.reasons), ()
    )
    sources = f" ({listed([name for name, _ in found])})" if found else ""
    text = f"Records were counted from databases{sources} to inclusion as PRISMA 2020 asks"
    text += cited.cite("prisma") + "."
    if pool.flow.duplicates:
        number = len(pool.flow.duplicates)
        text += (
            f" {counted(number, 'duplicate', 'duplicates')} among the imported records "
            f"{'was' if number == 1 else 'were'} found by DOI, PubMed number, or title and year."
        )
    return text


def _effects(used: Sequence[Study], cited: Citations) -> str:
    if not used:
        return "No row could be used; nothing was pooled."
    measures = Counter(study.measure for study in used)
    scales = {study.measure: study.scale for study in used}
    counts = listed(
        [
            f"{decimals(number, 0)} {measure_name(measure, several=number != 1)}"
            for measure, number in measures.items()
        ]
    )
    by_scale: dict[str, list[str]] = {}
    for measure, scale in scales.items():
        by_scale.setdefault(scale, []).append(measure_name(measure, several=True))
    on = "; ".join(
        f"{listed(names)} were analysed {SCALES.get(scale, scale)}"
        for scale, names in by_scale.items()
    )
    text = (
        f"{counted(len(used), 'effect was', 'effects were')} taken: {counts}. {sentence(on)} Rows "
        "were pooled within one group, one outcome and one measure; different measures were never "
        "mixed."
    )
    if {"C", "OE", "slope"} & set(measures):
        text += (
            " Scales of model performance are those recommended"
            + cited.cite("debray", "snell")
            + "."
        )
    if scales.get("proportion") == "double_arcsine":
        text += " Pooled double arcsines were turned back at the harmonic mean of the sample sizes"
        text += cited.cite("double_arcsine", "miller") + "."
    return text


def _model(pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    if not pooled:
        return (
            "No group, outcome and measure had more than one study: nothing was pooled, and each "
            "study is shown as it stands."
        )
    text = main_model(pooled, plan, cited) + " " + heterogeneity(pooled, plan, cited)
    others = other_models(pooled, cited)
    if plan.method != "bivariate" and any(one.accuracy is not None for one in pooled):
        text += " Sensitivity and specificity were pooled together by the bivariate model"
        text += cited.cite("bivariate") + "."
    return f"{text} {others}" if others else text


def _questions(pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    said = []
    if any(analysis.leave_one_out for analysis in pooled):
        said.append("Each study was left out in turn")
    if any(analysis.cumulative for analysis in pooled):
        order = {"file": "the order of the table", "precision": "precision, most precise first"}
        by = order.get(plan.order, f"the column '{plan.order}'" if plan.order != "year" else "year")
        said.append(f"studies were added one by one by {by}" + cited.cite("cumulative"))
    if any(analysis.influence for analysis in pooled):
        said.append(
            "influence was measured by studentised residuals, DFFITS, Cook's distances, covariance "
            "ratios and hat values" + cited.cite("influence") + " and by the plot of Baujat"
            + cited.cite("baujat")
        )  # fmt: skip
    clouds = [analysis.subsets for analysis in pooled if analysis.subsets is not None]
    if clouds:
        whole = all(cloud.complete for cloud in clouds)
        said.append(
            f"the pooled effect was computed for {'all' if whole else 'many random'} subsets of "
            "the studies" + cited.cite("gosh")
        )
    if not said:
        return ""
    return sentence("; ".join(said))


def _columns(pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    said = []
    subgroups = list(dict.fromkeys(g.column for a in pooled for g in a.subgroups))
    regressions = [r for a in pooled for r in a.regressions]
    asked = list(dict.fromkeys(r.columns for r in regressions if r.columns != ("cutoff",)))
    if subgroups:
        said.append(
            f"Studies were divided by {listed(subgroups)}; each subgroup was pooled by itself with "
            "its own between-study variance, and the subgroups were compared by a chi-square test "
            "of their pooled effects, and again with one common variance."
        )
    if asked:
        named = listed([" + ".join(columns) for columns in asked])
        said.append(
            f"Effects were regressed on {named} by random-effects meta-regression"
            + cited.cite("regression", "knapp_hartung")
            + "."
        )
    if any(r.columns == ("cutoff",) for r in regressions):
        scale = "the log2 of each study's own cut-off" if plan.cutoff_scale == "log" else (
            "each study's own cut-off"
        )  # fmt: skip
        said.append(
            f"A trend over {scale} was fitted by meta-regression" + cited.cite("regression") + "."
        )
    permuted = max((r.permutations for r in regressions), default=0)
    if permuted:
        said.append(
            f"P-values of regressions were also had from up to {decimals(permuted, 0)} "
            f"permutations of the studies (seed {plan.seed})" + cited.cite("permutation") + "."
        )
    if subgroups or asked:
        said.append(
            "These columns were named before looking at the data, as the authors state."
            if plan.planned
            else "They were not stated to be planned, so they are exploratory."
        )
    return " ".join(said)


_TEST_WORKS = {
    "egger": ("Egger's regression", "egger"),
    "begg": ("Begg's rank correlation", "begg"),
    "peters": ("Peters' regression", "peters"),
    "harbord": ("Harbord's regression", "harbord"),
    "deeks": ("Deeks' regression", ""),
}


def _small_studies(pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    if not pooled:
        return ""
    asked = [a.small_studies for a in pooled if a.small_studies.asked]
    policy = {
        "auto": f"Small-study effects were asked only of pools of {ENOUGH} studies or more",
        "force": "Small-study effects were asked of every pool, whatever its number of studies",
        "no": "Small-study effects were not asked, as planned",
    }[plan.small_studies]
    text = policy + (cited.cite("sterne") if plan.small_studies != "no" else "")
    if plan.small_studies == "auto" and not asked:
        text += "; none had as many"
    if any(one.forced for one in asked):
        text += (
            f"; with fewer than {ENOUGH} studies these tests cannot tell chance from bias, and "
            "were made on request"
        )
    text += "."
    names = [test.name for one in asked for test in one.tests]
    kinds = [
        label + (cited.cite(work) if work else "")
        for prefix, (label, work) in _TEST_WORKS.items()
        if any(name.startswith(prefix) for name in names)
    ]
    if kinds:
        text += f" Funnel asymmetry was tested by {listed(kinds)}."
    fills = list(dict.fromkeys(fill.estimator for one in asked for fill in one.trim_fill))
    if fills:
        text += f" Trim and fill used the estimators {listed(fills)}" + cited.cite("trim_fill")
        text += "."
    if any(one.selection is not None for one in asked):
        side = "above" if plan.harm == "above" else "below"
        text += (
            " A selection model had one step at one-sided p = 0.025 towards effects "
            f"{side} no effect" + cited.cite("selection") + "."
        )
    if any(a.small_studies.fail_safe for a in pooled):
        text += (
            " Fail-safe numbers were computed on request" + cited.cite("rosenthal", "rosenberg")
            + "; they do not measure bias."
        )  # fmt: skip
    return text


def _appraisal(pool: Pool, pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    said = []
    if any(analysis.e_value is not None for analysis in pooled):
        how = "taken to be rare" if plan.rare else "taken to be common"
        said.append(
            "The strength that unmeasured confounding would need was stated as E-value, with "
            f"outcomes {how}" + cited.cite("e_value") + "."
        )
    for quality in pool.quality:
        if quality.tool in ("QUIPS", "PROBAST"):
            source = cited.cite(quality.tool)
        else:
            source = f" ({quality.citation.split(',')[0]})" if quality.citation else ""
            if quality.citation:
                cited.add(quality.citation)
        text = f"Risk of bias was judged with {quality.tool}{source}"
        if quality.rule:
            text += f"; overall judgements that were left open follow {quality.rule}"
            if quality.rule != quality.citation:
                cited.add(quality.rule)
        elif quality.tool == "QUIPS":
            text += "; QUIPS has no rule for an overall judgement, and none was made up"
        said.append(text + ".")
    starts = list(dict.fromkeys((grade.start, grade.start_source) for grade in pool.grades))
    for start, source in starts:
        said.append(f"Certainty was rated with GRADE, starting as {start}: {source}.")
        cited.add(source)
    if pool.grades and any(d.suggested for grade in pool.grades for d in grade.domains):
        said.append(
            "Judgements marked as suggested were made by rule from the results, and stand until "
            "the authors overrule them."
        )
    return " ".join(said)


def _software(pool: Pool, plan: PoolPlan, cited: Citations) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    text = (
        f"Computed with cartwheel {__version__} ({versions}), by the conventions of the R package "
        "metafor" + cited.cite("metafor") + f"; intervals are {100 * plan.level:g}% intervals."
    )  # fmt: skip
    if pool.simulated:
        text += " The data are simulated: nothing here is about real patients."
    return text
