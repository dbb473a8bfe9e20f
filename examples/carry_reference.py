"""Copy into tests/data/reference the tables, and the golden numbers from them, that may be carried.

    python examples/carry_reference.py FOLDER [INTO]

FOLDER holds TABLE.csv and golden/NAME.json. Of a golden case whose table is not carried only the
names of its parts are copied, so that its test is known, and reported as skipped.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

PATIENTS = ("lung", "pbc", "heart", "gbsg", "mgus2", "aSAH", "birthwt", "DLBCL", "nhanes")
STUDIES = (
    *("bangertdrowns2004", "bcg", "cannon2006", "egger2001", "nielweise2008"),
    *("normand1999", "pritz1997", "riley2003", "yusuf1985"),
)
CARRIED = (*PATIENTS, *(f"dat.{name}" for name in STUDIES))
# arithmetic on numbers that stand in the case itself
NO_TABLE = ("pool_scalar",)
INTO = Path(__file__).resolve().parents[1] / "tests" / "data" / "reference"


def may_be_carried(name: str, case: dict[str, Any]) -> bool:
    """Whether a case rests on carried tables only."""
    tables = {case.get("data"), *(arm["curve_csv"] for arm in case.get("arms", ()))}
    return name in NO_TABLE or tables <= set(CARRIED)


def keys_of(part: Any) -> Any:
    """Names of parts within parts, without a number; None for what holds none."""
    return {key: keys_of(inside) for key, inside in part.items()} if type(part) is dict else None


def reduced(golden: dict[str, Any]) -> str:
    """A golden file with the cases that are carried, one case a line."""
    cases = [
        (name, case if may_be_carried(name, case) else {"left_out": keys_of(case)})
        for name, case in golden["cases"].items()
    ]
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases)
    return f'{{"meta": {json.dumps(golden["meta"])},\n"cases": {{\n{lines}\n}}}}\n'


def main(folder: Path, into: Path) -> None:
    (into / "golden").mkdir(parents=True, exist_ok=True)
    for name in CARRIED:
        shutil.copyfile(folder / f"{name}.csv", into / f"{name}.csv")
    for path in sorted((folder / "golden").glob("*.json")):
        text = reduced(json.loads(path.read_text(encoding="utf-8")))
        (into / "golden" / path.name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else INTO)
