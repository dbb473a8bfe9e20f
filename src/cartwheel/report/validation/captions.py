"""What stands under each figure of a validation: what is drawn, and what to look for."""

from __future__ import annotations

CAPTIONS = {
    "patient_flow": (
        "Every row of the file is accounted for; those left out stand to the right, with their "
        "events. All scores are judged on the patients who are left at the end."
    ),
    "roc": (
        "Each score in the same patients, as its file has it: nothing was fitted here. The "
        "diagonal is what a coin would do. Where time counts, the curves are those at the horizon."
    ),
    "decision": (
        "Net benefit of acting on each score, of treating everybody and of treating nobody, over "
        "the risks at which somebody would act. A score is of use where it lies above both; shaded "
        "bands are pointwise intervals. What lies far below zero is cut off."
    ),
    "calibration": (
        "Points are groups of patients with like predictions, with the interval of the observed "
        "risk; the shaded band belongs to the flexible curve. Below the dashed line risks are "
        "predicted too high, above it too low. The bars count the patients at each risk."
    ),
    "bands": (
        "Risk observed here, with its interval, beside the risk that was published of the band and "
        "the mean risk that the score predicts."
    ),
    "kaplan_meier": (
        "Shaded bands are pointwise intervals, small strokes censored patients; a vertical dotted "
        "line marks the horizon. The bands are those of the score file."
    ),
    "incidence": (
        "The event asked for, with other events as competing risks (Aalen-Johansen); shaded bands "
        "are pointwise intervals, a vertical dotted line marks the horizon."
    ),
    "subgroups": (
        "Squares are groups, their size the number of patients, with their intervals; an arrow "
        "means that an interval goes on. The grey line is the ideal value, or that of no "
        "discrimination; the diamond and the dashed line are all patients. Groups that are too "
        "small are withheld, not drawn."
    ),
    "centres": (
        "Squares are centres, their size the number of patients. The diamond is the mean over "
        "centres (random effects), the bar under it the prediction interval, where the next centre "
        "may lie. The grey line is the ideal value, or that of no discrimination."
    ),
    "ladder": (
        "Hollow: on the patients that the score was updated with, which flatters. Filled: after "
        "the whole update was repeated in resamples. Both are drawn in the same size."
    ),
}
