"""Works that are cited: complete, in order, and written for other programs."""

from __future__ import annotations

import json
import re

import pytest

from cartwheel.errors import CartwheelError
from cartwheel.report.bibliography import bibliography, bibtex, csl_json, reference_text
from cartwheel.report.document.blocks import (
    Bullets,
    Caution,
    Checklist,
    Heading,
    Paragraph,
    Reference,
    Run,
)

WORKS = bibliography().works
HOSTILE = Reference(
    "odd2026",
    ("O'Brien & Sons", "Müller-Lüdenscheidt, Karl-Heinz", "de Souza, Ana"),
    "100% of {braces}, $5 & a_b #1 ~ ^ \\",
    "J & K",
    2026,
    "1(2)",
    "3-4",
    "10.1000/(SICI)1097<1::AID>3.0.CO;2-3_x",
)


@pytest.mark.parametrize("key", list(WORKS))
def test_a_work_is_complete(key: str) -> None:
    work = WORKS[key]
    assert re.fullmatch(r"[a-z]+[0-9]{4}[a-z]*", key)
    assert str(work.year) in key
    assert work.authors
    assert all(name.strip() == name and name for name in work.authors)
    assert work.title.strip() == work.title
    assert not work.title.endswith(".")
    assert work.journal
    assert 1800 < work.year <= 2026
    # the volume and, in brackets, the issue
    assert re.fullmatch(r"(\d+(\(\d+(-\d+)?\))?)?", work.volume)
    assert work.volume or work.doi
    assert work.doi == "" or re.fullmatch(r"10\.\d{4,9}/\S+", work.doi)


def test_no_work_stands_twice() -> None:
    dois = [work.doi.lower() for work in WORKS.values() if work.doi]
    assert len(dois) == len(set(dois))


def test_works_are_listed_in_the_order_of_their_first_citation() -> None:
    blocks = (
        Heading("Heading", 1, "heading"),
        Paragraph((Run("a", cites=("holm1979",)), Run("b", cites=("cox1972", "holm1979")))),
        Bullets(((Run("c"),), (Run("d", cites=("efron1977",)),))),
        Caution("major", (Run("e", cites=("cox1972", "youden1950")),)),
        Checklist("strobe", "STROBE", ("vonelm2007strobe",), ()),
    )
    assert [work.key for work in bibliography().cited(blocks)] == [
        "holm1979", "cox1972", "efron1977", "youden1950", "vonelm2007strobe",
    ]  # fmt: skip


def test_an_unknown_work_is_our_fault() -> None:
    with pytest.raises(CartwheelError):
        bibliography().cited((Paragraph((Run("a", cites=("nobody1900",)),)),))


def test_bibtex_is_escaped_and_balanced() -> None:
    text = bibtex([HOSTILE])
    assert text.startswith("@article{odd2026,\n")
    assert (
        "author = {{O'Brien \\& Sons} and Müller-Lüdenscheidt, Karl-Heinz and de Souza, Ana}"
        in text
    )
    assert r"title = {{100\% of \{braces\}, \$5 \& a\_b \#1" in text
    assert "volume = {1}" in text
    assert "number = {2}" in text
    assert "pages = {3--4}" in text
    assert f"doi = {{{HOSTILE.doi}}}" in text
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    everything = bibtex(WORKS.values())
    assert everything.count("@article{") == len(WORKS)
    assert bibtex([]) == ""


def test_csl_json_reads_back() -> None:
    (item,) = json.loads(csl_json([HOSTILE]))
    assert item["id"] == "odd2026"
    assert item["title"] == HOSTILE.title
    assert item["author"] == [
        {"literal": "O'Brien & Sons"},
        {"family": "Müller-Lüdenscheidt", "given": "Karl-Heinz"},
        {"family": "de Souza", "given": "Ana"},
    ]
    assert item["issued"] == {"date-parts": [[2026]]}
    told = tuple(item[name] for name in ("volume", "issue", "page", "DOI"))
    assert told == ("1", "2", "3-4", HOSTILE.doi)
    (bare,) = json.loads(csl_json([Reference("a1900", ("A",), "T", "J", 1900)]))
    assert not {"volume", "issue", "page", "DOI"} & set(bare)
    assert len(json.loads(csl_json(WORKS.values()))) == len(WORKS)


def test_a_reader_finds_a_work() -> None:
    assert reference_text(WORKS["cox1972"]) == (
        "Cox DR. Regression models and life-tables. Journal of the Royal Statistical Society, "
        "Series B. 1972;34(2):187-220. doi:10.1111/j.2517-6161.1972.tb00899.x"
    )
    assert reference_text(HOSTILE).startswith("O'Brien & Sons, Müller-Lüdenscheidt KH, de Souza A.")
    many = reference_text(WORKS["collins2024tripodai"])
    assert many.startswith(
        "Collins GS, Moons KGM, Dhiman P, Riley RD, Beam AL, Van Calster B, et al."
    )
    assert reference_text(Reference("a1900", ("A",), "Why?", "J", 1900)) == "A. Why? J. 1900."
