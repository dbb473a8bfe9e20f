"""HL7 by atheris: any frame is answered, betrays nothing, and what is read can be kept.

``python tests/fuzz/hl7_target.py [CORPUS] -max_total_time=180``; needs ``pip install atheris``.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import atheris

UNIT = Path(__file__).resolve().parents[1] / "unit"
sys.path.insert(0, str(UNIT))

with atheris.instrument_imports(include=["cartwheel.serve.hl7", "cartwheel.watch"]):
    from hl7_messages import FERRITIN, PATIENT, header, message, read, results
    from ward_served import CODES, FOLLOWING

    from cartwheel.serve.hl7.answering import Answers
    from cartwheel.serve.hl7.header import header_of
    from cartwheel.serve.ward.keeper import Keeper
    from cartwheel.store.database import open_store
    from cartwheel.watch.intake import Message, Receipt

SEEDS = (
    results(FERRITIN),
    results("OBX|1|SN|1988-5^CRP^LN||<^5|mg/L|||||C", FERRITIN),
    results("OBX|1|CE|CART^^L||Y^yes||||||F|||20261101090000"),
    message(PATIENT, "PV1|1|I|W^1^2", head=header("ADT^A01")),
    message(PATIENT, "MRG|9^^^NORTH", head=header("ADT^A40")),
    message(PATIENT, "ORC|RE|1|2", "RXA|0|1|202611220900||T^T^L", head=header("RAS^O17")),
    b"FHS|^~\\&\rBHS|^~\\&\r" + results(FERRITIN) + results(FERRITIN) + b"BTS|2\rFTS|1\r",
)
WORDS = (
    "MSH|", "PID|", "OBR|", "OBX|", "ORC|", "RXA|", "MRG|", "PV1|", "BHS|", "BTS|", "FHS|", "^^LN|",
    "|NM|", "|SN|", "|CE|", "|TS|", "|ST|", "|C|", "|D|", "|X|", "1988-5", "2276-4", "CART", "mg/L",
    "8859/1", "UNICODE UTF-8", "~", "\\\\", "\\\\X4\\\\", "\\\\.br\\\\", "^&",
    "202610250230", "+0200", "ORU^R01", "ADT^A40", "ADT^A01", "RAS^O17", "\\x0d", "\\xff", "1e400",
)  # fmt: skip


class Target:
    """One ward, and the same answers as a server gives."""

    def __init__(self, folder: Path) -> None:
        self._keeper = Keeper(open_store(folder), FOLLOWING)
        self._answers = Answers(lambda content: read(content, CODES), self._kept)

    def _kept(self, one: Message) -> Receipt:
        (receipt,) = self._keeper.keep([one])
        code = receipt.problem.code if receipt.problem else ""
        assert code in ("", "message_differs"), code
        return receipt

    def __call__(self, content: bytes) -> None:
        replies = self._answers.replies(content)
        counts = self._answers.counts
        assert not counts.get("refused:internal")
        assert not counts.get("refused:store_unavailable")
        # only who says in its head when it wants an answer is told nothing (table 0155)
        assert replies or header_of(content).enhanced or re.search(rb"[\r\n]MSH", content)
        for segment in b"".join(replies).split(b"\r"):
            if segment[:3] in (b"ERR", b"BTS"):
                assert b"4711" not in segment
                assert b"Muster" not in segment


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Target(Path(folder) / "data")
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for at, seed in enumerate(SEEDS):
            (seeds / str(at)).write_bytes(seed)
            target(seed)
        words = Path(folder) / "words"
        words.write_text("".join(f'"{one}"\n' for one in WORDS), encoding="ascii")
        # what is found goes into the first folder that is named
        atheris.Setup([*sys.argv, str(seeds), f"-dict={words}", "-max_len=3000"], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
