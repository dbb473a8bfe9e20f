"""Two records of one person become one, and two again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from ward_fake import FakeFollowing
from ward_messages import SetClock, arrived, message

from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import replay, verify
from cartwheel.store.database import Store
from cartwheel.store.ward_parked import count_parked
from cartwheel.store.ward_people import count_patients
from cartwheel.store.ward_tables import episodes, identifiers
from cartwheel.watch.intake import Identifiers, Merge, Unmerge

FOLLOWINGS = {one.sha256: one for one in (FakeFollowing(),)}


def of(record: str) -> Identifiers:
    return (("hospital", record),)


def values(store: Store, record: str, name: str = "crp") -> list[Decimal]:
    """Values that count of the record alone, in order of size."""
    with store.reading() as connection:
        wanted = select(identifiers.c.patient).where(identifiers.c.value == record)
        patient = connection.execute(wanted).scalar_one()
    episode: Any = replay(store, FOLLOWINGS, patient).chart.episode
    counted = [
        one for one in episode.versions.values()
        if one.name == name and one.status != "withdrawn"
    ]  # fmt: skip
    return sorted(one.value for one in counted)


def states(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return count_patients(connection)


@pytest.fixture
def two(keeper: Keeper) -> Keeper:
    """Two records, with a value each."""
    keeper.keep(
        [
            message("a", arrived("A", "infusion", None), arrived("A", "crp", "10", 1)),
            message("b", arrived("B", "crp", "20", 2)),
        ]
    )
    return keeper


def test_merged_values_count_together_and_apart_again(store: Store, two: Keeper) -> None:
    (merged,) = two.keep([message("m", Merge(of("A"), of("B")))])
    assert len(merged.patients) == 2
    assert values(store, "A") == [10, 20]
    assert states(store) == {"assigned": 1, "merged": 1}
    # what comes for the record that is gone counts for the one that stays
    (late,) = two.keep([message("c", arrived("B", "crp", "30", 3))])
    assert late.patients == (merged.patients[1],)
    assert values(store, "A") == [10, 20, 30]
    two.keep([message("u", Unmerge(of("B")))])
    assert values(store, "A") == [10]
    assert values(store, "B") == [20, 30]
    assert states(store) == {"assigned": 1, "unassigned": 1}
    # and once more: a second merge is another one
    two.keep([message("n", Merge(of("A"), of("B")))])
    assert values(store, "A") == [10, 20, 30]
    assert verify(store, FOLLOWINGS).same


def test_a_correction_finds_its_value_by_whichever_record_it_comes(
    store: Store, two: Keeper
) -> None:
    two.keep([message("m", Merge(of("A"), of("B")))])
    right = arrived("A", "crp", "25", 2, status="corrected")
    two.keep([message("c", right)])
    assert values(store, "A") == [10, 25]
    wrong = arrived("B", "crp", "11", 1, status="corrected")
    two.keep([message("d", wrong)])
    assert values(store, "A") == [11, 25]
    two.keep([message("u", Unmerge(of("B")))])
    # what was corrected meanwhile goes back with its value
    assert values(store, "A") == [11]
    assert values(store, "B") == [25]
    two.keep([message("e", replace(right, identifiers=of("B")))])
    assert values(store, "B") == [25]
    assert verify(store, FOLLOWINGS).same


def test_three_records_by_way_of_one_another(store: Store, two: Keeper) -> None:
    two.keep([message("c", arrived("C", "crp", "40", 4))])
    two.keep([message("1", Merge(of("B"), of("C"))), message("2", Merge(of("A"), of("B")))])
    assert values(store, "A") == [10, 20, 40]
    two.keep([message("d", arrived("C", "crp", "50", 5))])
    assert values(store, "A") == [10, 20, 40, 50]
    # C is taken out of both that it stands in
    two.keep([message("3", Unmerge(of("C")))])
    assert values(store, "A") == [10, 20]
    assert values(store, "B") == [20]
    assert values(store, "C") == [40, 50]
    two.keep([message("4", Unmerge(of("B")))])
    assert (values(store, "A"), values(store, "B")) == ([10], [20])
    assert verify(store, FOLLOWINGS).same


def test_a_merge_in_the_same_group_as_what_it_concerns(store: Store, keeper: Keeper) -> None:
    keeper.keep(
        [
            message("1", arrived("A", "crp", "1")),
            message("2", Merge(of("A"), of("B")), arrived("B", "crp", "2", 1)),
            message("3", Unmerge(of("B")), arrived("B", "crp", "3", 2)),
        ]
    )
    assert values(store, "A") == [1]
    assert values(store, "B") == [2, 3]
    assert verify(store, FOLLOWINGS).same


def test_merges_that_change_nothing(store: Store, two: Keeper) -> None:
    first = message("m", Merge(of("A"), of("B")))
    two.keep([first])
    (again,) = two.keep([first])
    (same,) = two.keep([message("n", Merge(of("A"), of("B")))])
    (back,) = two.keep([message("o", Merge(of("B"), of("A")))])
    assert again.outcome == "repeat"
    assert (same.entries, back.entries) == (0, 0)
    assert values(store, "A") == [10, 20]
    (never,) = two.keep([message("p", Unmerge(of("A")))])
    assert never.parked == 1
    with store.reading() as connection:
        assert [one.reason for one in count_parked(connection)] == ["not_merged"]


def test_who_is_followed_stays_so_whichever_record_stays(store: Store, two: Keeper) -> None:
    two.keep([message("m", Merge(of("B"), of("A")))])
    assert states(store) == {"assigned": 1, "merged": 1}
    with store.reading() as connection:
        wanted = select(episodes.c.patient).where(episodes.c.state == "assigned")
        assigned = connection.execute(wanted).scalar_one()
        whose = select(identifiers.c.patient).where(identifiers.c.value == "B")
        assert connection.execute(whose).scalar_one() == assigned


def test_a_merge_after_a_new_start(store: Store, two: Keeper, clock: SetClock) -> None:
    two.keep([message("m", Merge(of("A"), of("B")))])
    # another process has nothing in memory
    other = Keeper(store, FakeFollowing(), clock=clock)
    other.keep([message("c", arrived("B", "crp", "21", 2, status="corrected"))])
    assert values(store, "A") == [10, 21]
    other.keep([message("u", Unmerge(of("B")))])
    two.keep([message("d", arrived("A", "crp", "9", 6))])
    assert (values(store, "A"), values(store, "B")) == ([9, 10], [21])
    assert verify(store, FOLLOWINGS).same
