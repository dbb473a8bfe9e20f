"""The page of a simulated ward: all of it from the JSON, and nothing that the JSON lacks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from monitor_past import outcome_file, past_file, ward_file

from cartwheel.canonical import plain
from cartwheel.errors import FileRefused
from cartwheel.report.monitor.page import monitor_report_html
from cartwheel.workflows.monitor import OutcomeFile, Simulation, monitor

# numbers of the drift rows are on the page where there is something to compare them with
PARTS = ("burden", "counts", "settings", "targets", "days", "hours", "risks", "calibration",
         "against")  # fmt: skip
UNTOLD = re.compile(r"\.(level|n|events)$|\.predictive_value\.|\.ratio\.(n|events)$")


class Page(HTMLParser):
    """Numbers in ``<data>``, words outside them, labels of drawings."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.data: list[list[str]] = []
        self.words: list[str] = []
        self.labels: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)
        if tag == "data":
            self.data.append([str(dict(attrs)["value"]), ""])
        if tag == "svg":
            self.labels.append(str(dict(attrs)["aria-label"]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "br", "wbr"):
            assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if "svg" in self.open or "style" in self.open:
            return
        if "data" in self.open:
            self.data[-1][1] += data
        else:
            self.words.append(data)


def leaves(thing: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(thing, list):
        for index, value in enumerate(thing):
            yield from leaves(value, f"{path}.{index}")
    else:
        yield path, thing


def is_number(thing: Any) -> bool:
    return isinstance(thing, int | float) and not isinstance(thing, bool)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("simulated")
    past, ward, other = past_file(folder), ward_file(folder), ward_file(folder, "other.toml", 160)
    plan = Simulation(outcomes=OutcomeFile(outcome_file(folder), "bad", "when", "seen"))
    real = folder / "past.csv"
    real.write_text(past.read_text(encoding="utf-8"), encoding="utf-8")
    return {
        "whole": plain(monitor(past, ward, plan, other)),
        "bare": plain(monitor(real, ward)),
    }


@pytest.fixture(scope="module")
def pages(documents: dict[str, Any]) -> dict[str, str]:
    return {kind: monitor_report_html(document) for kind, document in documents.items()}


kinds = pytest.mark.parametrize("kind", ["whole", "bare"])


@kinds
def test_every_number_of_the_page_is_in_its_json(
    kind: str, documents: dict[str, Any], pages: dict[str, str]
) -> None:
    known = {json.dumps(value) for _, value in leaves(documents[kind]) if is_number(value)}
    shown = Page(pages[kind]).data
    assert len(shown) > 100
    assert [value for value, text in shown if value not in known or not text] == []


@kinds
def test_no_number_stands_outside_the_data_elements(
    kind: str, documents: dict[str, Any], pages: dict[str, str]
) -> None:
    strings = [str(value) for _, value in leaves(documents[kind]) if isinstance(value, str)]
    strings += [*documents[kind]["source"]["libraries"]]
    strings += [name for one in documents[kind]["targets"] for name in one["reasons"]]
    told = re.sub(r"\s+", "", " ".join(strings))
    for words in Page(pages[kind]).words:
        for token in re.findall(r"\S*\d\S*", words):
            assert token.strip(".,;:()“”") in told, words


@kinds
def test_every_number_of_the_result_is_on_the_page(
    kind: str, documents: dict[str, Any], pages: dict[str, str]
) -> None:
    shown = {value for value, _ in Page(pages[kind]).data}
    parts = {name: documents[kind][name] for name in PARTS}
    missing = [
        path
        for path, value in leaves(parts)
        if is_number(value) and not UNTOLD.search(path) and json.dumps(value) not in shown
    ]
    assert missing == []


@kinds
def test_what_is_simulated_is_said_before_any_result(
    kind: str, documents: dict[str, Any], pages: dict[str, str]
) -> None:
    page = html.unescape(pages[kind])
    for note in documents[kind]["notes"]:
        assert note[1:] in page
    assert page.index('id="cautions"') < page.index('id="burden"')
    assert "Until somebody answers (simulated)" in page
    assert ("SIMULATED DATA: not real patients" in page) == (kind == "whole")


def test_parts_without_anything_to_tell_are_left_out(pages: dict[str, str]) -> None:
    for part in ("worth", "against", "risks"):
        assert f'id="{part}"' in pages["whole"]
        assert f'id="{part}"' not in pages["bare"]


def test_rules_that_were_never_raised_are_named(pages: dict[str, str]) -> None:
    assert "never (ferritin at least 90000 ug/L)" in re.sub(r"\s+", " ", pages["whole"])


def test_figures_are_told_in_words(documents: dict[str, Any], pages: dict[str, str]) -> None:
    labels = Page(pages["whole"]).labels
    assert len(labels) == 6
    burden = next(one for one in labels if one.startswith("Alerts a patient-day, by rule"))
    for row in documents["whole"]["burden"]["rows"]:
        assert row["by"] == "severity" or (row["of"] or "all alerts") in burden
    assert ", before: " in burden


def test_the_page_needs_nothing_else(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert "<script" not in page
        assert not re.search(r'(src|href)="(?!#)', page.replace('xlink:href="#', ""))


def test_nobody_is_on_the_page(pages: dict[str, str]) -> None:
    assert not re.search(r"\bP\d\d\b", pages["whole"])


@pytest.mark.parametrize("change", [{"kind": "pool"}, {"burden": None}])
def test_what_is_no_simulated_ward_is_refused(
    documents: dict[str, Any], change: dict[str, Any]
) -> None:
    document = {**documents["bare"], **change}
    if change.get("burden", 0) is None:
        del document["burden"]
    with pytest.raises(FileRefused, match="not the JSON of a simulated ward") as refused:
        monitor_report_html(document)
    assert refused.value.problems[0].code == "not_a_simulation"


def test_the_page_is_the_same_for_the_same_json(
    documents: dict[str, Any], pages: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(documents["whole"]), encoding="utf-8")
    again = monitor_report_html(json.loads(path.read_text(encoding="utf-8")))
    assert again == pages["whole"]
