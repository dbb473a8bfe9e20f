"""The page of a landmark prediction: all of it from the JSON, and nothing that the JSON lacks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from landmark_sample import (
    binary_plan,
    binary_sample,
    competing_plan,
    competing_sample,
    survival_plan,
    survival_sample,
)
from on_demand import OnDemand

from cartwheel.canonical import plain
from cartwheel.errors import FileRefused
from cartwheel.report.landmark.page import landmark_report_html
from cartwheel.workflows.landmark import landmark

SAMPLES = {
    # one that cannot be estimated among them
    "binary": (binary_sample, lambda: binary_plan(6, landmarks_days=[0, 4, 6, 100])),
    "survival": (survival_sample, lambda: survival_plan(6, simulated=True)),
    "competing": (competing_sample, lambda: competing_plan(6)),
    "not repeated": (binary_sample, lambda: binary_plan(0, landmarks_days=[4])),
}


def _document(kind: str) -> Any:
    sample, plan = SAMPLES[kind]
    return plain(landmark(*sample(), plan()))


DOCUMENTS: OnDemand[Any] = OnDemand(SAMPLES, _document)
PAGES = OnDemand(SAMPLES, lambda kind: landmark_report_html(DOCUMENTS[kind]))
kinds = pytest.mark.parametrize("kind", DOCUMENTS)
# the saved model is told by its tables; one limit of an optimism is Monte Carlo
UNTOLD = re.compile(
    r"\.result\.model\.|\.optimism\.(low|high|level|n|events)|rows_of_strangers|"
    r"\.(n|events|level)$|\.change\.optimism\.value|\.by_landmark\.\d+\.(optimism|resamples)|"
    r"\.change\.resamples|markers\.\d+\.(repeated|empty)"
)


class Page(HTMLParser):
    """Numbers in ``<data>``, words outside them, tags."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.data: list[list[str]] = []
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)
        if tag == "data":
            self.data.append([str(dict(attrs)["value"]), ""])

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


@kinds
def test_every_number_of_the_page_is_in_its_json(kind: str) -> None:
    known = {json.dumps(value) for _, value in leaves(DOCUMENTS[kind]) if is_number(value)}
    shown = Page(PAGES[kind]).data
    assert len(shown) > 40
    assert [value for value, text in shown if value not in known or not text] == []


@kinds
def test_no_number_stands_outside_the_data_elements(kind: str) -> None:
    strings = [str(value) for _, value in leaves(DOCUMENTS[kind]) if isinstance(value, str)]
    strings += [*DOCUMENTS[kind]["provenance"]["libraries"]]
    told = re.sub(r"\s+", "", " ".join(strings))
    for words in Page(PAGES[kind]).words:
        for token in re.findall(r"\S*\d\S*", words):
            assert token.strip(".,;:()“”") in told, words


@kinds
def test_every_number_of_the_result_is_on_the_page(kind: str) -> None:
    shown = {value for value, _ in Page(PAGES[kind]).data}
    missing = [
        path
        for path, value in leaves({"result": DOCUMENTS[kind]["result"]})
        if is_number(value) and not UNTOLD.search(path) and json.dumps(value) not in shown
    ]
    assert missing == []


@kinds
def test_every_sentence_is_on_the_page_and_cautions_come_first(kind: str) -> None:
    result = DOCUMENTS[kind]["result"]
    page = re.sub(r"\s+", " ", html.unescape(PAGES[kind]))
    texts = [note["text"] for note in result["notes"]]
    for text in (*(text[1:] for text in texts), *result["methods"], *result["references"]):
        assert text in page
    assert result["verdict"] in page
    cautions = [note for note in result["notes"] if note["severity"] == "caution"]
    if cautions:
        assert page.index('id="cautions"') < page.index('id="figure"')


@kinds
def test_apparent_stands_beside_corrected(kind: str) -> None:
    page = PAGES[kind]
    assert page.count(">Apparent<") == page.count(">Corrected<") > 0


@kinds
def test_figures_are_told_in_words(kind: str) -> None:
    labels = [attrs["aria-label"] for tag, attrs in Page(PAGES[kind]).tags if tag == "svg"]
    assert len(labels) == 2
    told = next(label for label in labels if label and label.startswith("Performance"))
    for row in DOCUMENTS[kind]["result"]["landmarks"]:
        assert f"ay {row['day']:g}" in told


def test_what_cannot_be_estimated_keeps_its_line() -> None:
    reason = DOCUMENTS["binary"]["result"]["landmarks"][-1]["reason"]
    assert reason
    assert f"not estimable: {reason}" in html.unescape(PAGES["binary"])


def test_simulated_is_said() -> None:
    assert PAGES["survival"].count("SIMULATED DATA") >= 3
    assert "SIMULATED DATA" not in PAGES["binary"]


def test_no_network_and_no_script() -> None:
    for page in PAGES.values():
        assert "<script" not in page
        assert not re.search(r'(src|href)="(https?:)?//', page)


def test_same_document_same_bytes() -> None:
    again = json.loads(json.dumps(DOCUMENTS["binary"]))
    assert landmark_report_html(again) == PAGES["binary"]


def test_hostile_words_stay_words() -> None:
    document = json.loads(json.dumps(DOCUMENTS["binary"]))
    document["result"]["outcome"]["label"] = document["result"]["title"] = "<script>x</script>"
    assert "<script" not in landmark_report_html(document)


def test_what_is_no_landmark_prediction() -> None:
    document = json.loads(json.dumps(DOCUMENTS["binary"]))
    del document["result"]["landmarks"]
    with pytest.raises(FileRefused) as refusal:
        landmark_report_html(document)
    assert "result.landmarks" in refusal.value.problems[0].what
