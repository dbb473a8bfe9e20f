"""Whatever comes in a frame is answered on the same line, and the next message is taken."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hl7_messages import FERRITIN, header, read, results
from hypothesis import given, settings, strategies as st
from ward_senders import Line, code_of

from cartwheel.serve.hl7.header import header_of
from cartwheel.serve.hl7.server import MllpServer
from cartwheel.watch.intake import Receipt

FUZZ = Path(__file__).resolve().parents[1] / "fuzz"
SOUND = results(FERRITIN, head=header(control="sound"))
_PIECES = [b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"MSH|", b"PID|", b"OBX|", b"BHS|", b"\x0b",
           b"\x00", b"\xff", b"\x1c", b"\x1c\x1c", b"1e400", b"\\X4\\"]  # fmt: skip


@st.composite
def _framed(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from([SOUND, b""]) | st.binary(max_size=80))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content)))
        piece = draw(st.sampled_from(_PIECES) | st.binary(max_size=6))
        content = content[:place] + piece + content[place + draw(st.integers(0, 9)) :]
    # the end of a frame inside it would make two of it
    return content.replace(b"\x1c\r", b"\x1c")


def test_every_frame_is_answered_and_the_next_message_is_taken() -> None:
    server = MllpServer("127.0.0.1", 0, read, lambda _: Receipt("stored", 1))
    server.start()
    numbers = itertools.count()
    line = Line(server.port, seconds=30)

    @settings(deadline=None, max_examples=150)
    @given(_framed())
    def one(content: bytes) -> None:
        last = results(FERRITIN, head=header(control=f"next-{next(numbers)}"))
        line.send(content)
        line.send(last)
        answers = [line.answer()]
        while b"|next-" not in answers[-1]:
            answers.append(line.answer())
        assert code_of(answers[-1]) == "AA"
        # only who says in its head when it wants an answer is told nothing
        assert len(answers) > 1 or header_of(content).enhanced or b"\rMSH" in content

    try:
        one()
    finally:
        line.close()
        server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["hl7", "fhir"])
def test_atheris_finds_nothing(target: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="pip install atheris")
    done = subprocess.run(
        [sys.executable, str(FUZZ / f"{target}_target.py"), str(tmp_path), "-max_total_time=60",
         f"-artifact_prefix={tmp_path}/"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
