"""Drugs given (RXA) and procedures (PR1): only what the centre's table names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hl7_messages import PATIENT, header, message, read, seen, waiting

from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.intake import Item
from cartwheel.watch.observation import supersedes

TABLE = CodeTable(
    [
        CodeRow("L", "TOCI", "anticytokine", values=(("*", "tocilizumab"),)),
        CodeRow("L", "NA", "vasopressors", values=(("*", "norepinephrine"),)),
        CodeRow("L", "DEX", "corticosteroid"),
        CodeRow("L", "CART", "infusion"),
        CodeRow("OPS", "8-549", "infusion"),
        CodeRow("L", "FFP", "coagulopathy_products"),
        CodeRow("L", "CRP", "crp"),
    ]
)
ORDERED = "ORC|RE|P1|F1||||||20261122100000"


def _given(
    code: str, begun: str = "20261122080000", ended: str = "", completion: str = "CP",
    action: str = "A", written: str = "",
) -> tuple[Item, ...]:  # fmt: skip
    fields = ["RXA", "0", "1", begun, ended, f"{code}^Drug^L", "1", *[""] * 13]
    line = "|".join([*fields, completion, action, written])
    return read(message(PATIENT, ORDERED, line, head=header("RAS^O17")), TABLE).items


def test_a_dose() -> None:
    (one,) = seen(_given("TOCI", ended="20261122080000"))
    assert (one.name, one.value, one.ends_at) == ("anticytokine", "tocilizumab", None)
    assert one.taken_at == datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert one.source == "NORTH|RXA|F1|TOCI|1|20261122080000"
    assert seen(_given("DEX"))[0].value == "Drug"


def test_a_vasopressor_runs_until_it_is_stopped() -> None:
    (runs,) = seen(_given("NA"))
    assert (runs.value, runs.ends_at) == ("norepinephrine", None)
    (over,) = seen(_given("NA", ended="20261122113000", action="U", written="20261122114000"))
    assert over.ends_at == datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    assert over.source == runs.source
    assert supersedes(over, runs)
    (moment,) = seen(_given("NA", ended="20261122080000"))
    assert moment.ends_at == moment.taken_at


@pytest.mark.parametrize(("completion", "action"), [("RE", "A"), ("NA", "A"), ("CP", "D")])
def test_what_was_not_given_is_withdrawn(completion: str, action: str) -> None:
    (one,) = seen(_given("TOCI", completion=completion, action=action))
    assert (one.status, one.value) == ("withdrawn", None)


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (_given("XX"), "code_unmapped"),
        (_given("CRP"), "code_kind"),
        (_given("TOCI", begun="20261122"), "time_imprecise"),
        (_given("TOCI", begun=""), "time_missing"),
        (_given("NA", ended="20261121"), "time_imprecise"),
        (_given("NA", ended="20261121080000"), "time_order"),
        (_given("TOCI", completion="QQ"), "status_unknown"),
        (_given("TOCI", action="Q"), "status_unknown"),
    ],
)
def test_what_cannot_be_used_is_parked(items: tuple[Item, ...], reason: str) -> None:
    assert [one.reason for one in waiting(items)] == [reason]
    assert seen(items) == []


def test_the_infusion_by_its_drug_or_by_its_procedure() -> None:
    assert seen(_given("CART"))[0].name == "infusion"
    line = "PR1|1||8-549^CAR-T^OPS||{}"
    first = read(message(PATIENT, line.format("20261120103000"), head=header("ADT^A08")), TABLE)
    (one,) = seen(first.items)
    assert (one.name, one.taken_at) == ("infusion", datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
    # sent again with another date it is a correction
    later = header("ADT^A08", sent="20261123080000+0100")
    (moved,) = seen(read(message(PATIENT, line.format("20261121103000"), head=later), TABLE).items)
    assert moved.source == one.source
    assert supersedes(moved, one)
    gone = line.format("20261120103000") + "|" * 15 + "D"
    (none,) = seen(read(message(PATIENT, gone, head=later), TABLE).items)
    assert none.status == "withdrawn"


def test_products_given_answer_a_question() -> None:
    assert seen(_given("FFP"))[0].value is True


def test_an_unknown_procedure_is_parked() -> None:
    made = read(
        message(PATIENT, "PR1|1||5-123^X^OPS||20261120103000", head=header("ADT^A08")), TABLE
    )
    assert [one.reason for one in waiting(made.items)] == ["code_unmapped"]
