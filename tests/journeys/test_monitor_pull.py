"""``cartwheel monitor pull``: a server's file is read strictly, and what is new is pulled once."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import typer
from typer.testing import CliRunner, Result

from cartwheel.cli.monitor import monitor
from cartwheel.cli.monitor_fhir import server_in
from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.opened import open_ward_services
from cartwheel.store.database import open_store
from cartwheel.watch.intake import Message, Person

REPOSITORY = Path(__file__).resolve().parents[2]
WARD = REPOSITORY / "examples" / "ward" / "ward.toml"
NUMBER = ("NORTH", "77")
# one moment for every answer: the same resource twice is nothing new
TAKEN = datetime.now(UTC).isoformat(timespec="seconds")


class Hospital(BaseHTTPRequestHandler):
    """A FHIR server with one patient and one temperature."""

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        kind = self.path.split("/")[2]
        entries = [{"resource": one} for one in self._found(kind, asked)]
        body = json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries})
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.end_headers()
        self.wfile.write(body.encode())

    def _found(self, kind: str, asked: dict[str, list[str]]) -> Iterator[dict[str, object]]:
        if kind == "Patient" and asked.get("identifier") == ["|".join(NUMBER)]:
            numbers = [{"system": NUMBER[0], "value": NUMBER[1]}]
            yield {"resourceType": "Patient", "id": "p1", "identifier": numbers}
        if kind == "Observation" and asked.get("patient") == ["p1"]:
            yield {
                "resourceType": "Observation", "id": "t1", "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
                "subject": {"reference": "Patient/p1"},
                "effectiveDateTime": TAKEN,
                "valueQuantity": {
                    "value": 39.1, "unit": "Cel", "code": "Cel",
                    "system": "http://unitsofmeasure.org",
                },
            }  # fmt: skip

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hospital() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hospital)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/r4"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.add_typer(monitor, name="monitor")
    return CliRunner().invoke(app, ["monitor", *(str(one) for one in arguments)])


def admit(folder: Path) -> None:
    """Let the ward follow one patient."""
    store = open_store(folder)
    opened = open_ward_services(Settings(folder=folder, ward=WARD), store)
    opened.ingest.start()
    taken = opened.ingest.accept(Message("rest", "a", b"a", (Person((NUMBER,), place="here"),)))
    opened.ingest.stop()
    store.close()
    assert taken.durable


def test_what_is_new_is_pulled_once(hospital: str, tmp_path: Path) -> None:
    file, data = tmp_path / "server.toml", tmp_path / "data"
    file.write_text(f'schema = "cartwheel/fhir-server/1"\nbase = "{hospital}"\n', encoding="utf-8")
    admit(data)
    done = run("pull", WARD, file, "--data", data)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 patients asked for, 2 resources read, 2 new, 0 set aside")
    again = run("pull", WARD, file, "--data", data)
    assert ", 0 new, 0 set aside" in again.output
    told = run("replay", WARD, "--data", data)
    assert "replay says what was told" in told.output, told.output


def test_a_server_that_is_away(tmp_path: Path) -> None:
    file, data = tmp_path / "server.toml", tmp_path / "data"
    file.write_text(
        'schema = "cartwheel/fhir-server/1"\nbase = "http://127.0.0.1:9"\n', encoding="utf-8"
    )
    admit(data)
    done = run("pull", WARD, file, "--data", data)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_the_file_says_everything_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(
        'schema = "x"\nclient_id = "me"\nalgorithm = "none"\nevery_seconds = 0\nbass = 1\n',
        encoding="utf-8",
    )
    with pytest.raises(PlanRefused) as refused:
        server_in(file)
    codes = sorted(one.code for one in refused.value.problems)
    assert codes == [
        "fhir_key_missing", "fhir_schema", "fhir_value", "fhir_value", "fhir_value", "unknown_key",
    ]  # fmt: skip
    with pytest.raises(FileRefused, match="no such file"):
        server_in(tmp_path / "absent.toml")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file, key = tmp_path / "server.toml", tmp_path / "key.pem"
    file.write_text(
        'schema = "cartwheel/fhir-server/1"\nbase = "https://h.example"\nclient_id = "me"\n'
        'kid = "1"\nkey_file = "key.pem"\n',
        encoding="utf-8",
    )
    key.write_text("secret", encoding="utf-8")
    key.chmod(0o644)
    with pytest.raises(PlanRefused, match="others can read"):
        server_in(file)
    key.chmod(0o600)
    read = server_in(file)
    assert read.server is not None
    assert read.server.client is not None
    assert read.server.client.key == "secret"
    assert "secret" not in repr(read)
