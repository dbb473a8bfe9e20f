"""Grades on the ward: each input from the values that bear on it, nothing taken as no."""

from __future__ import annotations

from decimal import Decimal

import pytest
from ward_patients import ASSUMED, answers, at, course, infusion, now, obs, tick, ward

from cartwheel.clinic.grading import grading_rule
from cartwheel.clinic.toxicity.episode import astct_crs_by_day
from cartwheel.units import Quantity
from cartwheel.watch.observation import Observation, Tick
from cartwheel.watch.standing import Standing
from cartwheel.watch.ward import Ward

FREE = (obs("hypotension", 0, False), obs("oxygen_device", 0, "room air"))
LONG = {"default": 24 * 60}


def _crs(*several: Observation | Tick, of: Ward | None = None) -> Standing:
    given = of if of is not None else ward(max_age_hours=LONG)
    return now(course(given, infusion(), *FREE, *several)[0])


def test_fever_is_grade_one() -> None:
    found = _crs(obs("temperature", 5, "38.4"))
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert found.deciding == ("temperature 38.4 Cel: fever (>= 38.0 Cel)",)
    assert next((one.name, one.value, one.age_hours) for one in found.inputs) == (
        "temperature", "38.4", 0.0,
    )  # fmt: skip
    assert any(
        note.startswith("taken as 'no' by the ward file: ") and "died_of_crs" in note
        for note in found.warnings
    )
    assert "taken as 'none' by the ward file: vasopressors, crs_other_cause" in found.warnings


def test_what_is_not_stated_is_missing() -> None:
    stated = {name: value for name, value in ASSUMED.items() if name != "died_of_crs"}
    found = _crs(obs("temperature", 5, "38.4"), of=ward(max_age_hours=LONG, assumed=stated))
    assert (found.low, found.high) == (1, 5)
    assert found.missing == ("died_of_crs",)
    nothing = _crs(obs("temperature", 5, "38.4"), of=ward(max_age_hours=LONG, assumed={}))
    assert {"vasopressors", "crs_other_cause", "died_of_crs"} <= set(nothing.missing)


def test_nobody_is_assumed_not_to_have_died_of_crs_once_dead() -> None:
    found = _crs(obs("temperature", 5, "38.4"), obs("death", 6))
    assert (found.low, found.high) == (1, 5)
    assert _crs(obs("death", 6), obs("died_of_crs", 6, True)).value == 5


def test_no_grade_before_the_infusion() -> None:
    episode, _ = course(ward(), obs("temperature", -5, 39))
    assert now(episode).reasons == ("no infusion yet: day 0 is not known",)
    episode, _ = course(ward(), obs("temperature", -5, 39), infusion())
    assert next(low for _, low, _ in answers(episode)) is None


def test_a_value_too_old_leaves_the_grade_open() -> None:
    given = ward(max_age_hours={"default": 48, "temperature": 8})
    episode, _ = course(given, infusion(), *FREE, obs("temperature", 1, "37.0"))
    assert now(episode).value == 0
    assert episode.due_at == at(9)
    episode, _ = course(given, infusion(), *FREE, obs("temperature", 1, "37.0"), tick(9))
    assert (now(episode).low, now(episode).high) == (0, 1)
    assert now(episode).missing == ("temperature",)


def test_assumption_ends_with_the_first_value_that_says_otherwise() -> None:
    given = ward(assumed={**ASSUMED, "oxygen_device": "room air"}, max_age_hours={"default": 8})
    hot = [obs("hypotension", hour, False) for hour in range(0, 40, 4)]
    hot += [obs("temperature", hour, 39) for hour in range(1, 40, 4)]
    assert now(course(given, infusion(), *hot)[0]).value == 1
    mask = obs("oxygen_device", 2, "face mask")
    # the mask was charted 35 hours ago: nobody says that it was taken off
    assert (now(course(given, infusion(), mask, *hot)[0])).high == 4


def test_hypotension_by_the_ward_s_own_limit() -> None:
    given = ward(hypotension={"systolic_below_mmhg": 90}, max_age_hours=LONG)
    hot = obs("temperature", 1, 39)
    assert _crs(hot, obs("systolic_pressure", 2, 89), of=given).value == 2
    assert _crs(hot, obs("systolic_pressure", 2, 90), of=given).value == 1
    # the newer of pressure and what somebody said decides
    said = obs("hypotension", 3, False)
    assert _crs(hot, obs("systolic_pressure", 2, 89), said, of=given).value == 1
    assert _crs(hot, obs("systolic_pressure", 2, 89)).value == 1
    note = _crs(hot, obs("systolic_pressure", 2, 89), of=given).warnings
    assert "hypotension: by the ward's limit, systolic pressure below 90 mm[Hg]" in note


@pytest.mark.parametrize(
    ("several", "grade"),
    [
        ((obs("vasopressors", 2, "norepinephrine"),), 3),
        ((obs("vasopressors", 2, "norepinephrine", ends_at=at(9)),), 3),
        ((obs("vasopressors", 2, "norepinephrine", ends_at=at(4)),), 1),
        ((obs("vasopressors", 2, "Levophed 0.1 ug/kg/min"), obs("vasopressors", 3, "dopamine")), 4),
        ((obs("vasopressors", 2, "norepinephrine"), obs("vasopressors", 3, "vasopressin")), 3),
        ((obs("vasopressors", 2, "norepinephrine"), obs("vasopressors", 3, "none")), 1),
        ((obs("vasopressors", 2, ("norepinephrine", "dopamine")),), 4),
        ((obs("oxygen_device", 2, "nasal cannula"), obs("oxygen_flow", 2, 4)), 2),
        ((obs("oxygen_device", 2, "nasal cannula"), obs("oxygen_flow", 2, 8)), 3),
        # charted again without its flow: the flow still counts
        (
            (
                obs("oxygen_device", 2, "nasal cannula"),
                obs("oxygen_flow", 2, 8),
                obs("oxygen_device", 3, "nasal cannula"),
            ),
            3,
        ),
        # a flow from before the cannula was taken off says nothing
        (
            (
                obs("oxygen_device", 2, "nasal cannula"),
                obs("oxygen_flow", 2, 8),
                obs("oxygen_device", 3, "room air"),
            ),
            1,
        ),
        ((obs("crs_other_cause", 2, ("fever",)),), 0),
    ],
)
def test_signs(several: tuple[Observation, ...], grade: int) -> None:
    assert _crs(obs("temperature", 1, 39), *several, tick(5)).value == grade


def test_a_lapsed_vasopressor_is_not_known_to_have_stopped() -> None:
    stated = {name: value for name, value in ASSUMED.items() if name != "vasopressors"}
    given = ward(max_age_hours=LONG, assumed=stated)
    stopped = obs("vasopressors", 2, "norepinephrine", ends_at=at(4))
    found = _crs(obs("temperature", 1, 39), stopped, tick(5), of=given)
    assert "vasopressors" in found.missing
    limited = ward(max_age_hours={**LONG, "vasopressors": 12})
    running = obs("vasopressors", 2, "norepinephrine")
    hot = obs("temperature", 1, 39)
    assert _crs(hot, running, tick(13), of=limited).value == 3
    assert (_crs(hot, running, tick(14), of=limited)).high == 4


def test_treatment_since_crs_began_makes_fever_needless() -> None:
    low = (obs("temperature", 10, "36.8"), obs("hypotension", 10, True))
    hot = obs("temperature", 2, 39)
    cool = obs("temperature", 0, 37)
    # given before CRS, or not at all: without fever there is no grade
    assert _crs(hot, *low).value == 0
    assert _crs(cool, obs("anticytokine", 1, "tocilizumab"), hot, *low).value == 0
    # without a temperature from the infusion on, CRS may have begun before the drug
    assert _crs(obs("anticytokine", 1, "tocilizumab"), hot, *low).high == 2
    assert _crs(hot, obs("anticytokine", 5, "tocilizumab"), *low).value == 2
    # begun before, and still running when CRS began
    dose = obs("corticosteroid", 1, "dexamethasone", ends_at=at(3))
    assert _crs(dose, hot, *low).value == 2
    # given after the moment that is asked about
    assert _crs(hot, *low, obs("anticytokine", 11, "tocilizumab")).value == 2
    episode, _ = course(
        ward(max_age_hours=LONG), infusion(), *FREE, hot, *low,
        obs("anticytokine", 11, "tocilizumab"),
    )  # fmt: skip
    assert (10.0, 0.0, 0.0) in answers(episode)


def test_without_the_record_of_drugs_the_exception_stays_open() -> None:
    stated = {"vasopressors": "none", "crs_other_cause": "none", "died_of_crs": "no"}
    given = ward(max_age_hours=LONG, assumed=stated)
    low = (obs("temperature", 10, "36.8"), obs("hypotension", 10, True))
    found = _crs(obs("temperature", 2, 39), *low, of=given)
    assert (found.low, found.high) == (0, 2)
    assert set(found.missing) == {"antipyretic", "anticytokine", "corticosteroid"}
    none = [obs(name, 9, "none") for name in ("antipyretic", "anticytokine", "corticosteroid")]
    assert _crs(obs("temperature", 2, 39), *none, *low, of=given).value == 0


def test_a_charted_history_is_believed() -> None:
    low = (obs("temperature", 10, "36.8"), obs("hypotension", 10, True))
    before = obs("crs_before", 1, True)
    assert _crs(before, obs("antipyretic", 3, "paracetamol"), *low).value == 2
    found = _crs(before, obs("antipyretic", 0.5, "paracetamol"), *low)
    assert (found.low, found.high) == (0, 2)
    said_no = obs("crs_before", 9, False)
    assert _crs(obs("temperature", 2, 39), obs("antipyretic", 3, "x"), said_no, *low).value == 0


def test_the_course_equals_the_library_s_own_by_day() -> None:
    # one chart a day: the ward's moments are then the days of `astct_crs_by_day`
    days: dict[int, dict[str, object]] = {
        0: {"temperature": "37.0"},
        1: {"temperature": "39.1", "antipyretic": True},
        2: {"temperature": "37.2", "hypotension": True},
        3: {"temperature": "36.9", "oxygen_device": "face mask"},
        4: {"temperature": "36.9"},
    }
    charts = {}
    several: list[Observation] = []
    for day, said in days.items():
        whole = {"hypotension": False, "oxygen_device": "room air", **said}
        charts[day] = {
            "antipyretic": False, "anticytokine": False, "corticosteroid": False,
            "vasopressors": (), "crs_other_cause": (), "died_of_crs": False, **whole,
            "temperature": Quantity(Decimal(str(said["temperature"])), "Cel"),
        }  # fmt: skip
        for name, value in whole.items():
            given = "paracetamol" if name == "antipyretic" else value
            several.append(obs(name, 24 * day + 1, given))
    episode, _ = course(ward(max_age_hours={"default": 24}), infusion(1), *several)
    by_day = astct_crs_by_day(charts)
    found = {int(hours // 24): (low, high) for hours, low, high in answers(episode)}
    held, expected = None, []
    for day in days:
        held = found.get(day, held)
        expected.append(held)
    assert expected == [(grade.lowest, grade.highest) for grade in by_day.values()]
    assert [grade.grade for grade in by_day.values()] == [0, 1, 2, 3, 0]


def test_contradictions_are_no_grade() -> None:
    several = (obs("temperature", 1, 39), obs("oxygen_flow", 2, 4))
    found = _crs(*several)
    assert found.value is None
    assert found.low is None
    assert "does not fit" in found.reasons[0]


def test_icans_takes_the_newer_of_total_and_items() -> None:
    words = {"consciousness": "alert", "seizure": "none", "motor": "none",
             "cerebral_oedema": "not imaged"}  # fmt: skip
    stated = {"raised_icp_signs": "none", "icans_other_cause": "none", "died_of_icans": "no",
              "developmental_delay": "no", **words}  # fmt: skip
    given = ward(grades=["astct-icans"], max_age_hours=LONG, assumed=stated)
    items = ("ice_year", "ice_month", "ice_city", "ice_hospital", "ice_commands", "ice_writing",
             "ice_attention")  # fmt: skip
    full = [*(obs(name, 1, Decimal(1)) for name in items), obs("ice_naming", 1, Decimal(3))]
    before = (infusion(), obs("age", -9, 60), *full)
    icans = "astct-icans"
    assert now(course(given, *before)[0], icans).value == 0
    assert now(course(given, *before, obs("ice", 2, 5))[0], icans).value == 2
    again = [obs(one.name, 3, one.value) for one in full]
    assert now(course(given, *before, obs("ice", 2, 5), *again)[0], icans).value == 0
    # one item alone is not a new total
    found = now(course(given, *before, obs("ice", 2, 5), obs("ice_year", 3, Decimal(0)))[0], icans)
    assert found.value == 1
    child = (infusion(), obs("age", -9, 6), obs("capd", 1, 12))
    stated["capd_unable"] = "no"
    given = ward(grades=["astct-icans"], max_age_hours=LONG, assumed=stated)
    assert now(course(given, *child)[0], icans).value == 3
    unable = obs("capd_unable", 2, True)
    assert now(course(given, *child, unable)[0], icans).value == 4
    assert now(course(given, *child, unable, obs("capd", 3, 2))[0], icans).value == 1


def test_early_icaht_leaves_open_what_has_not_come() -> None:
    given = ward(grades=["icaht-early"])
    counts = [obs("neutrophils", 24 * day + 1, "0.4") for day in range(8)]
    found = now(course(given, infusion(), *counts)[0], "icaht-early")
    assert (found.low, found.high) == (2, 4)
    # low from day 14 to day 25, that is 12 days; as published, day 26 to 30 take the last count
    low = range(14, 26)
    counts = [obs("neutrophils", 24 * day + 1, "0.4" if day in low else "2") for day in range(26)]
    episode, _ = course(given, infusion(), *counts, tick(24 * 31 - 1))
    found = now(episode, "icaht-early")
    assert (found.low, found.high) == (2, 3)
    episode, _ = course(given, infusion(), *counts, tick(24 * 31))
    assert now(episode, "icaht-early").value == 3
    pairs = tuple((day + Decimal(1) / 24, Quantity(Decimal("0.4" if day in low else "2"), "10*9/L"))
                  for day in range(26))  # fmt: skip
    assert grading_rule("icaht-early").function({"neutrophils": pairs}).grade == 3


def test_icaht_ends_with_death() -> None:
    given = ward(grades=["icaht-early"])
    counts = [obs("neutrophils", 24 * day + 1, "0.4") for day in range(8)]
    episode, _ = course(given, infusion(), *counts, obs("death", 24 * 8))
    assert now(episode, "icaht-early").low is not None
    assert [one.value for one in now(episode, "icaht-early").inputs][-1] == ""


def test_late_icaht_begins_on_day_31() -> None:
    given = ward(grades=["icaht-late", "t-icaht-late"])
    early = obs("neutrophils", 24 * 30, "0.4")
    episode, _ = course(given, infusion(), early)
    assert now(episode, "icaht-late").reasons == ("late haematotoxicity is graded from day 31 on",)
    assert episode.due_at == at(24 * 31)
    later = (obs("neutrophils", 24 * 40, "0.8"), obs("neutrophils", 24 * 45, "1.2"))
    episode, _ = course(given, infusion(), early, *later, tick(24 * 101))
    assert now(episode, "icaht-late").value == 2
    platelets = obs("platelets", 24 * 40, 15)
    episode, _ = course(given, infusion(), platelets)
    assert (now(episode, "t-icaht-late").low, now(episode, "t-icaht-late").high) == (3, 4)


def _late(given: Ward, *several: Observation | Tick, target: str = "icaht-late") -> Standing:
    return now(course(given, infusion(), *several)[0], target)


def test_a_late_grade_stays_open_while_its_window_runs() -> None:
    given = ward(grades=["icaht-late", "t-icaht-late"])
    # one count says nothing of the seventy days to come, good or bad
    for value, end in (("2", 0), ("0.4", 3)):
        one = obs("neutrophils", 24 * 31, value)
        found = _late(given, one)
        assert (found.value, found.low, found.high) == (None, 0, 4)
        assert found.missing[-1] == "neutrophils (days to come, up to day 100)"
        # as published: a single count gives the grade of a window that is over
        assert _late(given, one, tick(24 * 101)).value == end
    # two days at or below 1500 are late ICAHT, which nothing that comes can take back
    two = (obs("neutrophils", 24 * 40, "0.8"), obs("neutrophils", 24 * 45, "1.2"))
    found = _late(given, *two)
    assert (found.low, found.high) == (2, 4)
    assert (_late(given, *two, tick(24 * 101 - 1)).low, _late(given, *two).high) == (2, 4)
    worst = (obs("neutrophils", 24 * 40, "0.1"), obs("neutrophils", 24 * 45, "1.2"))
    assert _late(given, *worst).value == 4
    platelets = obs("platelets", 24 * 40, 200)
    found = _late(given, platelets, target="t-icaht-late")
    assert (found.low, found.high) == (0, 4)
    assert _late(given, platelets, tick(24 * 101), target="t-icaht-late").value == 0


def test_observation_that_ends_settles_what_its_window_left_open() -> None:
    given = ward(grades=["icaht-early", "icaht-late"])
    two = (obs("neutrophils", 24 * 40, "0.8"), obs("neutrophils", 24 * 45, "1.2"))
    assert _late(given, *two, obs("progression_day", 24 * 60, Decimal(60))).value == 2
    assert _late(given, *two, obs("death", 24 * 60)).value == 2
    # a day of progression that is still to come ends nothing
    assert _late(given, *two, obs("progression_day", 24 * 60, Decimal(70))).value is None
    counts = [obs("neutrophils", 24 * day + 1, "0.4") for day in range(8)]
    # as cartwheel grade with the last day of follow-up: low from day 0 to the end
    assert _late(given, *counts, obs("death", 24 * 8), target="icaht-early").value == 4


def test_a_second_infusion_begins_every_day_anew() -> None:
    given = ward(grades=["astct-crs", "icaht-late", "icaht-early"],
                 assumed={**ASSUMED, "oxygen_device": "room air"})  # fmt: skip
    second = obs("infusion", 24 * 50)
    before = (infusion(), obs("hypotension", 1, False), obs("temperature", 1, 39),
              obs("progression_day", 24 * 45, Decimal(45)),
              obs("neutrophils", 24 * 40, "0.1"), obs("neutrophils", 24 * 41, "0.1"))  # fmt: skip
    assert now(course(given, *before)[0], "icaht-late").value == 4
    episode, _ = course(given, *before, second)
    assert now(episode, "icaht-late").reasons == ("late haematotoxicity is graded from day 31 on",)
    # the counts of the first course lie before the window of the second
    early = now(episode, "icaht-early")
    assert (early.low, early.high) == (0, 4)
    # fever by an antipyretic that masks it counts only after CRS of this course
    cool = (obs("hypotension", 24 * 50 + 1, False), obs("antipyretic", 24 * 50 + 1, "paracetamol"),
            obs("temperature", 24 * 50 + 2, "36.8"))  # fmt: skip
    assert now(course(given, *before, second, *cool)[0], "astct-crs").value == 0
    # nor does the progression of then end the late window of now
    later = (obs("neutrophils", 24 * 90, "0.4"), obs("neutrophils", 24 * 96, "0.4"))
    found = now(course(given, *before, second, *later)[0], "icaht-late")
    assert (found.low, found.high) == (3, 4)


def test_crs_that_lasts_into_a_second_infusion_is_crs_before() -> None:
    given, second = ward(max_age_hours=LONG), obs("infusion", 48)
    hot, drug = obs("temperature", 50, 39), obs("anticytokine", 52, "tocilizumab")
    low = (obs("temperature", 54, "36.8"), obs("hypotension", 54, True))
    before = (infusion(), *FREE, obs("temperature", 47, 39))
    # the grade is 1 before and after the second infusion: no answer of it begins there
    assert now(course(given, *before, second, hot, drug, *low)[0]).value == 2
    assert now(course(given, *before, second, drug, *low)[0]).value == 2
    # over before it, or treated before it, is of the first course
    cool = obs("temperature", 47.5, 37)
    assert now(course(given, *before, cool, second, drug, *low)[0]).value == 0
    early = obs("anticytokine", 47.2, "tocilizumab")
    assert now(course(given, *before, early, second, *low)[0]).value == 0


def test_the_digits_told_are_those_of_the_value() -> None:
    # one answer is kept for equal values: not for those that read otherwise
    given = ward(max_age_hours=LONG)
    for digits in ("38.5", "38.50", "38.5"):
        found = _crs(obs("temperature", 5, digits), of=given)
        assert found.deciding == (f"temperature {digits} Cel: fever (>= 38.0 Cel)",)
        assert digits in found.text


def test_values_beyond_a_limit_give_every_grade_they_could() -> None:
    given = ward(grades=["icaht-early", "ctcae-neutrophils"])
    counts = [obs("neutrophils", 24 * day + 1, "0.5", limit="<") for day in range(8)]
    rest = [obs("neutrophils", 24 * day + 1, 2) for day in range(8, 32)]
    found = now(course(given, infusion(), *counts, *rest)[0], "icaht-early")
    # eight days at or below 0.5 give grade 2; at or below 0.1 they would give 3
    assert (found.low, found.high) == (2, 3)
    assert "beyond a limit of detection: neutrophils" in found.warnings
    sure = [obs("neutrophils", 24 * day + 1, "0.1", limit="<") for day in range(8)]
    assert now(course(given, infusion(), *sure, *rest)[0], "icaht-early").value == 3
    lowest = now(course(given, infusion(), *sure)[0], "ctcae-neutrophils")
    assert lowest.value == 4


def test_iec_hs_reads_the_laboratory_s_limit_and_the_temperature() -> None:
    given = ward(grades=["iec-hs"], constants={"ferritin_uln": "300 ug/L"},
                 assumed={"other_explanation": "no"})  # fmt: skip
    several = (infusion(), obs("ferritin", 2, 601), obs("iec_hs_severity", 2, "severe"))
    found = now(course(given, *several, obs("temperature", 1, "38.2"))[0], "iec-hs")
    assert found.value == 3
    assert "fever: taken from the temperature, >= 38.0 Cel" in found.warnings
    assert ("ferritin_uln", "300", "ug/L", None) in [
        (one.name, one.value, one.unit, one.taken_at) for one in found.inputs
    ]
    above = obs("ferritin", 3, 100000, limit=">")
    assert now(course(given, *several, above)[0], "iec-hs").value == 3
    many = [obs(name, 3, 1, limit="<") for name in ("ferritin", "fibrinogen")]
    many.append(obs("triglycerides", 3, 1000, limit=">"))
    many += [
        obs("ferritin_baseline", -48, Decimal(90), unit="ug/L"),
        obs("ferritin_rising", 3, False),
    ]
    assert now(course(given, *several, *many)[0], "iec-hs").value == 0


def test_preliminary_values_count_and_say_so() -> None:
    found = _crs(obs("temperature", 1, 39, status="preliminary"))
    assert found.value == 1
    assert "preliminary: temperature" in found.warnings
