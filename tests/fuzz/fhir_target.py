"""FHIR by atheris: any bytes, and any change of a sound resource, are read or refused.

``python tests/fuzz/fhir_target.py [CORPUS] -max_total_time=180``; needs ``pip install atheris``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import atheris

UNIT = Path(__file__).resolve().parents[1] / "unit"
sys.path.insert(0, str(UNIT))

with atheris.instrument_imports(include=["cartwheel.serve.fhir", "cartwheel.watch"]):
    from fhir_samples import CODES, encounter, ferritin, given, patient, pressure, procedure

    from cartwheel.errors import Refused
    from cartwheel.serve.fhir.bundles import check_bundle, plan_of
    from cartwheel.serve.fhir.checking import check
    from cartwheel.serve.fhir.context import FhirContext, FhirOptions
    from cartwheel.serve.fhir.json_text import read_json, write_json
    from cartwheel.serve.fhir.parsing import items_of

SAMPLES = [
    json.loads(write_json(one))
    for one in (ferritin(), pressure(), procedure(), given(), given("NORA"), patient(), encounter())
]
BUNDLE = {
    "resourceType": "Bundle", "type": "transaction",
    "entry": [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in SAMPLES
    ],
}  # fmt: skip
STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1e-320, "", " ", [], {}, [[]], "2026-02-30", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00", "2026-03-01T24:00:00Z", "#", "urn:uuid:1", "http://[", "\x00",
    "final", "entered-in-error", "cancelled", {"value": 1}, [None], "ß" * 70_000, "\ud800",
)  # fmt: skip


def copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


def changed(fuzzed: atheris.FuzzedDataProvider, resource: Any) -> Any:
    """Put something strange at a place of a resource, or take it out."""
    copy = copied(resource)
    for _ in range(fuzzed.ConsumeIntInRange(1, 3)):
        inner = copy
        while True:
            keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            if not keys:
                break
            key = keys[fuzzed.ConsumeIntInRange(0, len(keys) - 1)]
            if isinstance(inner[key], dict | list) and fuzzed.ConsumeBool():
                inner = inner[key]
                continue
            which = fuzzed.ConsumeIntInRange(0, len(STRANGE) + 1)
            if which == len(STRANGE) + 1:
                del inner[key]
            else:
                inner[key] = (
                    fuzzed.ConsumeUnicode(20) if which == len(STRANGE) else copied(STRANGE[which])
                )
            break
    return copy


def target(data: bytes) -> None:
    fuzzed = atheris.FuzzedDataProvider(data)
    kind = fuzzed.ConsumeIntInRange(0, 3)
    if kind == 0:
        content = fuzzed.ConsumeBytes(len(data))
    else:
        sample = SAMPLES[fuzzed.ConsumeIntInRange(0, len(SAMPLES) - 1)] if kind < 3 else BUNDLE
        content = json.dumps(changed(fuzzed, sample)).encode()
    problems = ()
    try:
        _read(content)
    except Refused as refused:
        problems = refused.problems
    assert all(one.code and one.what for one in problems)


def _read(content: bytes) -> None:
    read = read_json(content)
    if isinstance(read, dict) and read.get("resourceType") == "Bundle":
        check_bundle(read)
        plan_of(read)
        return
    check(read)
    for item in items_of(read, FhirContext(CODES, FhirOptions())):
        assert item is not None


def main() -> None:
    for sample in (*SAMPLES, BUNDLE):
        _read(json.dumps(sample).encode())
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
