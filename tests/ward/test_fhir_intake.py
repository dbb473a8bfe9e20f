"""Versions of a resource in the log, on both databases, from many threads, on two servers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from fhir_samples import CODES, ferritin, text_of

from cartwheel.serve.fhir.intake import FhirIntake, Taken
from cartwheel.serve.fhir.json_text import read_json
from cartwheel.serve.fhir.naming import key_of
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.store.database import Store


def _take(intake: FhirIntake, status: str, note: int = 0) -> Taken:
    content = text_of(ferritin(status=status, note=[{"text": f"note {note}"}]))
    return intake.take(read_json(content), content, intake.context("lab"))


def test_the_same_version_at_once_is_kept_once(
    store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    intake = FhirIntake(make_ingest(store), store, lambda: CODES)
    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(lambda _: _take(intake, "final"), range(100)))
    assert {one.version for one in taken} == {1}
    assert [one.receipt.outcome for one in taken].count("stored") == 1


def test_versions_of_two_servers_have_numbers_of_their_own(
    store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    servers = [FhirIntake(make_ingest(store), store, lambda: CODES) for _ in range(2)]

    def one(place: int) -> int:
        return _take(servers[place % 2], "amended", place).version

    with ThreadPoolExecutor(4) as threads:
        versions = list(threads.map(one, range(12)))
    assert sorted(versions) == list(range(1, 13))
    last = servers[0].last("lab", "Observation", "f1")
    assert last is not None
    assert last.number == 12
    assert servers[0].last("other", "Observation", "f1") is None


def test_a_key_has_room_in_the_log() -> None:
    assert len(key_of("x" * 500, "MedicationAdministration", "i" * 64, 10**8)) < 255
    assert key_of("a|b", "Observation", "1", 1) != key_of("a", "b|Observation", "1", 1)
