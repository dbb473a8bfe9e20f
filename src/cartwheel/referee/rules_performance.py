"""Performance: optimism, calibration, intervals, chance, and measures that flatter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.referee.developed import discrimination, measure, measures, words_of
from cartwheel.referee.facts import (
    Document,
    at,
    count,
    interval,
    number,
    rows,
    share_text,
    text,
    texts,
)
from cartwheel.referee.rule import CRITICAL, MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen
from cartwheel.referee.sources import (
    HILDEN_2014,
    KERR_2014,
    NEWCOMBE_2006,
    RILEY_2023,
    STEYERBERG_2001,
    STEYERBERG_2016,
    VAN_CALSTER_2019,
)

FEW_RESAMPLES = 200
FAILED = 0.05
POOR_SLOPE = 0.8
# mean distance of a resample's risk from the predicted one; a judgement, the source gives no bound
UNSTABLE = 0.05
SPLIT = re.compile(
    r"\b(?:train(?:ing)?[ -]?(?:set|cohort)|hold[ -]?out|test[ -]?set|random(?:ly)? split|"
    r"split[ -]sample)\b"
)
NRI_KEYS = ("nri", "net_reclassification", "reclassification", "idi")


def optimism_not_corrected(document: Document) -> Answer:
    """Look whether the performance was corrected for optimism.

    Parameters
    ----------
    document : mapping
        Result of a development, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Steyerberg EW et al 2001, doi:10.1016/S0895-4356(01)00341-9.
    """
    resamples = count(document, "result", "performance", "resamples")
    if resamples is None:
        resamples = count(document, "plan", "resampling", "bootstrap")
    if resamples is None:
        return Unseen("whether anything was resampled is not said")
    mend = "Repeat the whole development in resamples: --bootstrap 1000."
    main = discrimination(document)
    shown = f"{text(main, 'label')} {interval(main.get('apparent'))} apparent" if main else ""
    if resamples == 0:
        return Remark(
            CRITICAL,
            "Performance is judged on the patients the score was made from, without correction.",
            f"0 resamples{'; ' + shown if shown else ''}.",
            mend,
            STEYERBERG_2001,
        )
    failed = count(document, "result", "performance", "failed") or 0
    if main and number(main, "corrected", "value") is None:
        return Remark(
            CRITICAL,
            "The performance could not be corrected for optimism.",
            f"{resamples} resamples, {failed} failed; {shown}.",
            "See why the resamples failed; simplify the plan.",
            STEYERBERG_2001,
        )
    if failed > FAILED * resamples:
        return Remark(
            MAJOR,
            "The development fails in many resamples, and these are left out: the corrected "
            "numbers are too kind.",
            f"{failed} of {resamples} resamples failed ({share_text(failed, resamples)}).",
            "Simplify the plan until it can be repeated.",
            STEYERBERG_2001,
        )
    if resamples < FEW_RESAMPLES:
        return Remark(
            MINOR, "Few resamples: the correction itself is uncertain.",
            f"{resamples} resamples.", mend, STEYERBERG_2001,
        )  # fmt: skip
    evidence = f"{resamples} resamples, {failed} failed"
    if main:
        evidence += (
            f"; {text(main, 'label')} {interval(main.get('apparent'))} apparent, "
            f"{interval(main.get('corrected'))} corrected"
        )
    return Fine(evidence)


def calibration_absent(document: Document) -> Answer:
    """Look whether predicted risks were held against observed ones.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal.

    Returns
    -------
    Answer

    References
    ----------
    Van Calster B et al 2019, doi:10.1186/s12916-019-1466-7.
    """
    said = at(document, "result", "words", "no_calibration")
    if said is True:
        return _uncalibrated("no calibration in the paper, as said")
    if not measures(document):
        return Unseen("whether calibration was shown is not said")
    slope = measure(document, "calibration_slope")
    value = number(slope, "corrected", "value")
    points = rows(document, "result", "calibration", "points")
    if value is None and not points:
        return _uncalibrated("neither a corrected calibration slope nor a calibration curve")
    evidence = (
        f"slope {interval(slope.get('corrected'), 2)} corrected; {len(points)} groups in the "
        "calibration plot"
    )
    return Fine(evidence)


def _uncalibrated(evidence: str) -> Remark:
    return Remark(
        MAJOR,
        "Calibration is not shown: a score can order patients well and give each a wrong risk.",
        evidence + ".",
        "Ask for, or show, the calibration slope and a calibration curve, corrected for optimism.",
        VAN_CALSTER_2019,
    )


def miscalibrated(document: Document) -> Answer:
    """Look at the corrected calibration slope.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
    """
    slope = measure(document, "calibration_slope")
    value = number(slope, "corrected", "value")
    if value is None:
        return Unseen("no corrected calibration slope")
    evidence = f"corrected calibration slope {interval(slope.get('corrected'), 2)}"
    if value >= POOR_SLOPE:
        return Fine(evidence)
    return Remark(
        MAJOR,
        "Predicted risks are too extreme for new patients.",
        evidence + ".",
        "Shrink the predicted risks by this slope before anybody uses them.",
        VAN_CALSTER_2019,
    )


def predictions_unstable(document: Document) -> Answer:
    """Look how far the predicted risks move from resample to resample.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
        A remark from five percentage points on.

    References
    ----------
    Riley RD, Collins GS 2023, doi:10.1002/bimj.202200302.
    """
    found = ("result", "instability")
    moved = number(document, *found, "mean_absolute_difference", "value")
    if moved is None:
        return Unseen("how far the predicted risks move from resample to resample is not said")
    evidence = f"{100 * moved:.1f} percentage points on average"
    resamples = count(document, *found, "resamples")
    if resamples is not None:
        evidence += f" over {resamples} resamples"
    regrouped = number(document, *found, "regrouped", "value")
    if regrouped is not None:
        evidence += f"; {100 * regrouped:.0f} % of the patients in another risk group"
    if moved < UNSTABLE:
        return Fine(evidence)
    return Remark(
        MINOR,
        "The risk told to one patient depends much on who else was in the cohort.",
        evidence + ".",
        "Show the range of risks beside each prediction; more patients, or fewer choices made by "
        "the data, make it steadier.",
        RILEY_2023,
    )


def auc_without_interval(document: Document) -> Answer:
    """Look for a measure of discrimination without an interval.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal.

    Returns
    -------
    Answer

    References
    ----------
    Newcombe RG 2006, doi:10.1002/sim.2324.
    """
    if text(document, "result", "words", "auc_interval") == "none":
        return _without_interval(document)
    main = discrimination(document)
    if not main:
        return Unseen("no measure of discrimination")
    label = text(main, "label")
    low = number(main, "apparent", "low")
    corrected = number(main, "corrected", "value")
    if low is None or (corrected is not None and number(main, "corrected", "low") is None):
        return Remark(
            MAJOR,
            f"{label} stands without an interval.",
            f"{label} {interval(main.get('apparent'))} apparent, "
            f"{interval(main.get('corrected'))} corrected.",
            "Give the interval, of the corrected value too.",
            NEWCOMBE_2006,
        )
    return Fine(f"{label} {interval(main.get('apparent'))} apparent")


def _without_interval(document: Document) -> Remark:
    auc = at(document, "result", "model", "auc_apparent")
    evidence = "no interval in the paper, as said"
    if number(auc, "low") is not None:
        n, events = (count(document, "result", "model", key) for key in ("n", "events"))
        evidence += f"; from {n} patients and {events} events alone it is {interval(auc)}"
    return Remark(
        MAJOR,
        "The AUC stands without an interval.",
        evidence + ".",
        "Ask for the interval, of the corrected AUC too.",
        NEWCOMBE_2006,
    )


def chance(document: Document) -> Answer:
    """Look whether chance alone lies in the corrected interval of discrimination.

    Parameters
    ----------
    document : mapping
        Result of a development.

    Returns
    -------
    Answer
    """
    main = discrimination(document)
    value, low = (number(main, "corrected", key) for key in ("value", "low"))
    if value is None or low is None:
        return Unseen("no corrected interval of discrimination")
    evidence = f"{text(main, 'label')} {interval(main.get('corrected'))} corrected"
    if low > 0.5:
        return Fine(evidence)
    return Remark(
        CRITICAL,
        "These data do not show that the score tells patients apart better than chance.",
        evidence + "; 0.5 is inside.",
        "Report it as a negative result.",
        STEYERBERG_2001,
    )


def nri_without_caveats(document: Document) -> Answer:
    """Look for net reclassification or integrated discrimination improvement.

    Parameters
    ----------
    document : mapping
        Result of a development, validation or appraisal.

    Returns
    -------
    Answer

    References
    ----------
    Hilden J, Gerds TA 2014, doi:10.1002/sim.5804. Kerr KF et al 2014,
    doi:10.1097/EDE.0000000000000018.
    """
    said = at(document, "result", "words", "nri")
    if said is True:
        where: tuple[str, ...] = ("as said of the paper",)
    else:
        where = tuple(sorted(set(_keys(document.get("result")))))
    if not where and document.get("kind") == "appraise" and said is None:
        return Unseen("whether a net reclassification index was used is not said")
    if not where:
        return Fine("no net reclassification index")
    return Remark(
        MAJOR if said is True else MINOR,
        "A net reclassification index grows for a badly calibrated model, even where nothing was "
        "added.",
        f"found: {', '.join(where)}.",
        "Give it for patients with and without the event apart, with an interval by bootstrap, and "
        "judge by net benefit and the likelihood ratio instead.",
        f"{HILDEN_2014}; {KERR_2014}",
    )


def _keys(thing: Any, depth: int = 6) -> Iterator[str]:
    if depth and isinstance(thing, Mapping):
        for key, value in thing.items():
            # the paper's words have this key whatever they say
            if key == "words":
                continue
            if isinstance(key, str) and key.lower() in NRI_KEYS and value:
                yield key
            yield from _keys(value, depth - 1)
    elif depth and isinstance(thing, list | tuple):
        for value in thing[:50]:
            if isinstance(value, Mapping):
                name = value.get("name") or value.get("measure")
                if isinstance(name, str) and name.lower() in NRI_KEYS:
                    yield name
                yield from _keys(value, depth - 1)


def random_split(document: Document) -> Answer:
    """Look for a random part of the same patients called validation.

    Parameters
    ----------
    document : mapping
        Result of a development or appraisal, or a plan.

    Returns
    -------
    Answer

    References
    ----------
    Steyerberg EW, Harrell FE 2016, doi:10.1016/j.jclinepi.2015.04.005.
    """
    said = text(document, "result", "words", "split")
    if said in ("temporal", "external"):
        return Fine(f"a {said} validation, as said")
    evidence = "a random split, as said of the paper"
    if not said:
        words = " ".join((words_of(document), *texts(document, "result", "methods"))).lower()
        if not words.strip() or document.get("kind") == "appraise":
            return Unseen("how the score was validated is not said")
        found = SPLIT.search(words)
        if found is None:
            return Fine("nothing is said of a split of the patients")
        evidence = f"'{found[0]}' in the text of the result"
    n, events = (count(document, "result", "words", key) for key in ("n", "events"))
    if n and events:
        evidence += f"; a third of {n} patients holds about {events / 3:.0f} events"
    return Remark(
        MAJOR,
        "A random part of the same patients is not a validation: it wastes patients, and shows "
        "nothing about other places or times.",
        evidence + ".",
        "Develop on all patients with resampling, and validate at another centre or later in time.",
        f"{STEYERBERG_2016}; {STEYERBERG_2001}",
    )


DEVELOPED = (
    Rule("optimism_not_corrected", optimism_not_corrected),
    Rule("no_better_than_chance", chance),
    Rule("calibration_absent", calibration_absent),
    Rule("miscalibrated", miscalibrated),
    Rule("predictions_unstable", predictions_unstable),
    Rule("auc_without_interval", auc_without_interval),
    Rule("nri_without_caveats", nri_without_caveats),
    Rule("random_split", random_split),
)
PLANNED = (Rule("optimism_not_corrected", optimism_not_corrected),)
APPRAISED = (
    Rule("random_split", random_split),
    Rule("calibration_absent", calibration_absent),
    Rule("auc_without_interval", auc_without_interval),
    Rule("nri_without_caveats", nri_without_caveats),
)
