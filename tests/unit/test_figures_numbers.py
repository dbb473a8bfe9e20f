import pytest

from cartwheel.figures import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "<0.001"),
        (0.00099, "<0.001"),
        (0.001, "0.001"),
        (0.0468, "0.047"),
        (0.0994, "0.099"),
        (0.0996, "0.10"),
        (0.124, "0.12"),
        (0.99, "0.99"),
        (0.9999, ">0.99"),
    ],
)
def test_p_values_are_never_zero_nor_one(value, text):
    assert numbers.p_value(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.15, "2.15"), (0.003, "0.0030"), (38.4, "38.40"), (190.0, "190.0"), (1284.2, "1284")],
)
def test_ratios_show_two_decimals_and_never_nothing(value, text):
    assert numbers.ratio(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.35, "0.350"),
        (2.55, "2.55"),
        (145.2, "145"),
        (1234.0, "1234"),
        (12345.0, "12\u202f345"),
        (0.0, "0"),
        (-0.5, "−0.500"),
        (9.996, "10.0"),
    ],
)
def test_significant_digits_keep_every_digit_before_the_point(value, text):
    assert numbers.significant(value) == text


def test_a_negative_that_rounds_to_zero_has_no_sign():
    assert numbers.decimals(-0.0004, 2) == "0.00"
    assert numbers.decimals(-0.006, 2) == "−0.01"


def test_percentages_only_move_the_point():
    assert numbers.percent(0.1356) == "13.6%"
    assert numbers.level(0.95) == "95"
    assert numbers.level(0.975) == "97.5"


def test_a_rounded_cut_makes_the_same_groups():
    # 2.548571... lies between the neighbours 2.5484 and 2.5487: four digits (2.549) would not
    assert numbers.cut(2.54857142857, 2.5484, 2.5487) == "2.5486"
    assert numbers.cut(2.54857142857, 2.51, 2.59) == "2.549"
    assert numbers.cut(1483.5, 1461.0, 1506.0) == "1483.5"
    assert numbers.cut(0.35, None, None) == "0.35"


def test_intervals_say_which_limit_is_missing():
    whole = {"value": 2.15, "low": 1.74, "high": 2.66}
    open_ended = {"value": None, "low": 17.9, "high": None}
    bare = {"value": 0.5, "low": None, "high": None}
    assert numbers.interval(whole, "ratio") == "2.15 (1.74 to 2.66)"
    text = numbers.interval(open_ended, "time", numbers.NOT_REACHED)
    assert text == "not reached (17.9 to not reached)"
    assert numbers.interval(bare, "two") == "0.50"


@pytest.mark.parametrize(
    ("value", "text"),
    [(147.1153846, "147.115"), (0.36, "0.36"), (1461.0, "1461"), (2e6, "2\u202f000\u202f000")],
)
def test_fine_numbers_have_six_digits_and_no_idle_zeros(value, text):
    assert numbers.fine(value) == text


def test_a_sentence_begins_large_and_keeps_its_units():
    assert numbers.sentence("il-6 (pg/mL)") == "Il-6 (pg/mL)"
    assert numbers.sentence("") == ""
