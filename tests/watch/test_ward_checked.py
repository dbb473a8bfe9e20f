"""What ``cartwheel monitor check`` says that nothing can bring."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from ward_patients import ward

from cartwheel.cli.monitor_check import ward_lines

NOTHING_LACKS = "everything that is read can come in, or is stated"
ICE = {"name": "ice", "every_hours": 12}


@pytest.mark.parametrize("condition", [ICE, {"at_least": 1, "any_of": [ICE]}])
def test_what_only_an_alert_asks_for_is_told_too(condition: dict[str, Any]) -> None:
    rule = {"id": "a", "severity": "info", **condition}
    found = ward(grades=[], scores=["m-easix"], assumed={}, alert=[rule])
    told = list(ward_lines(found, frozenset({"infusion"}), told=True))
    assert "  ice" in told
    assert NOTHING_LACKS not in told
    assert [*ward_lines(found, frozenset({"infusion", "ice"}), told=True)][-1] == NOTHING_LACKS


def test_a_marker_that_nothing_brings_is_not_everything() -> None:
    model: Any = SimpleNamespace(
        id="model", version="1", kind="landmark", title="A model", reads=frozenset({"infusion"}),
        model=SimpleNamespace(markers=(SimpleNamespace(analyte="unheard_of", variable=None),)),
    )  # fmt: skip
    found = replace(ward(grades=[], scores=["m-easix"], assumed={}), targets=(model,))
    told = list(ward_lines(found, frozenset({"infusion"}), told=True))
    assert told[-1] == "model: nothing can bring unheard_of"
