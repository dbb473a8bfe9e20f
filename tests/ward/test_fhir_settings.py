"""The settings file of the FHIR interface: what it says, and every refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cartwheel.errors import Refused
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.settings import FILE, FhirSettings, fhir_settings

HEAD = 'schema = "cartwheel/fhir/1"\n'
WHOLE = """
base = "https://north.example/fhir"
wards = ["Ward 7"]

[systems]
"http://north.example/mrn" = "NORTH"

[senders.lab]
base = "https://lab.example/fhir"

[server]
base = "https://north.example/fhir"
client_id = "cartwheel"
key_file = "key.pem"
kid = "k1"
write = ["RiskAssessment"]
every_seconds = 10
"""


def _read(folder: Path, text: str) -> FhirSettings:
    path = folder / "fhir.toml"
    path.write_text(text, encoding="utf-8")
    return fhir_settings({FILE: str(path)})


def test_nothing_is_told() -> None:
    assert fhir_settings({}) == FhirSettings()
    assert FhirSettings().subscriptions() == ()


def test_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-secret-", encoding="utf-8")
    found = _read(tmp_path, HEAD + WHOLE)
    assert found.options == FhirOptions(
        "https://north.example/fhir", {"http://north.example/mrn": "NORTH"}, frozenset({"Ward 7"})
    )
    assert found.senders["lab"].base == "https://lab.example/fhir"
    assert found.server is not None
    assert found.server.client is not None
    assert found.server.client.scope == "system/*.read system/*.write"
    assert [one.target for one in found.subscriptions()] == ["fhir"]
    assert "-secret-" not in repr(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "fhir_schema"),
        ("x = [", "not_toml"),
        (HEAD + "colour = 1", "unknown_key"),
        (HEAD + "[senders.a]\nserver = 1", "unknown_key"),
        (HEAD + "wards = 'Ward 7'", "fhir_value"),
        (HEAD + "[server]\npull = true", "fhir_value"),
        (HEAD + "[server]\nbase = 'https://x'\nwrite = ['Patient']", "fhir_value"),
        (HEAD + "[server]\nbase = 'https://x'\nby = 'name'", "fhir_value"),
        (HEAD + "[server]\nbase = 'https://x'\nevery_seconds = 0", "fhir_value"),
        (HEAD + "[server]\nbase = 'https://x'\ntoken_file = 'none'", "fhir_key_file"),
        (HEAD + "[server]\nbase='https://x'\nclient_id='a'\nalgorithm='HS256'", "fhir_value"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        _read(tmp_path, text)
    assert caught.value.problems[0].code == code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        fhir_settings({FILE: str(tmp_path / "none")})
    assert caught.value.problems[0].code == "fhir_file_missing"
