"""Who leaves the ward's list and comes back: what is told of him, live and in a replay."""

from __future__ import annotations

from ward_messages import NOON, SetClock, arrived, message
from ward_real import real_following

from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store
from cartwheel.store.ward_json import alert_of
from cartwheel.store.ward_log import events_of
from cartwheel.watch.intake import Item, Person

WHO = (("hospital", "7"),)
HOT = "39.5"


def test_leaving_the_list_ends_alerts_and_coming_back_begins_anew(
    store: Store, clock: SetClock
) -> None:
    following = real_following()
    keeper = Keeper(store, following, clock=clock)
    clock.now = NOON
    told: list[list[tuple[str, str]]] = []
    patient = ""

    def keep(*items: Item) -> None:
        nonlocal patient
        clock.go(minutes=5)
        (receipt,) = keeper.keep([message(f"{len(told)}", *items)])
        patient = receipt.patients[0]
        with store.engine.connect() as connection:
            every = [alert_of(one.body) for one in events_of(connection, patient, kinds=("alert",))]
        known = sum(map(len, told))
        told.append([(one.step, one.reason) for one in every[known:]])

    keep(arrived("7", "infusion", None, -1, unit=""))
    keep(arrived("7", "temperature", HOT, 0, unit="Cel"))
    raised = [step for step, _ in told[-1]]
    assert raised
    assert set(raised) == {"raised"}
    keep(Person(WHO, place="left"))
    assert told[-1] == [("cleared", "left the ward")] * len(raised)
    # it is followed, and nobody is told
    keep(arrived("7", "temperature", "40", 0.1, unit="Cel"))
    assert told[-1] == []
    keep(Person(WHO, place="here"))
    assert told[-1] == [("raised", "")] * len(raised)
    keep(arrived("7", "discharge", None, 0.4, unit=""))
    assert told[-1] == [("cleared", "left the ward")] * len(raised)
    # taken onto the list again without a word of an admission
    keep(Person(WHO, place="left"))
    keep(Person(WHO, place="here"))
    assert told[-1] == [("raised", "")] * len(raised)
    found = verify(store, {following.sha256: following})
    assert found.differences == ()
