"""A record system that asks for cards: its key, its tokens, its requests; for tests."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from serve_people import LAPTOP, laptop
from starlette.testclient import TestClient

ISS = "https://ehr.example.org"
KEY = ECKey.generate_key("P-384", {"kid": "one", "alg": "ES384", "use": "sig"})
PATIENT = "pat-1"
SURNAME, BORN, RECORD = "Quarzfels", "1961-07-23", "MRN-7734519"
SYSTEM = "https://hospital.example.org/mrn"
WARD = """
schema = "cartwheel/ward/1"
ward = "Ward of the tests"
time_zone = "Europe/Berlin"
grades = ["astct-crs"]
scores = ["easix", "car-hematotox"]
landmark_models = []
[max_age_hours]
default = 24
[[alert]]
id = "hematotox-high"
target = "car-hematotox"
bands = ["high"]
severity = "warning"
"""


def ago(hours: float) -> str:
    """So many hours before now, as FHIR writes it."""
    then = datetime.now(UTC) - timedelta(hours=hours)
    return then.isoformat(timespec="seconds")


def lab(code: str, value: str, unit: str, hours: float = 2.0, **changes: Any) -> dict[str, Any]:
    """An Observation; the value keeps its digits."""
    made = {
        "resourceType": "Observation",
        "id": f"{code}-{hours}".replace(".", "-"),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": ago(hours),
        "valueQuantity": {
            "value": float(value) if "." in value else int(value), "unit": unit, "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }  # fmt: skip
    return {**made, **changes}


def bundle(*resources: Mapping[str, Any]) -> dict[str, Any]:
    """What a search finds."""
    found: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    return found | ({"entry": [{"resource": one} for one in resources]} if resources else {})


PERSON = {
    "resourceType": "Patient",
    "id": PATIENT,
    "identifier": [{"system": SYSTEM, "value": RECORD}],
    "name": [{"family": SURNAME, "given": ["Anna"]}],
    "birthDate": BORN,
}
EASIX = {
    "patient": PERSON,
    "ldh": bundle(lab("2532-0", "280", "U/L")),
    "creatinine": bundle(lab("2160-0", "1.0", "mg/dL")),
    "platelets": bundle(lab("777-3", "100", "10*9/L")),
}


class RecordSystem:
    """Asks for cards as a hospital's record system does."""

    def __init__(self, folder: Path, monkeypatch: Any, **changes: Any) -> None:
        (folder / "keys.json").write_text(json.dumps(KeySet([KEY]).as_dict(private=False)))
        (folder / "ward.toml").write_text(WARD)
        issuer = changes.pop("issuer", f'[[issuer]]\niss = "{ISS}"\njwks = "keys.json"\n')
        lines = [f"{key} = {json.dumps(value)}" for key, value in changes.items()]
        told = "\n".join(['schema = "cartwheel/cds/1"', *lines, issuer])
        (folder / "cds.toml").write_text(told)
        monkeypatch.setenv("CARTWHEEL_CDS", str(folder / "cds.toml"))
        self.client: TestClient = laptop(folder / "data", ward=folder / "ward.toml")
        self.app: Any = self.client.app

    def token(self, path: str, key: Any = KEY, alg: str = "ES384", **changes: Any) -> str:
        """A token for one call; a change of None leaves the claim out."""
        header = {"alg": alg, "kid": "one", "typ": "JWT", **changes.pop("header", {})}
        now = int(time.time())
        claims = {
            "iss": ISS, "aud": f"{LAPTOP}{path}", "iat": now, "exp": now + 300,
            "jti": str(uuid.uuid4()), **changes,
        }  # fmt: skip
        kept = {name: value for name, value in claims.items() if value is not None}
        kept_header = {name: value for name, value in header.items() if value is not None}
        return jwt.encode(kept_header, kept, key, algorithms=[alg])

    def ask(
        self, service: str = "easix", prefetch: Any = EASIX, *, token: str | None = None,
        hook: str = "patient-view", headers: Mapping[str, str] | None = None, **more: Any,
    ) -> Any:  # fmt: skip
        """Ask a service."""
        path = f"/cds-services/{service}"
        context = {"userId": "Practitioner/7", "patientId": PATIENT, **more.pop("context", {})}
        body = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, **more}
        if prefetch is not None:
            body["prefetch"] = prefetch
        sent = {"Authorization": f"Bearer {token or self.token(path)}", **(headers or {})}
        return self.client.post(path, json=body, headers=sent)

    def card(self, *args: Any, **more: Any) -> dict[str, Any]:
        """The one card of an answer, which has nothing empty in it."""
        answer = self.ask(*args, **more)
        assert answer.status_code == 200, answer.text
        (card,) = answer.json()["cards"]
        assert_nothing_empty(card)
        assert len(card["summary"]) < 140
        return dict(card)


def assert_nothing_empty(value: Any, where: str = "card") -> None:
    """CDS Hooks: no null, no empty text, no empty array anywhere."""
    assert value not in (None, "", [], {}), where
    if isinstance(value, dict):
        for key, one in value.items():
            assert_nothing_empty(one, f"{where}.{key}")
    elif isinstance(value, list):
        for place, one in enumerate(value):
            assert_nothing_empty(one, f"{where}[{place}]")
