"""The settings file of the FHIR interface: what it says, and every refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from fhir_server import TOKEN
from ward_real import WARD

from cartwheel.cli.monitor_fhir import server_in
from cartwheel.errors import Refused
from cartwheel.serve.application import create_app
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.settings import FILE, FhirSettings, fhir_settings
from cartwheel.serve.settings import Settings

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
    return fhir_settings(None, {FILE: str(path)})


def test_nothing_is_told() -> None:
    assert fhir_settings(None, {}) == FhirSettings()
    assert FhirSettings().subscriptions() == ()


def test_the_whole_file(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-secret-", encoding="utf-8")
    key.chmod(0o600)
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
        fhir_settings(None, {FILE: str(tmp_path / "none")})
    assert caught.value.problems[0].code == "fhir_file_missing"


SHORT = """
schema = "cartwheel/fhir-server/1"
base = "https://north.example/fhir/"
name = "north"
wards = ["Ward 7"]
every_seconds = 10
write = ["RiskAssessment"]

[systems]
"http://north.example/mrn" = "NORTH"
"""


def test_the_shorter_form_says_the_same_of_a_server(tmp_path: Path) -> None:
    short = _read(tmp_path, SHORT)
    whole = _read(
        tmp_path,
        HEAD
        + """
[senders.north]
base = "https://north.example/fhir"
wards = ["Ward 7"]
systems = { "http://north.example/mrn" = "NORTH" }

[server]
base = "https://north.example/fhir"
name = "north"
every_seconds = 10
write = ["RiskAssessment"]
""",
    )
    assert short == whole
    assert [one.target for one in short.subscriptions()] == ["fhir"]


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = HEAD + "colour = 1\n[server]\nby = 'x'\nclient_id = 'a'\nname = 'a b'"
    with pytest.raises(Refused) as caught:
        _read(tmp_path, text)
    assert [one.code for one in caught.value.problems] == [
        "unknown_key", "fhir_value", "fhir_value", "fhir_key_missing", "fhir_value",
    ]  # fmt: skip


def test_two_files_that_disagree(tmp_path: Path) -> None:
    named, other = tmp_path / "named.toml", tmp_path / "other.toml"
    named.write_text(SHORT, encoding="utf-8")
    other.write_text(SHORT, encoding="utf-8")
    both = {FILE: str(other)}
    assert fhir_settings(named, both) == fhir_settings(named, {})
    other.write_text(SHORT.replace("10", "20"), encoding="utf-8")
    with pytest.raises(Refused) as caught:
        fhir_settings(named, both)
    assert caught.value.problems[0].code == "fhir_two_files"
    # one says who sends, the other which server there is: they do not disagree
    other.write_text(HEAD + "[senders.lab]\nbase = 'https://lab.example'", encoding="utf-8")
    found = fhir_settings(named, both)
    assert set(found.senders) == {"lab", "north"}
    assert found.server is not None
    assert found.server.name == "north"


def test_a_server_starts_with_the_file_that_the_command_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FILE, raising=False)
    (tmp_path / "ward.toml").write_text(WARD, encoding="utf-8")
    (tmp_path / "fhir.toml").write_text(SHORT, encoding="utf-8")
    settings = Settings(
        folder=tmp_path / "data", token=TOKEN, workers=1, ward=tmp_path / "ward.toml",
        fhir=tmp_path / "fhir.toml", keep_raw_days=30,
    )  # fmt: skip
    app = create_app(settings)
    ward = app.state.services.ward
    assert ward.senders["north"] == FhirOptions(
        "https://north.example/fhir", {"http://north.example/mrn": "NORTH"}, frozenset({"Ward 7"})
    )
    assert dict(ward.counters["retention"]()) == {"emptied": 0}
    assert dict(ward.counters["fhir"]()) == {"unordered": 0, "out_of_order": 0}
    app.state.services.store.close()


def test_a_file_without_a_server_names_none_to_pull_from(tmp_path: Path) -> None:
    path = tmp_path / "fhir.toml"
    path.write_text(HEAD, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        server_in(path)
    assert caught.value.problems[0].code == "no_fhir_server"


def test_a_secret_is_there_and_is_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "empty").touch(mode=0o600)
    (tmp_path / "key").write_text("-secret-", encoding="utf-8")
    (tmp_path / "key").chmod(0o600)
    server = HEAD + "[server]\nbase='https://x'\n"
    with pytest.raises(Refused) as caught:
        _read(tmp_path, server + "token_file='empty'")
    assert caught.value.problems[0].code == "fhir_key_file"
    with pytest.raises(Refused) as caught:
        _read(tmp_path, server + "token_file='key'\nclient_id='a'\nkey_file='key'\nkid='k'")
    assert caught.value.problems[0].where == "server.token_file"


def test_what_is_said_of_the_server_as_a_sender_is_of_its_address(tmp_path: Path) -> None:
    text = HEAD + "[senders.pull]\nwards = ['Ward 7']\n{}[server]\nbase = 'https://x'"
    found = _read(tmp_path, text.format(""))
    assert found.senders["pull"] == FhirOptions("https://x", {}, frozenset({"Ward 7"}))
    with pytest.raises(Refused) as caught:
        _read(tmp_path, text.format("base = 'https://y'\n"))
    assert caught.value.problems[0].where == "senders.pull.base"


def test_a_whole_file_of_a_server_alone_is_joined_too(tmp_path: Path) -> None:
    named, other = tmp_path / "named.toml", tmp_path / "other.toml"
    named.write_text(HEAD + "[server]\nbase = 'https://x'", encoding="utf-8")
    other.write_text(HEAD + "wards = ['Ward 7']", encoding="utf-8")
    found = fhir_settings(named, {FILE: str(other)})
    assert found.server is not None
    assert found.options.wards == {"Ward 7"}
