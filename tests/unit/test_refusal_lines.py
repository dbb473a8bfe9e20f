from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from cartwheel.cli.common import WIDTH, check_folder, problem_lines
from cartwheel.errors import PlanRefused, Problem, Refused

WORDS = st.text(st.sampled_from("abcdefgh'-/.(),;:=> "), max_size=300)


def lines(*problems: Problem) -> list[str]:
    return list(problem_lines(Refused(problems)))


def test_short_refusals_stay_as_they_were() -> None:
    found = lines(Problem("code", "there is no such file", "a.csv", "check the name"))
    assert found == [
        "cartwheel refuses (1 reason):",
        "  - a.csv: there is no such file",
        "    mend: check the name",
    ]


@pytest.mark.parametrize(
    "copied",
    [
        "cartwheel validate COHORT ... --save-plan plan.toml",
        "cartwheel plan COHORT > plan.toml",
        "cartwheel landmark ... --save-model model.json",
        "--column 'age (years)=Age at infusion'",
        "--missing complete",
        "'a name with blanks'",
        "/a/path/that/no/line/could/hold/" + 8 * "and-so-on/" + "x.json",
    ],
)
@pytest.mark.parametrize("before", range(0, 80, 7))
def test_what_is_copied_stays_on_one_line(copied: str, before: int) -> None:
    mend = " ".join(["it"] * (before // 3) + [copied, "and then it will do"])
    found = lines(Problem("code", "what", "where", mend))
    assert any(copied in line for line in found)
    assert all(len(line) <= WIDTH or copied in line for line in found)


def test_a_place_with_blanks_is_not_broken_and_several_are_between_them() -> None:
    one = "column 'ferritin at the day of infusion' of the sheet 'baseline'"
    assert any(one in line for line in lines(Problem("code", "what " * 20, one)))
    several = ", ".join(f"row {number}" for number in range(1000, 1040))
    found = lines(Problem("code", "what", several))
    assert all(len(line) <= WIDTH for line in found)
    assert not any(line.endswith("row") for line in found)


@settings(deadline=None)
@given(where=WORDS, what=WORDS, mend=WORDS)
def test_every_word_is_there_and_every_line_ends_in_time(where: str, what: str, mend: str) -> None:
    found = lines(Problem("code", f"w{what}", where, mend))
    said = " ".join(found[1:]).split()
    place = f"{where}: " if where else ""
    remedy = f"mend: {mend}" if mend else ""
    assert said == f"- {place}w{what} {remedy}".split()
    # a longer line holds one thing that must not be broken
    for line in found:
        assert line.startswith(("cartwheel refuses", "  - ", "    "))


def test_the_folder_to_be_made_is_quoted_where_it_must_be() -> None:
    with pytest.raises(PlanRefused) as refused:
        check_folder("no such folder here/x.json")
    assert refused.value.problems[0].mend == "make it first: mkdir -p 'no such folder here'"
