"""What stands under each figure: what is drawn, and what to look for."""

from __future__ import annotations

CAPTIONS = {
    "patient_flow": (
        "Patient flow.",
        "Every row of the file is accounted for; those left out stand to the right, with their "
        "events.",
    ),
    "regression_forest": (
        "Odds or hazard ratios.",
        "Points are estimates, lines their confidence intervals, on a log axis; an arrow means "
        "that the interval goes on. A ratio above one means more risk.",
    ),
    "risk_by_points": (
        "Predicted risk at each total of points.",
        "Above: the risk that the score predicts, with its bands. Below: how many patients had "
        "each total, and how many of them had the event.",
    ),
    "groups": (
        "Observed and predicted risk by group.",
        "Observed risk with its confidence interval, beside the mean risk that the model predicts.",
    ),
    "kaplan_meier": (
        "Kaplan-Meier curves by group.",
        "Shaded bands are confidence intervals, small strokes censored patients; a vertical dotted "
        "line marks the horizon. The groups were formed from the same patients, so the distance "
        "between the curves is flattering.",
    ),
    "roc": (
        "ROC curves.",
        "All curves are apparent: drawn on the patients the score was made from. The corrected "
        "value stands beside that of the score.",
    ),
    "cutoff_wander": (
        "Where the search put each cut-off when it was repeated in resamples.",
        "Bars count resamples; the line is the cut-off chosen; the shaded band holds the middle "
        "resamples; small strokes mark the deciles of the marker. A wide band means that another "
        "sample of patients would have given another cut-off.",
    ),
    "selection": (
        "How often each candidate was selected over the resamples.",
        "A predictor of the score that is seldom selected could as well have been another.",
    ),
    "instability": (
        "What the resamples predict for patients of like risk.",
        "Across: the risk that the score predicts. Up: the risks that the scores of the resamples "
        "predict for the same patients, as median and as range of the middle resamples. On the "
        "dashed line both are the same; long lines mean that another sample of patients would have "
        "told them another risk. Below: how many patients each line stands for.",
    ),
    "calibration": (
        "Predicted against observed risk.",
        "Points are groups of patients with like predictions. The corrected line is what to expect "
        "in new patients; flatter than the diagonal means that high risks are predicted too high "
        "and low ones too low. Below: who was given which risk.",
    ),
    "performance": (
        "Performance before and after correction for optimism.",
        "Hollow: on the patients the score was made from. Filled: after the whole development was "
        "repeated in resamples. Both are drawn in the same size.",
    ),
    "dose_response": (
        "The relation of each predictor with the outcome when it is not cut.",
        "Ratio against the median value (restricted cubic spline) with its confidence band. A "
        "cut-off replaces this curve by a single step.",
    ),
}
