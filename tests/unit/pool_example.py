"""Invented meta-analyses as the JSON that figures and pages are drawn from.

No study here exists: labels are those of centres that nobody has, numbers come from a seed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pool_example_parts import accuracy_of, analysis_of

from cartwheel.canonical import plain
from cartwheel.note import Note
from cartwheel.pooling.appraisal.flow_counts import Counts as FlowCounts, flow_from_counts
from cartwheel.pooling.appraisal.tools import NEWCASTLE_OTTAWA, PROBAST, QUIPS
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result import Pool, PoolFile
from cartwheel.pooling.result_appraisal import (
    Grade,
    GradeDomain,
    Judgement,
    Quality,
    StudyQuality,
)
from cartwheel.pooling.result_studies import Counts, Moderator, Study
from cartwheel.pooling.study.scales import normal_estimate, scale_of
from cartwheel.provenance import Provenance
from cartwheel.stats.pooling.effect_sizes import proportions

FLOW = {
    "databases": 412, "registers": 9, "duplicates": 131, "automation": 0, "removed_other": 2,
    "screened": 288, "excluded": 241, "sought": 47, "not_retrieved": 3, "assessed": 44,
    "reports_excluded": 35, "studies": 8, "reports": 9,
}  # fmt: skip
FLOW_PARTS = {
    "databases": (("PubMed", 180), ("Embase", 201), ("Web of Science", 31)),
    "reports_excluded": (
        ("no hazard ratio and no way to one", 17), ("not CAR-T", 9), ("same patients", 6),
        ("review", 3),
    ),
}  # fmt: skip
OTHER_FLOW = {
    "other_identified": 14, "other_sought": 14, "other_not_retrieved": 1, "other_assessed": 13,
    "other_reports_excluded": 10,
}  # fmt: skip


def documents():
    """Every example by its kind, as its JSON reads back."""
    return {
        "ferritin": plain(pool_file(ferritin())),
        "toxicity": plain(pool_file(toxicity())),
        "mortality": plain(pool_file(mortality())),
        "few": plain(pool_file(few())),
        "accuracy": plain(pool_file(accuracy())),
    }


def pool_file(result):
    seeded = Provenance(
        "0.1.0", "sha256:" + "3f" * 32, "invented_studies.csv", "sha256:" + "a7" * 32, 20261121,
        {"numpy": "2.4.0", "pandas": "3.1.0", "scipy": "1.17.0"},
    )  # fmt: skip
    plan = PoolPlan(simulated=True).model_dump(by_alias=True, mode="json")
    return PoolFile("pool", "cartwheel/pool/1", seeded, plan, result)


def pool(title, studies, analyses, **parts):
    empty = {
        "quality": (), "flow": None, "grades": (), "notes": (), "methods": (), "results": (),
        "references": (), "r_script": "",
    }  # fmt: skip
    return Pool(
        title=title, simulated=True, studies=tuple(studies), analyses=tuple(analyses),
        **(empty | parts),
    )  # fmt: skip


def study_of(place, label, measure, effect, std_error, **more):
    """One row on its analysis scale; what papers print is made from it."""
    scale = scale_of(measure)
    counts = more.get("counts")
    estimate = normal_estimate(
        effect, std_error, scale, level=0.95, n=more.get("n"),
        events=counts.events if counts else None,
    )  # fmt: skip
    printed = f"{measure} {estimate.value:.2f} ({estimate.low:.2f}-{estimate.high:.2f})"
    told = {
        "file": "invented_studies.csv", "year": None, "group": "", "outcome": "PFS", "factor": "",
        "comparison": "high vs low", "n": None, "route": "interval",
        "conversion": "log of the ratio; its error from the width of the 95% interval",
        "assumptions": (), "inverted": False, "counts": None, "cutoff": None, "cutoff_text": "",
        "moderators": (), "source": "invented", "overlap": "", "used": True, "reason": "",
    }  # fmt: skip
    return Study(
        row=place + 2, study=label, measure=measure, reported=printed, scale=scale,
        effect=float(effect), std_error=float(std_error), estimate=estimate, cluster=label,
        **(told | more),
    )  # fmt: skip


CENTRES = (
    "Ahornberg", "Birkenau", "Corvalle", "Dunmarrow", "Eskdale", "Fjordvik", "Gravelines",
    "Hollin Bay",
)  # fmt: skip


def ferritin():
    """Eight invented cohorts, progression and death: everything but tests for small studies."""
    rng = np.random.default_rng(12)
    rows = {"PFS": [], "OS": []}
    for place, centre in enumerate(CENTRES):
        n = int(rng.integers(40, 260))
        cut = float((300, 400, 400, 500, 800, 1000, 1200, 1500)[place])
        more = {
            "n": float(n), "year": 2019 + place // 2, "factor": "ferritin before infusion",
            "cutoff": cut, "cutoff_text": f"{cut:.0f} ug/L",
            "moderators": (
                Moderator("target", ("BCMA", "BCMA", "GPRC5D")[place % 3], None),
                Moderator("ferritin cut-off, ug/L", f"{cut:.0f}", cut),
            ),
        }  # fmt: skip
        label = f"{centre} {more['year']}"
        for outcome, truth, share in (("PFS", 0.76, 0.6), ("OS", 1.02, 0.35)):
            if outcome == "OS" and place == 3:
                continue
            error = float(np.sqrt(4 / (n * share)))
            effect = rng.normal(truth, np.hypot(error, 0.3))
            rows[outcome].append(
                study_of(len(rows[outcome]), label, "HR", effect, error, outcome=outcome, **more)
            )
    analyses = [
        analysis_of(
            f"{outcome} (HR)", studies, subgroups=("target",), regress=("ferritin cut-off, ug/L",),
            clouds=outcome == "PFS",
        )
        for outcome, studies in rows.items()
    ]  # fmt: skip
    note = Note("overlap", "caution", "rows 2 and 3 may share patients: both were pooled")
    return pool(
        "Ferritin before CAR-T infusion", [*rows["PFS"], *rows["OS"]], analyses,
        quality=(quality_of(QUIPS, rows["PFS"]),),
        flow=flow_from_counts(FlowCounts(FLOW, FLOW_PARTS)),
        grades=(grade("PFS (HR)"), grade("OS (HR)")), notes=(note,),
        methods=("Hazard ratios were pooled with random effects (REML).",),
        results=("Higher ferritin went with shorter progression-free survival.",),
        references=("Viechtbauer 2005, doi:10.3102/10769986030003261",),
        r_script="library(metafor)\n",
    )  # fmt: skip


def toxicity():
    """Fourteen invented odds ratios, small ones larger: funnel, trim and fill, stars."""
    rng = np.random.default_rng(5)
    studies = []
    for place in range(14):
        error = float(np.linspace(0.16, 0.85, 14)[(place * 5) % 14])
        effect = rng.normal(0.25 + 1.1 * error, np.hypot(0.1, 0.7 * error))
        counts = Counts(9.0 + place, 40.0, 4.0, 45.0)
        disease = ("large B-cell lymphoma", "myeloma", "B-ALL")[place % 3]
        studies.append(
            study_of(
                place, f"Cohort {place + 1}, {2018 + place // 3}", "OR", effect, error,
                outcome="severe CRS", n=85.0, counts=counts, route="two_by_two",
                year=2018 + place // 3, moderators=(Moderator("disease", disease, None),),
            )
        )  # fmt: skip
    analysis = analysis_of("severe CRS (OR)", studies, subgroups=("disease",))
    qualities = (quality_of(NEWCASTLE_OTTAWA, studies), quality_of(PROBAST, studies))
    flow = flow_from_counts(
        FlowCounts(FLOW | OTHER_FLOW | {"studies": 12, "reports": 12}, FLOW_PARTS)
    )
    return pool("CAR-HEMATOTOX and severe CRS", studies, [analysis], quality=qualities, flow=flow)


def mortality():
    """Sixty invented cohorts with proportions: a long forest plot."""
    rng = np.random.default_rng(3)
    studies = []
    for place in range(60):
        n = int(rng.integers(9, 420))
        chance = 1 / (1 + np.exp(-rng.normal(-2.6, 0.5)))
        events = int(rng.binomial(n, chance))
        found = proportions([float(events)], [float(n)], measure="PLO")
        product = ("axi-cel", "tisa-cel", "ide-cel", "cilta-cel", "other product")[place % 5]
        studies.append(
            study_of(
                place, f"Registry {place + 1:02d}", "proportion", float(found.effect[0]),
                float(np.sqrt(found.variance[0])), outcome="non-relapse mortality", n=float(n),
                counts=Counts(float(events), float(n)), route="counts",
                moderators=(Moderator("product", product, None),),
            )
        )  # fmt: skip
    analysis = analysis_of("non-relapse mortality (proportion)", studies, subgroups=("product",))
    return pool("Non-relapse mortality after CAR-T", studies, [analysis])


def few():
    """One study, two studies, a C-statistic, a slope, and effects beyond any axis."""
    lone = study_of(0, "Only one 2024", "HR", np.log(2.1), 0.4, outcome="OS", n=61.0)
    two = [
        study_of(i + 1, f"Pair {name}", "OR", np.log(value), error, outcome="ICANS")
        for i, (name, value, error) in enumerate((("left", 1.2, 0.3), ("right", 3.9, 0.5)))
    ]
    wild = [
        study_of(i + 3, f"Wild {i + 1}", "HR", np.log(value), error, outcome="PFS", n=20.0 + i)
        for i, (value, error) in enumerate(((0.01, 0.9), (100.0, 1.4), (1.1, 0.08), (2.4, 0.5)))
    ]
    ranks = [
        study_of(i + 7, f"Centre {i + 1}", "C", np.log(c / (1 - c)), 0.15, outcome="severe CRS",
                 n=125.0)
        for i, c in enumerate((0.71, 0.66, 0.80, 0.62))
    ]  # fmt: skip
    slopes = [
        study_of(i + 11, f"Centre {i + 1}", "slope", slope, 0.12, outcome="severe CRS", n=125.0)
        for i, slope in enumerate((0.62, 0.91, 1.08))
    ]
    free = [
        study_of(i + 14, f"Free {i + 1}", "HR", np.log(value), 0.3, outcome="EFS", n=80.0)
        for i, value in enumerate((1.4, 1.9, 1.6))
    ]
    groups = {
        "OS (HR)": [lone], "ICANS (OR)": two, "PFS (HR)": wild, "severe CRS (C)": ranks,
        "severe CRS (slope)": slopes, "EFS (HR)": free,
    }  # fmt: skip
    analyses = [analysis_of(name, rows) for name, rows in groups.items()]
    every = [study for rows in groups.values() for study in rows]
    return pool("Few studies each", every, analyses)


def accuracy():
    """Six invented studies of a score as a test, pooled in pairs."""
    tables = ((31, 5, 22, 60), (18, 2, 30, 41), (44, 9, 17, 80), (12, 4, 9, 33), (25, 1, 28, 36),
              (37, 12, 11, 71))  # fmt: skip
    studies = []
    for place, (tp, fn, fp, tn) in enumerate(tables):
        error = float(np.sqrt(1 / tp + 1 / fn + 1 / fp + 1 / tn))
        counts = Counts(float(tp), float(tp + fn), float(fp), float(fp + tn))
        studies.append(
            study_of(
                place, f"Test site {place + 1}", "OR", np.log(tp * tn / (fn * fp)), error,
                outcome="severe ICANS", n=float(tp + fn + fp + tn), counts=counts, route="accuracy",
            )
        )  # fmt: skip
    analysis = analysis_of("severe ICANS (OR)", studies)
    analysis = replace(analysis, accuracy=accuracy_of(studies, tables))
    return pool("A score as a test for severe ICANS", studies, [analysis])


def quality_of(tool, studies):
    """Judgements of a tool for every study but the last, in turn."""
    rows = []
    for place, study in enumerate(studies[:-1]):
        if tool is NEWCASTLE_OTTAWA:
            got = [max(0, domain.stars - (place + i) % 3) for i, domain in enumerate(tool.domains)]
            levels = [str(stars) for stars in got]
            overall, stars = ("good", "fair", "poor")[place % 3], sum(got)
        else:
            words = tool.levels
            levels = [
                words[((place + 2) * (i + 3)) % 7 % len(words)] for i in range(len(tool.domains))
            ]
            overall, stars = "high" if "high" in levels else words[place % len(words)], None
        judged = tuple(
            Judgement(domain.code, level)
            for domain, level in zip(tool.domains, levels, strict=True)
        )
        concern = "low" if tool is PROBAST else ""
        rows.append(StudyQuality(study.study, study.row, judged, overall, False, stars, concern))
    domains = tuple((domain.code, domain.label) for domain in tool.domains)
    missing = (f"{studies[-1].study}: nothing was judged",)
    return Quality(tool.name, domains, tuple(rows), missing, "", tool.citation)


def grade(name):
    domains = (
        GradeDomain("risk_of_bias", -1, "most weight comes from studies at high risk", False),
        GradeDomain("inconsistency", 0, "I2 below 40 per cent", True),
        GradeDomain("imprecision", 0, "the interval leaves out no effect", True),
    )
    return Grade(name, "high", "Iorio 2015, doi:10.1136/bmj.h870", domains, "moderate")
