"""Print the table of coverages that docs/agreement.md shows.

``PYTHONPATH=src:tests/unit python tests/unit/coverage_table.py``
"""

from __future__ import annotations

from coverage_binary import SETTINGS as BINARY
from coverage_simulation import coverage
from coverage_survival import AVERAGED, SETTINGS as SURVIVAL

if __name__ == "__main__":
    print(
        "| method | setting | n | coverage | missed below / above | Monte-Carlo error | studies |"
    )
    print("|---|---|---|---|---|---|---|")
    for setting in (*BINARY.values(), *SURVIVAL.values()):
        for method, seen in coverage(setting, AVERAGED).items():
            print(
                f"| {method} | {setting.about} | {setting.n} | {seen.share:.3f} "
                f"| {seen.too_low:.3f} / {seen.too_high:.3f} | {seen.error:.3f} | {seen.runs} |",
                flush=True,
            )
