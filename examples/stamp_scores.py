"""Check every shipped score in full, and note the sums of the files that were found sound."""

import json
from pathlib import Path

from cartwheel.clinic.registry import registry, shipped_text
from cartwheel.clinic.score import read_score
from cartwheel.clinic.score_build import CHECKED, checked_sums

SCORES = Path(__file__).resolve().parents[1] / "src/cartwheel/clinic/scores"


def main() -> None:
    texts = {entry.id: shipped_text(entry.id) for entry in registry().values() if entry.computable}
    for text in texts.values():
        read_score(text)
    lines = json.dumps(checked_sums(texts), indent=2) + "\n"
    (SCORES / CHECKED).write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
