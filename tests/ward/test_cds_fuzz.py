"""Whatever is sent: an answer of the standard, never a fault, and never a value made up."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("joserfc", reason="cartwheel[ward] is not installed")
pytest.importorskip("fhir.resources", reason="cartwheel[ward] is not installed")

from cds_client import EASIX, RecordSystem, assert_nothing_empty
from hypothesis import HealthCheck, given, settings, strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20) | st.sampled_from(["Bundle", "Observation", "Patient", "Patient/pat-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["resourceType", "entry", "resource", "subject", "code", "coding", "id",
                         "status", "valueQuantity", "value", "identifier", "birthDate"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
SOME = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def ehr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordSystem]:
    made = RecordSystem(tmp_path, monkeypatch, issuer="", open_on_this_machine=True)
    with made.client:
        yield made


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    found = [way] if way else []
    if isinstance(value, dict | list):
        for key, one in steps:
            found += places(one, (*way, key)) if isinstance(one, dict | list) else [(*way, key)]
    return found


@SOME
@given(data=st.data())
def test_a_changed_prefetch_is_answered(ehr: RecordSystem, data: st.DataObject) -> None:
    changed = copy.deepcopy(EASIX)
    *way, last = data.draw(st.sampled_from(places(EASIX)))
    inside: Any = changed
    for step in way:
        inside = inside[step]
    inside[last] = data.draw(JSON)
    answer = ehr.ask(prefetch=changed, token="none")
    assert answer.status_code in (200, 400, 412), answer.text
    if answer.status_code == 200:
        for card in answer.json()["cards"]:
            assert_nothing_empty(card)
            assert len(card["summary"]) < 140


@SOME
@given(context=st.dictionaries(st.sampled_from(["patientId", "draftOrders", "selections"]), JSON))
def test_a_changed_context_is_answered(ehr: RecordSystem, context: dict[str, Any]) -> None:
    answer = ehr.ask("easix-order-select", hook="order-select", context=context, token="none")
    assert answer.status_code in (200, 400), answer.text


@SOME
@given(body=JSON)
def test_any_feedback_is_answered(ehr: RecordSystem, body: Any) -> None:
    for sent in ([body], {"feedback": body}, {"feedback": [body]}):
        answer = ehr.client.post("/cds-services/easix/feedback", json=sent)
        assert answer.status_code == 400, answer.text
