"""What stands under each figure of a meta-analysis: what is drawn, and what to look for."""

from __future__ import annotations

CAPTIONS = {
    "prisma_flow": "Every record is accounted for, from the search to the studies included.",
    "summary": (
        "Pooled effects with their confidence intervals, one line a pool. They are answers to "
        "different questions and are not to be pooled again."
    ),
    "outcomes_side_by_side": (
        "The same question asked of several outcomes. Their studies share patients, so the "
        "results are not independent."
    ),
    "traffic_lights": "Each study by each domain of the tool; below, the share of each judgement.",
    "forest": (
        "Squares are studies, their size the weight, lines their confidence intervals; an arrow "
        "means that the interval goes on. The diamond is the pooled effect; the bar under it is "
        "the prediction interval, where the true effect of a new study may lie."
    ),
    "accuracy_forest": "Sensitivity and specificity of each study with their intervals.",
    "summary_roc": (
        "Each study, the summary point with its confidence region, and the region where a new "
        "study may lie. Studies with different thresholds are not one point."
    ),
    "models": (
        "The pooled effect under every model that was fitted. Where the lines tell different "
        "stories, the choice of model is part of the result."
    ),
    "leave_one_out": (
        "The pooled effect without each study in turn. A line that crosses no effect means that "
        "the finding hangs on that study."
    ),
    "influence": ("Deletion diagnostics of each study; those beyond the usual limits are marked."),
    "baujat": (
        "To the right: studies that add much to the heterogeneity. Above: studies that move the "
        "pooled effect."
    ),
    "cumulative": "The pooled effect as studies were added one by one.",
    "subgroups": (
        "Each subgroup pooled by itself. A difference between subgroups of studies need not be one "
        "between kinds of patients."
    ),
    "bubble": (
        "Effect of each study against the column, its size the weight, with the fitted line and "
        "its interval. A line between studies need not hold between patients."
    ),
    "funnel": (
        "Effect against its standard error; shaded bands are levels of significance. Asymmetry can "
        "come from missing studies, from real differences, or from chance."
    ),
    "subset_cloud": (
        "Each point is the pooled effect and the heterogeneity of one subset of the studies. Two "
        "clouds mean that one study decides."
    ),
}
