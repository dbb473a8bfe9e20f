"""``cartwheel monitor`` from the shell: check, simulate, run, send and replay."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import typer
from typer.testing import CliRunner, Result

from cartwheel.cli.monitor import monitor
from cartwheel.cli.monitor_send import messages_of
from cartwheel.serve.ward.simulated import through_whole_path
from cartwheel.workflows.monitor import Simulation, monitor_schema, simulated_past

REPOSITORY = Path(__file__).resolve().parents[2]
WARD = REPOSITORY / "examples" / "ward" / "ward.toml"
PAST = REPOSITORY / "examples" / "ward" / "simulated_ward.csv"


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.add_typer(monitor, name="monitor")
    return CliRunner().invoke(app, ["monitor", *(str(one) for one in arguments)])


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Two of the simulated patients: one with treatments, and drugs that run."""
    lines = PAST.read_text(encoding="utf-8").splitlines()
    severe = next(line for line in lines if ",vasopressors," in line).partition(",")[0]
    path = tmp_path / "simulated_few.csv"
    kept = [line for line in lines[1:] if line.startswith((severe, "SIM001"))]
    path.write_text("\n".join([lines[0], *kept]) + "\n", encoding="utf-8")
    return path


def test_the_example_can_be_checked(tmp_path: Path) -> None:
    done = run("example")
    assert done.exit_code == 0
    path = tmp_path / "ward.toml"
    path.write_text(done.output, encoding="utf-8")
    told = run("check", path)
    assert told.exit_code == 0, told.output
    assert all(len(line) <= 80 for line in told.output.splitlines())
    assert "alert crs-2 (warning): CRS of grade 2 or higher" in told.output
    assert "nothing can say otherwise" in told.output


def test_a_table_of_codes_brings_what_it_names(tmp_path: Path) -> None:
    assert "infusion" in run("check", WARD).output.partition("drugs and procedures")[2]
    codes = tmp_path / "codes.csv"
    codes.write_text("system,code,name\nL,CART,infusion\nL,O2,oxygen_device\n", encoding="utf-8")
    told = run("check", WARD, "--codes", codes)
    assert told.exit_code == 0, told.output
    assert "infusion" not in told.output.partition("drugs and procedures")[2]
    assert "oxygen_device" not in told.output.partition("taken for granted, and")[2]


def test_the_whole_path_says_what_the_step_says(few: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    done = run("simulate", few, "--ward", WARD, "--foretells", "astct-crs>=3", "--json", result)
    assert done.exit_code == 0, done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    assert done.output.startswith("SIMULATED DATA")
    document = json.loads(result.read_text(encoding="utf-8"))
    jsonschema.validate(document, monitor_schema())
    path = document["whole_path"]
    assert path["same"]
    assert path["replay_same"]
    assert path["events"] == document["counts"]["events"] > 100
    # each patient is admitted and leaves
    assert path["messages"] == document["counts"]["messages"] + 2 * 2
    assert "SIM0" not in result.read_text(encoding="utf-8")


def test_the_step_alone_gives_the_same_numbers(few: Path, tmp_path: Path) -> None:
    whole, step = tmp_path / "whole.json", tmp_path / "step.json"
    for extra, path in (((), whole), (("--step-only",), step)):
        done = run("simulate", few, "--ward", WARD, "--json", path, *extra)
        assert done.exit_code == 0, done.output
    one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (whole, step))
    assert one.pop("whole_path")["same"]
    assert other.pop("whole_path") is None
    assert one == other


def test_by_fhir_the_whole_path_says_the_same(few: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    done = run("simulate", few, "--ward", WARD, "--through", "fhir", "--json", result)
    assert done.exit_code == 0, done.output
    path = json.loads(result.read_text(encoding="utf-8"))["whole_path"]
    assert (path["interface"], path["same"], path["replay_same"]) == ("fhir", True, True)
    assert "Whole path (FHIR text" in done.output


def test_two_ward_files_beside_each_other(few: Path, tmp_path: Path) -> None:
    before, page, result = (tmp_path / name for name in ("before.json", "page.html", "now.json"))
    other = tmp_path / "other.toml"
    text = WARD.read_text(encoding="utf-8").replace('"100 mg/L"', '"20 mg/L"')
    other.write_text(text.replace('"80 mg/L"', '"15 mg/L"'), encoding="utf-8")
    assert run("simulate", few, "--ward", other, "--step-only", "--json", before).exit_code == 0
    found = {}
    for against in (before, other):
        done = run(
            "simulate", few, "--ward", WARD, "--step-only", "--against", against, "--report", page,
            "--json", result,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert all(len(line) <= 80 for line in done.output.splitlines())
        assert f"beside {against.name}" in done.output
        assert 'id="against"' in page.read_text(encoding="utf-8")
        document = json.loads(result.read_text(encoding="utf-8"))
        assert document["against"]["same_patients"]
        found[against] = document["against"]["rows"]
    # the same numbers either way; only from the ward file itself is there an interval
    for one, two in zip(found[before], found[other], strict=True):
        assert (one["before"], one["now"]) == (two["before"], two["now"])
        assert one["difference"]["value"] == pytest.approx(two["difference"]["value"], abs=1e-12)
        assert one["difference"]["low"] is None
    assert found[other][0]["difference"]["low"] is not None
    before.write_text("{}", encoding="utf-8")
    refused = run("simulate", few, "--ward", WARD, "--step-only", "--against", before)
    assert refused.exit_code == 2
    assert "not the result of a simulated ward" in " ".join(refused.output.split())


def test_both_paths_follow_the_cohort_in_the_same_way(car22: Path, tmp_path: Path) -> None:
    lines = (car22.parent / "car22_labs.csv").read_text(encoding="utf-8").splitlines()
    some = tmp_path / "labs.csv"
    kept = [line for line in lines if line.startswith(("patient", "C22-0", "C22-5"))]
    some.write_text("\n".join(kept), encoding="utf-8")
    past = simulated_past(some, WARD, Simulation(delay_minutes=0.0))
    found = through_whole_path(past, tmp_path / "log")
    assert found.same
    assert found.replay_same
    assert found.entries > 500


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--speed", "10", "--step-only"), "pure step takes no time"),
        (("--event", "x"), "needs both its columns"),
        (("--map", "nothing=crp"), "there is no column"),
        (("--speed", "0"), "goes by 1 to 10000 times"),
        (("--through", "fax"), "there is no interface 'fax'"),
        (("--against", PAST), "this is not TOML"),
        (("--json", "-", "--report", "-"), "only one output can go to stdout"),
        (("--report", WARD), "this file is an input"),
        (("--map", "analyte=none"), "the ward knows nothing of what is in the files"),
    ],
)
def test_what_simulate_refuses(arguments: tuple[str, ...], code: str) -> None:
    done = run("simulate", PAST, "--ward", WARD, *arguments)
    assert done.exit_code == 2
    assert code in " ".join(done.output.split())


def test_messages_of_a_file_whatever_ends_its_lines() -> None:
    two = b"MSH|^~\\&|A\nPID|1\nMSH|^~\\&|B\r\nPID|2\r\n"
    assert list(messages_of(two)) == [b"MSH|^~\\&|A\rPID|1\r", b"MSH|^~\\&|B\rPID|2\r"]
    batch = b"BHS|^~\\&\rMSH|^~\\&|A\rBTS|1\r"
    assert list(messages_of(batch)) == [batch]
    assert list(messages_of(b"\n\n")) == []


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a ward of its own; give the port at which it takes messages."""
    command = [
        sys.executable, "-m", "cartwheel", "monitor", "run", str(WARD), "--port", "0",
        "--data", str(folder), "--mllp", "127.0.0.1:0", "--no-browser",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "CARTWHEEL_TOKEN": "a-token-of-this-test"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            lines: list[str] = []
            while not any("Ctrl-C" in line for line in lines):
                line = process.stdout.readline()
                assert line, "".join(lines)
                lines.append(line)
            found = re.search(r"127\.0\.0\.1:(\d+) \(MLLP\)", "".join(lines))
            assert found, lines
            yield found[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a server in another way")
def test_a_ward_that_runs_takes_what_is_sent_and_can_be_replayed(
    tmp_path: Path, run_cartwheel: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    file = tmp_path / "messages.hl7"
    text = "".join(
        f"MSH|^~\\&|LAB|NORTH|CW|WARD|{now}||{kind}|{number}|P|2.5.1\r"
        f"PID|1||77^^^NORTH^MR||Muster^Eva\r{rest}"
        for number, kind, rest in (
            (1, "ADT^A01", "PV1|1|I|W1\r"),
            (2, "ORU^R01", f"OBR|1|||X|||{now}\rOBX|1|NM|8310-5^T^LN||39.1|Cel|||||F|||{now}\r"),
        )
    )
    file.write_text(text, encoding="ascii")
    data = tmp_path / "data"
    with running(data) as port:
        for _ in range(2):  # the second time it is told that it was taken already
            sent = run_cartwheel("monitor", "send", file, "--mllp", f"127.0.0.1:{port}")
            assert sent.returncode == 0, sent.stderr
            assert sent.stdout.splitlines() == ["message 1: AA", "message 2: AA", "2 sent"]
        file.write_text("MSH|^~\\&|LAB|NORTH|CW|WARD|||QBP^Q11|9|P|2.5.1\r", encoding="ascii")
        refused = run_cartwheel("monitor", "send", file, "--mllp", f"127.0.0.1:{port}")
        assert refused.returncode == 2
        assert "message 1: AR" in refused.stdout
    told = run_cartwheel("monitor", "replay", WARD, "--data", data)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("1 patients, ")
    assert "replay says what was told, byte for byte" in told.stdout


def test_there_is_no_log_to_replay(tmp_path: Path) -> None:
    done = run("replay", WARD, "--data", tmp_path)
    assert done.exit_code == 2
    assert "there is no log in this folder" in " ".join(done.output.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--mllp", "2575"), "this is not HOST:PORT"),
        (("--mllp", "0.0.0.0:2575"), "in plain text"),
        (("--mllp", "127.0.0.1:0", "--mllp-key", "k.pem"), "TLS needs a certificate and its key"),
    ],
)
def test_what_run_refuses(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("run", WARD, "--data", tmp_path / "data", "--no-browser", *arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert not (tmp_path / "data").exists()
