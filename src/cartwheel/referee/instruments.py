"""The questions of PROBAST, PROBAST+AI and QUIPS, in our words, and the rules that can answer them.

An item is tied to rules of the referee: a grave finding answers no, a minor one probably no, rules
that passed yes or probably yes. Where no rule could see, where its question does not arise, or
where passing it would prove nothing, the item stays blank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

PROBAST, PROBAST_AI, QUIPS = "PROBAST", "PROBAST+AI", "QUIPS"
YES, PROBABLY_YES, NO, PROBABLY_NO = "yes", "probably yes", "no", "probably no"
NOT_APPLICABLE = "not applicable"
DEVELOPMENT, EVALUATION = "development", "evaluation"


@dataclass(frozen=True, slots=True)
class Item:
    """One question of an instrument, and the rules that can answer it.

    Parameters
    ----------
    number : str
        As the instrument counts: ``4.5`` or ``3c``; of PROBAST+AI with the part before it:
        ``D4.1`` (development) or ``E4.1`` (evaluation).
    domain, question : str
        In our words.
    rules : tuple of str
        Codes; empty where only a person can answer.
    only : str
        ``development`` or ``evaluation`` where the instrument asks it of that alone; else empty.
    passing : str
        What the answer is where all rules passed: ``yes``, ``probably yes``, or empty where that
        proves nothing.
    done : bool
        True where the rule answers by having been put at all, whatever it found.
    """

    number: str
    domain: str
    question: str
    rules: tuple[str, ...] = ()
    only: str = ""
    passing: str = YES
    done: bool = False


_PARTICIPANTS, _PREDICTORS, _OUTCOME, _ANALYSIS = (
    "participants",
    "predictors",
    "outcome",
    "analysis",
)
PROBAST_ITEMS = (
    Item("1.1", _PARTICIPANTS, "Does the source of data suit the question (cohort, trial)?"),
    Item(
        "1.2",
        _PARTICIPANTS,
        "Were the right patients included and excluded?",
        ("selection_of_patients",),
        passing="",
    ),
    Item("2.1", _PREDICTORS, "Were predictors defined and measured alike in all patients?"),
    Item(
        "2.2",
        _PREDICTORS,
        "Were predictors assessed without knowing the outcome?",
        ("predictor_after_event",),
        passing=PROBABLY_YES,
    ),
    Item(
        "2.3",
        _PREDICTORS,
        "Are all predictors known at the time the model is meant for?",
        ("predictor_after_event", "immortal_time"),
    ),
    Item("3.1", _OUTCOME, "Was the outcome determined in a fitting way?"),
    Item(
        "3.2",
        _OUTCOME,
        "Was a standard outcome, or one defined beforehand, used?",
        ("outcome_differs",),
        passing="",
    ),
    Item("3.3", _OUTCOME, "Are predictors no part of the definition of the outcome?"),
    Item("3.4", _OUTCOME, "Was the outcome defined and determined alike in all patients?"),
    Item("3.5", _OUTCOME, "Was the outcome determined without knowing the predictors?"),
    Item(
        "3.6",
        _OUTCOME,
        "Is the time between predictors and outcome right?",
        ("follow_up_short", "immortal_time"),
        passing="",
    ),
    Item(
        "4.1",
        _ANALYSIS,
        "Are there enough patients with the outcome?",
        ("events_per_parameter", "riley_criteria", "few_events"),
    ),
    Item(
        "4.2",
        _ANALYSIS,
        "Were continuous and categorical predictors treated well?",
        ("dichotomised", "cutoff_searched"),
    ),
    Item(
        "4.3",
        _ANALYSIS,
        "Were all enrolled patients analysed?",
        ("selection_of_patients", "complete_cases"),
        passing=PROBABLY_YES,
    ),
    Item(
        "4.4",
        _ANALYSIS,
        "Were missing values treated well?",
        ("complete_cases",),
        passing=PROBABLY_YES,
    ),
    Item(
        "4.5",
        _ANALYSIS,
        "Was selection of predictors by univariable tests avoided?",
        ("univariable_screening",),
        only=DEVELOPMENT,
    ),
    Item(
        "4.6",
        _ANALYSIS,
        "Were censoring, competing risks and sampling accounted for?",
        ("censoring_ignored", "competing_risks", "immortal_time"),
        passing=PROBABLY_YES,
    ),
    Item(
        "4.7",
        _ANALYSIS,
        "Were the measures of performance the right ones (calibration and discrimination)?",
        ("calibration_absent", "auc_without_interval"),
    ),
    Item(
        "4.8",
        _ANALYSIS,
        "Were overfitting and optimism accounted for?",
        ("optimism_not_corrected", "updated_uncorrected"),
        only=DEVELOPMENT,
    ),
    Item(
        "4.9",
        _ANALYSIS,
        "Do the weights of the final model come from the reported analysis?",
        only=DEVELOPMENT,
    ),
)
# PROBAST+AI (Moons 2025): 16 questions of a development, 18 of an evaluation. Participants,
# predictors and outcome are asked the same in both parts. Digits: domain, and order within it.
_SOURCES = "participants and data sources"
_ASKED_OF_BOTH = (
    Item("1.1", _SOURCES, "Were fitting sources of data used?"),
    Item("1.2", _SOURCES, "Does the design of the study suit the question?"),
    Item(
        "1.3",
        _SOURCES,
        "Do the patients included and excluded leave a representative data set?",
        ("selection_of_patients",),
        passing="",
    ),
    Item("2.1", _PREDICTORS, "Were predictors defined and assessed alike in all patients?"),
    Item("2.2", _PREDICTORS, "Were predictors prepared alike in all patients?"),
    Item(
        "2.3",
        _PREDICTORS,
        "Were predictors assessed without knowing the outcome?",
        ("predictor_after_event",),
        passing=PROBABLY_YES,
    ),
    Item(
        "2.4",
        _PREDICTORS,
        "Are the predictors of the model known at the time it is meant for?",
        ("predictor_after_event", "immortal_time"),
    ),
    Item(
        "3.1",
        _OUTCOME,
        "Was the outcome defined and assessed in a fitting way?",
        ("outcome_differs",),
        passing="",
    ),
    Item("3.2", _OUTCOME, "Was the outcome defined and assessed alike in all patients?"),
    Item("3.3", _OUTCOME, "Was the outcome assessed without use or knowledge of predictors?"),
    Item(
        "3.4",
        _OUTCOME,
        "Is the time between predictors and outcome right?",
        ("follow_up_short", "immortal_time"),
        passing="",
    ),
)
_UNKNOWN_VALUES = "Were patients with missing or censored data treated well in the analysis?"
_UNKNOWN_RULES = ("complete_cases", "censoring_ignored", "competing_risks")
_OF_DEVELOPMENT = (
    Item(
        "4.1",
        _ANALYSIS,
        "Is the number of patients reasonable for developing such a model?",
        ("events_per_parameter", "riley_criteria", "very_few_events"),
    ),
    Item(
        "4.2",
        _ANALYSIS,
        "Were continuous and categorical predictors treated well?",
        ("dichotomised", "cutoff_searched"),
    ),
    Item("4.3", _ANALYSIS, _UNKNOWN_VALUES, _UNKNOWN_RULES, passing=PROBABLY_YES),
    Item(
        "4.4",
        _ANALYSIS,
        "If unequal classes were evened out: was the model recalibrated afterwards?",
    ),
    Item(
        "4.5",
        _ANALYSIS,
        "Was possible overfitting dealt with?",
        ("univariable_screening", "expected_shrinkage"),
        passing=PROBABLY_YES,
    ),
)
_OF_EVALUATION = (
    Item(
        "4.1",
        _ANALYSIS,
        "Does performance rest on more than the patients the model was made from?",
        ("same_patients",),
        passing=PROBABLY_YES,
    ),
    Item(
        "4.2",
        _ANALYSIS,
        "Is the number of patients reasonable for judging performance?",
        ("few_events",),
    ),
    Item("4.3", _ANALYSIS, _UNKNOWN_VALUES, _UNKNOWN_RULES, passing=PROBABLY_YES),
    Item(
        "4.4",
        _ANALYSIS,
        "If unequal classes were evened out: was performance judged in data left as they are?",
    ),
    Item(
        "4.5",
        _ANALYSIS,
        "If the data were split: is it shown that nothing leaked between the parts?",
        ("same_patients", "random_split"),
        passing="",
    ),
    Item(
        "4.6",
        _ANALYSIS,
        "If resamples were used: was every step of the development repeated in them?",
    ),
    Item(
        "4.7",
        _ANALYSIS,
        "Was performance judged well, such as by calibration, discrimination, net benefit?",
        ("calibration_absent", "auc_without_interval"),
    ),
)
PROBAST_AI_ITEMS = tuple(
    replace(item, number=f"{part[0].upper()}{item.number}", only=part)
    for part, own in ((DEVELOPMENT, _OF_DEVELOPMENT), (EVALUATION, _OF_EVALUATION))
    for item in (*_ASKED_OF_BOTH, *own)
)
_TAKING_PART, _ATTRITION, _FACTOR, _CONFOUNDING, _STATISTICS = (
    "study participation",
    "study attrition",
    "prognostic factor measurement",
    "study confounding",
    "statistical analysis and reporting",
)
_MEASURED = "outcome measurement"
QUIPS_ITEMS = (
    Item(
        "1a",
        _TAKING_PART,
        "Did enough of the eligible patients take part?",
        ("selection_of_patients",),
        passing="",
    ),
    Item("1b", _TAKING_PART, "Is the population of interest described?"),
    Item("1c", _TAKING_PART, "Are the patients at baseline described?"),
    Item("1d", _TAKING_PART, "Is it described how patients were found and recruited?"),
    Item("1e", _TAKING_PART, "Are period and place of recruitment described?"),
    Item("1f", _TAKING_PART, "Are inclusion and exclusion criteria described?"),
    Item("2a", _ATTRITION, "Were enough patients followed?", ("follow_up_short",), passing=""),
    Item("2b", _ATTRITION, "Was information sought on those who were lost?"),
    Item("2c", _ATTRITION, "Are reasons for the loss given?"),
    Item("2d", _ATTRITION, "Are those who were lost described?"),
    Item("2e", _ATTRITION, "Are those who were lost like those who stayed?"),
    Item("3a", _FACTOR, "Is the factor clearly defined, with its unit?", ("unit_unknown",)),
    Item("3b", _FACTOR, "Is its measurement valid and reliable?"),
    Item(
        "3c",
        _FACTOR,
        "Is it continuous, or cut at values not taken from these data?",
        ("cutoff_searched",),
    ),
    Item("3d", _FACTOR, "Was it measured alike in all patients?"),
    Item("3e", _FACTOR, "Is it known in enough of the patients?", ("complete_cases",)),
    Item(
        "3f",
        _FACTOR,
        "Were missing values imputed in a fitting way?",
        ("complete_cases",),
        passing="",
    ),
    Item("4a", _MEASURED, "Is the outcome clearly defined?"),
    Item("4b", _MEASURED, "Is its measurement valid and reliable?"),
    Item("4c", _MEASURED, "Was it measured alike in all patients?"),
    Item("5a", _CONFOUNDING, "Were all important confounders measured?"),
    Item("5b", _CONFOUNDING, "Are the confounders defined?"),
    Item("5c", _CONFOUNDING, "Is their measurement valid and reliable?"),
    Item("5d", _CONFOUNDING, "Were they measured alike in all patients?"),
    Item("5e", _CONFOUNDING, "Were their missing values treated in a fitting way?"),
    Item("5f", _CONFOUNDING, "Does the design account for confounders?"),
    Item(
        "5g",
        _CONFOUNDING,
        "Does the analysis account for confounders?",
        ("adjusted_effect",),
        passing=PROBABLY_YES,
        done=True,
    ),
    Item(
        "6a",
        _STATISTICS,
        "Is enough shown to judge the analysis?",
        ("auc_without_interval",),
        passing="",
    ),
    Item(
        "6b",
        _STATISTICS,
        "Was the model built in a fitting way?",
        ("univariable_screening", "optimism_not_corrected"),
    ),
    Item(
        "6c",
        _STATISTICS,
        "Does the model fit the design of the study?",
        ("censoring_ignored", "competing_risks", "proportional_hazards", "immortal_time"),
    ),
    Item("6d", _STATISTICS, "Is nothing reported selectively?", ("multiplicity",), passing=""),
)
