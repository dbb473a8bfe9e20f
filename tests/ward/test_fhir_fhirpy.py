"""A real FHIR client (fhirpy) speaking to our endpoint over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir_samples import CODES, ferritin, patient, without
from fhir_server import TOKEN, fhir_app, free_port, running

fhirpy = pytest.importorskip("fhirpy", reason="fhirpy is not installed")
from fhirpy.base.exceptions import OperationOutcome  # noqa: E402


def _plain(resource: dict) -> dict:  # type: ignore[type-arg]
    """The client writes numbers itself."""
    quantity = {**resource["valueQuantity"], "value": 72.5}
    return {**resource, "valueQuantity": quantity}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fhirpy.SyncFHIRClient]:
    folder: Path = tmp_path_factory.mktemp("fhirpy")
    port = free_port()
    with running(fhir_app(folder, port=port), port) as base:
        yield fhirpy.SyncFHIRClient(f"{base}/fhir", authorization=f"Bearer {TOKEN}")


def test_a_client_writes_reads_and_writes_again(client: fhirpy.SyncFHIRClient) -> None:
    client.resource("Patient", **without(patient(), "resourceType")).save()
    value = client.resource("Observation", **without(_plain(ferritin()), "resourceType"))
    value.save()
    assert value["meta"]["versionId"] == "1"
    value["status"] = "amended"
    value.save()
    assert value["meta"]["versionId"] == "2"
    again = client.reference("Observation", "f1").to_resource()
    assert (again["status"], again["valueQuantity"]["value"]) == ("amended", 72.5)


def test_a_client_creates(client: fhirpy.SyncFHIRClient) -> None:
    new = client.resource("Observation", **without(_plain(ferritin()), "resourceType", "id"))
    new.save()
    assert len(new.id) == 32


def test_a_client_is_told_what_is_wrong(client: fhirpy.SyncFHIRClient) -> None:
    bad = client.resource("Observation", **without(_plain(ferritin(status="x")), "resourceType"))
    with pytest.raises(OperationOutcome) as caught:
        bad.save()
    assert caught.value.resource["issue"][0]["expression"] == ["Observation.status"]


def test_a_client_searches_page_by_page(client: fhirpy.SyncFHIRClient) -> None:
    assert CODES.rows
    found = client.resources("RiskAssessment").search(patient="nobody").fetch_all()
    assert found == []
