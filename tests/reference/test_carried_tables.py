"""The carried reference data are what carry_reference.py makes, and no more than may be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from reference_data import BESIDE, CARRIED, COMPLETE, REPOSITORY, LeftOut

FOLDER = CARRIED / "data" / "reference"
MAY_BE_CARRIED = {
    *("lung", "pbc", "heart", "gbsg", "mgus2", "aSAH", "birthwt", "DLBCL", "nhanes"),
    *("dat.bangertdrowns2004", "dat.bcg", "dat.cannon2006", "dat.egger2001", "dat.nielweise2008"),
    *("dat.normand1999", "dat.pritz1997", "dat.riley2003", "dat.yusuf1985"),
}
SIZE = 2_000_000


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    }


def test_only_what_may_be_carried_and_each_is_named() -> None:
    assert {path.stem for path in FOLDER.glob("*.csv")} == MAY_BE_CARRIED
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.rglob("*.*"):
        if path.suffix in {".csv", ".json"}:
            assert f"`{path.name}`" in readme, path.name
    assert sum(map(len, files(FOLDER).values())) < SIZE


@pytest.mark.parametrize("path", sorted((FOLDER / "golden").glob("*.json")), ids=lambda p: p.stem)
def test_numbers_rest_on_carried_tables(path: Path) -> None:
    for name, case in json.loads(path.read_text(encoding="utf-8"))["cases"].items():
        if set(case) != {"left_out"}:
            # these numbers stand in the case: it has no table
            assert case.get("data") in MAY_BE_CARRIED or name == "pool_scalar"
        else:
            assert numbers(case["left_out"]) == []


def numbers(part: object) -> list[object]:
    if isinstance(part, dict):
        return [number for inside in part.values() for number in numbers(inside)]
    return [] if part is None else [part]


def test_the_copy_is_as_made(tmp_path: Path) -> None:
    if not COMPLETE:
        pytest.skip("there is no ../shared to make the copy from")
    script = REPOSITORY / "examples" / "carry_reference.py"
    source = BESIDE / "data" / "reference"
    subprocess.run([sys.executable, script, source, tmp_path], check=True, timeout=60)
    assert files(tmp_path) == files(FOLDER)


def test_a_number_left_out_skips_the_test_that_asks_for_it() -> None:
    case = LeftOut("golden case roc/other", {"data": None, "glm": {"coef": None}})
    assert "coef" in case["glm"]
    assert case.get("firth", 1) == 1
    for ask in (lambda: case["data"], lambda: case["glm"]["coef"], lambda: case.get("data")):
        with pytest.raises(pytest.skip.Exception, match="roc/other is not carried"):
            ask()
    with pytest.raises(KeyError):
        case["absent"]
