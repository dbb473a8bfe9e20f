"""The plain form of a call is read as the command line library reads it, or left to it."""

from __future__ import annotations

import contextlib
import io
from unittest.mock import patch

import pytest
from hypothesis import given, settings, strategies as st
from typer.testing import CliRunner

import cartwheel.cli
from cartwheel.cli import app, score_call
from cartwheel.cli.score_call import ScoreCall, plain_call

WORDS = st.sampled_from(
    (
        "easix", "--ldh", "280 U/L", "--ldh=280 U/L", "--set", "--set=a=1", "a=<=1 mg/L", "--at",
        "--at=now", "--json", "--json=-", "-", "--patient", "p.json", "--cohort", "c.csv", "--unit",
        "--output", "-o", "-ox", "--", "--help", "-3", "", "--=x", "--jso", "--platelets",
        "90 10*9/L", "*.json", "~", "--no-ldh", "---x", "--at=", "--age", "--age=63 years",
        "--SET", "=", "--set=", "—ldh",
    )
)  # fmt: skip


def by_typer(arguments: list[str]) -> ScoreCall | None:
    """What typer hands on; None where it refuses the call or prints its help."""
    seen: list[ScoreCall] = []
    with patch.object(score_call, "answer_call", seen.append):
        CliRunner().invoke(app, arguments)
    return seen[0] if seen else None


@settings(deadline=None, max_examples=300)
@given(words=st.lists(WORDS, max_size=7))
def test_a_plain_call_is_what_typer_makes_of_it(words: list[str]) -> None:
    arguments = ["score", "easix", *words]
    plain = plain_call(arguments)
    if plain is not None:
        assert plain == by_typer(arguments)


@settings(deadline=None, max_examples=100)
@given(words=st.lists(WORDS, max_size=4))
def test_any_call_is_what_typer_makes_of_it(words: list[str]) -> None:
    plain = plain_call(words)
    if plain is not None:
        assert plain == by_typer(words)


PLAIN = (
    ("easix", "--ldh", "280 U/L", "--creatinine=1.1 mg/dL", "--platelets", "90 10*9/L"),
    ("easix", "--set", "ldh=280 U/L", "--set=creatinine=1.1 mg/dL", "--json", "-"),
    ("my/score.toml", "--patient", "p.json", "--at", "2026-11-21", "--json=out.json"),
    ("easix",),
    ("easix", "stray", "words"),
)


@pytest.mark.parametrize("words", PLAIN)
def test_the_calls_of_the_manual_are_plain(words: tuple[str, ...]) -> None:
    plain = plain_call(["score", *words])
    assert plain is not None
    assert plain == by_typer(["score", *words])


@pytest.mark.parametrize(
    "words",
    [
        (), ("--help",), ("easix", "--help"), ("easix", "--cohort", "c.csv"), ("easix", "-o", "x"),
        ("easix", "--at"), ("easix", "--at", "--ldh"), ("easix", "--at=1", "--at=2"),
        ("easix", "--", "x"), ("--ldh", "easix"), ("*.toml",), ("easix", "--json", "~/x.json"),
        ("easix", "--ldh", "-3"),
    ],
)  # fmt: skip
def test_all_else_is_left_to_typer(words: tuple[str, ...]) -> None:
    assert plain_call(["score", *words]) is None
    assert plain_call(["scores", *words]) is None


ANSWERED = (
    PLAIN[0],
    PLAIN[1],
    (*PLAIN[0], "--json", "-", "--at", "now"),
    ("easix", "--ldh", "280"),
    ("easix", "--ldh", "280 U/L", "--colour", "red"),
    ("easix", "stray"),
    ("easix",),
    ("easx", "--ldh", "280 U/L"),
    ("teachey", "--ldh", "280 U/L"),
    ("easix", "--patient", "absent.json"),
    ("easix", "--ldh", "280 U/L", "--json", "no/such/folder.json"),
)


@pytest.mark.parametrize("words", ANSWERED)
def test_both_ways_give_the_same_words_and_exit_code(words: tuple[str, ...]) -> None:
    arguments = ["score", *words]
    assert plain_call(arguments) is not None
    expected = CliRunner().invoke(app, arguments)
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        patch("sys.argv", ["cartwheel", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            cartwheel.cli.main()
        except SystemExit as stop:
            code = stop.code
    assert (code, out.getvalue(), err.getvalue()) == (
        expected.exit_code, expected.stdout, expected.stderr,
    )  # fmt: skip
