"""Whether what a paper shows is what stands at its place, for papers of several kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from paper_parts import shown

from cartwheel.figures.numbers import FORMATS
from cartwheel.figures.pooling.measure import MEASURES, written_value
from cartwheel.report.document.blocks import Document
from cartwheel.report.places import value_at
from cartwheel.report.words import words

# digits with their sign of per cent, thin spaces and a true minus
_NUMBER = re.compile(r"[−<>]?\d[\d\u202f]*(?:\.\d+)?%?")
_SIGNS = re.compile(r"[\s<>=−%]")


def strays(document: dict[str, Any], made: Document) -> list[tuple[str, str]]:
    """Every (place, text) that resolves to nothing, or shows a number that is not there."""
    known = list(words("en").catalogue.values())
    wrong = []
    for place, text in shown(made):
        value = value_at(document, place)
        if value is None:
            wrong.append((place, f"nothing there for {text}"))
        elif isinstance(value, str):
            start = text if value.startswith(text) else value
            # a test is known by its code, and called by its name
            if start.strip() not in text and text not in known and not _called(text, known):
                wrong.append((place, text))
        elif not isinstance(value, bool) and not _fits(document, place, value, text):
            wrong.append((place, text))
    return wrong


def _called(text: str, known: Iterable[str]) -> bool:
    return any(sentence.partition("{cite:")[0] == text for sentence in known)


def _fits(document: dict[str, Any], place: str, value: Any, text: str) -> bool:
    sibling = re.sub(r"low$", "high", place)
    there = set(_written(value)) | set(_written(value_at(document, sibling)))
    return all(_bare(each) in there for each in _NUMBER.findall(text)) or text in there


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _written(each)
    elif isinstance(value, list):
        yield str(len(value))
        for each in value:
            yield from _written(each)
    elif isinstance(value, str):
        yield from (_bare(each) for each in _NUMBER.findall(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (_bare(rule(value)) for rule in FORMATS.values())
        yield from (_bare(written_value(value, measure)) for measure in MEASURES.values())
        yield str(abs(value))


def _bare(text: str) -> str:
    return _SIGNS.sub("", text)
