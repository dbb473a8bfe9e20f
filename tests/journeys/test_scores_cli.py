"""``cartwheel scores``: the list, the page of one score, differences, signatures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cartwheel.cli import app


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_the_list_says_what_is_unverified_and_what_cannot_be_computed() -> None:
    code, out, _ = run("scores")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    assert "[published]" in lines["easix"]
    assert "UNVERIFIED" in lines["conut"]
    assert "unverified or assumed" in lines["cipi"]
    assert "not found" in lines["teachey"]
    assert "licence forbids" in lines["inflamix"]
    code, out, _ = run("scores", "--json", "-")
    assert {entry["id"]: entry["status"] for entry in json.loads(out)}["hay"] == "unverified"


def test_a_score_is_shown_and_scored_by_its_id() -> None:
    code, out, _ = run("scores", "show", "conut")
    assert code == 0
    assert "UNVERIFIED" in out
    assert "Albumin, >= 3.0 and < 3.5: 2 points" in out
    code, out, _ = run("scores", "check", "car-hematotox")
    assert code == 0
    assert "4 worked examples came out, 4 published tables came out" in out
    assert "its unit or time is unverified" in out
    code, out, _ = run(
        *("score", "easix", "--ldh", "280 U/L"),
        *("--creatinine", "1.1 mg/dL", "--platelets", "90 10*9/L"),
    )
    assert code == 0
    assert "3.42222" in out  # 280 * 1.1 / 90
    assert "low" in out


@pytest.mark.parametrize("command", [["scores", "show"], ["scores", "check"], ["score"]])
def test_a_score_that_cannot_be_computed_is_explained(command: list[str]) -> None:
    values = ["--ldh", "280 U/L"] if command == ["score"] else []
    code, out, err = run(*command, "eipm-pre", *values)
    assert code == 2
    assert out == ""
    assert "coefficients" in err
    assert "does not approximate" in err


def test_differences_are_shown_by_what_they_are() -> None:
    code, out, _ = run("scores", "diff", "gps", "mgps")
    assert code == 0
    assert "constants" in out
    assert "    - 1 points" in out
    code, out, _ = run("scores", "diff", "gps", "gps")
    assert (code, out) == (0, "the scores say the same\n")
    code, out, _ = run("scores", "diff", "easix", "easix-log2", "--json", "-")
    assert {"group": "bands", "about": "high", "before": "> 4.67", "after": ""} in json.loads(out)


def test_signed_and_verified_and_refused_when_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cryptography", reason="the extra 'sign' is not installed")
    monkeypatch.chdir(tmp_path)
    for name in ("me", "you"):
        assert run("scores", "keygen", name)[0] == 0
    assert Path("me.key").stat().st_mode & 0o777 == 0o600
    code, _, err = run("scores", "keygen", "me")
    assert code == 2
    assert "not written" in err
    assert run("scores", "sign", "easix", "--key", "me.key")[0] == 0
    code, out, _ = run("scores", "verify", "easix", "--key", "me.pub")
    assert code == 0
    assert "verified, signed by key sha256:" in out
    for arguments, said in (
        (("easix", "--key", "you.pub"), "another key"),
        (("s-easix", "--key", "me.pub", "--signature", "easix.sig"), "not the one that was signed"),
        (("easix", "--key", "me.key"), "no public"),
        (("easix", "--key", "none.pub"), "no such file"),
    ):
        code, out, err = run("scores", "verify", *arguments)
        assert (code, out) == (2, "")
        assert said in err
