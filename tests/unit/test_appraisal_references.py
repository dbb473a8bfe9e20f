"""Lists of references: each format, hostile files, and duplicates with every decision kept."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from cartwheel.errors import FileRefused
from cartwheel.pooling.appraisal import references
from cartwheel.pooling.appraisal.duplicates import find_duplicates, plain_title
from cartwheel.pooling.appraisal.references import Reference, plain_doi, read_references

needs_rispy = pytest.mark.skipif(
    importlib.util.find_spec("rispy") is None, reason="the extra 'references' is not installed"
)
TITLE = "Ferritin before CAR-T infusion and survival in multiple myeloma"
RIS = f"""\ufeffProvider: any

TY  - JOUR
AU  - Müller, Änne
AU  - Liu, Yang
T1  - {TITLE}
PY  - 2023//
JO  - Blood
DO  - https://doi.org/10.1000/ABC.1
ER  -

TY  - JOUR
A1  - Sidana, Surbhi
TI  - Safety and efficacy of standard of care
Y1  - 2025/01/02
DB  - PubMed
AN  - 0012345
XX  - an unknown tag
ER  -
"""
NBIB = f"""
PMID- 36000001
OWN - NLM
DP  - 2023 Mar
TI  - {TITLE}
      : a cohort study.
LID - 10.1000/abc.1 [doi]
AB  - One line
      and - another line.
FAU - Muller, Anne
AU  - Muller A
AID - S1234 [pii]
AID - 10.1000/abc.1 [doi]

PMID- 36000002
DP  - 2024
TI  - Another title of some length
FAU - Liu, Yang
"""


def saved(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def reference(number: int, **said: object) -> Reference:
    """Make a record of one list; what is not said is empty."""
    blank: dict[str, object] = {"title": TITLE, "first_author": "Liu, Yang", "year": 2023}
    fields = {**blank, "doi": "", "pmid": "", **said}
    return Reference("a.ris", number, **fields)  # type: ignore[arg-type]


def decisions(*records: Reference) -> tuple[list[tuple[int, int, str]], list[str]]:
    found = find_duplicates(records)
    removed = [(pair.kept.number, pair.other.number, pair.by) for pair in found.removed]
    assert len(found.kept) + len(found.removed) == len(records)
    return removed, [pair.by for pair in found.questions]


@needs_rispy
def test_ris_with_mark_unknown_tags_and_two_spellings(tmp_path: Path) -> None:
    one, other = read_references(saved(tmp_path, "embase.ris", RIS.replace("\n", "\r\n")))
    assert one == Reference("embase.ris", 1, TITLE, "Müller, Änne", 2023, "10.1000/abc.1", "")
    assert (other.first_author, other.year, other.pmid) == ("Sidana, Surbhi", 2025, "12345")


@needs_rispy
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_ris_in_other_encodings(encoding: str, tmp_path: Path) -> None:
    text = RIS.lstrip("\ufeff")
    assert (
        read_references(saved(tmp_path, "x.txt", text, encoding))[0].first_author == "Müller, Änne"
    )


@needs_rispy
def test_nbib_joins_lines_and_takes_the_doi_not_the_pii(tmp_path: Path) -> None:
    one, other = read_references(saved(tmp_path, "pubmed.nbib", NBIB))
    assert one.title == f"{TITLE} : a cohort study."
    assert (one.first_author, one.year, one.doi, one.pmid) == (
        "Muller, Anne",
        2023,
        "10.1000/abc.1",
        "36000001",
    )
    assert (other.number, other.doi, other.pmid) == (2, "", "36000002")


@needs_rispy
@pytest.mark.parametrize(
    "text",
    [
        RIS.rstrip().removesuffix("ER  -"),  # the last record is cut short
        RIS.replace("ER  -\n\nTY", "TY"),  # two records run into each other
        NBIB.replace("\n\nPMID- 36000002", "\nPMID- 36000002"),
    ],
)
def test_records_cut_short_are_refused_not_lost(text: str, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        read_references(saved(tmp_path, "cut.txt", text))
    assert refused.value.problems[0].code == "references_cut"


@pytest.mark.parametrize(
    ("text", "author"),
    [
        (
            f"PMID,Title,Authors,Citation,First Author,Publication Year,DOI\n"
            f'36000001,"{TITLE}","Liu Y, Kang L.",x,Liu Y,2023,10.1000/abc.1\n',
            "Liu Y",
        ),
        (
            f"Title;Author Names;Publication Year;DOI;Medline PMID\n"
            f'"{TITLE}";"Liu, Y.; Kang, L.";2023;https://doi.org/10.1000/ABC.1;36000001\n',
            "Liu, Y.",
        ),
        (
            f"Authors\tArticle Title\tPublication Year\tDOI\tPubmed Id\n"
            f"Liu, Y; Kang, L\t{TITLE}\t2023\t10.1000/abc.1\t36000001\n",
            "Liu, Y",
        ),
        (f"AU\tTI\tPY\tDI\tPM\nLiu, Y; Kang, L\t{TITLE}\t2023\t10.1000/abc.1\t36000001", "Liu, Y"),
    ],
    ids=["pubmed", "embase", "web of science", "web of science tags"],
)
def test_tables_of_pubmed_embase_and_web_of_science(text: str, author: str, tmp_path: Path) -> None:
    (one,) = read_references(saved(tmp_path, "list.csv", text))
    assert one == Reference("list.csv", 1, TITLE, author, 2023, "10.1000/abc.1", "36000001")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file_empty"),
        ("a,b\n1,2\n", "references_kind"),
        ("Title,DOI\n,\n", "references_empty"),
        ("Title,DOI\nA, b, c,10.1000/x\n", "references_cut"),
    ],
)
def test_what_is_no_list_is_refused(text: str, code: str, tmp_path: Path) -> None:
    path = saved(tmp_path, "list.csv", text if code != "references_empty" else text + '" ",\n')
    with pytest.raises(FileRefused) as refused:
        read_references(path)
    assert refused.value.problems[0].code == code


def test_an_absent_or_binary_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        read_references(tmp_path / "none.ris")
    path = tmp_path / "book.csv"
    path.write_bytes(b"PK\x03\x04\x00\x00")
    with pytest.raises(FileRefused) as refused:
        read_references(path)
    assert refused.value.problems[0].code == "not_text"


def test_without_the_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "find_spec", lambda _: None)
    with pytest.raises(FileRefused) as refused:
        read_references(saved(tmp_path, "embase.ris", RIS))
    (problem,) = refused.value.problems
    assert (problem.code, "cartwheel[references]" in problem.mend) == ("library_missing", True)


def test_equal_identifiers_are_the_same_record() -> None:
    assert decisions(
        reference(1, doi="10.1000/a"),
        reference(2, doi="10.1000/a", title="Ferritin before CAR-T infusion & survival in myeloma"),
        reference(3, pmid="7", title="x" * 30, first_author="A"),
        reference(4, pmid="7", title="y" * 30, first_author="B"),
    ) == ([(1, 2, "DOI"), (3, 4, "PMID")], [])


def test_one_doi_for_two_abstracts_of_a_supplement_is_asked_about() -> None:
    removed, questions = decisions(
        reference(1, doi="10.1182/blood-2020", title="Outcomes of axicabtagene in lymphoma"),
        reference(2, doi="10.1182/blood-2020", title="Cytokine kinetics after ide-cel", year=2023),
    )
    assert (removed, questions) == ([], ["same DOI, different titles"])


def test_titles_compare_without_case_accents_and_punctuation() -> None:
    shouted = TITLE.upper().replace("-", " \N{EM DASH} ") + "."
    assert decisions(
        reference(1),
        reference(2, title=shouted, first_author="Liu Y"),
        reference(3, first_author=""),
    ) == ([(1, 2, "title and year"), (1, 3, "title and year")], [])


@pytest.mark.parametrize(
    ("first", "second", "question"),
    [
        ({}, {"first_author": "Wang, Li"}, "different first authors"),
        ({"doi": "10.1000/a"}, {"doi": "10.1000/b"}, "different DOIs"),
        ({"pmid": "1"}, {"pmid": "2"}, "different PMIDs"),
        ({}, {"year": 2024}, "years 2023 and 2024"),
        ({}, {"year": None}, "years 2023 and not given"),
        ({}, {"title": TITLE + "s"}, "nearly the same title"),
    ],
)
def test_near_duplicates_are_asked_about_and_kept(
    first: dict[str, object], second: dict[str, object], question: str
) -> None:
    removed, questions = decisions(reference(1, **first), reference(2, **second))
    assert removed == []
    assert len(questions) == 1
    assert question in questions[0]


def test_short_titles_name_nothing() -> None:
    short = {"title": "Reply", "first_author": ""}
    assert decisions(reference(1, **short), reference(2, **short)) == ([], [])


def test_a_chain_of_identifiers_is_one_group() -> None:
    removed, _ = decisions(
        reference(1, doi="10.1000/a", title="", first_author=""),
        reference(2, pmid="9", title="", first_author=""),
        reference(3, doi="10.1000/a", pmid="9"),
    )
    assert [kept for kept, _, _ in removed] == [1, 1]


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1182/blood.2020", "10.1182/blood.2020"),
        ("doi: 10.1182/BLOOD.2020;", "10.1182/blood.2020"),
        ("http://dx.doi.org/10.1182/blood.2020.", "10.1182/blood.2020"),
        ("S0006-4971(20)1", ""),
    ],
)
def test_dois_lose_what_stands_around_them(text: str, doi: str) -> None:
    assert plain_doi(text) == doi


@given(st.lists(st.integers(0, 5), max_size=12))
def test_a_list_twice_keeps_what_the_list_once_keeps(picks: list[int]) -> None:
    records = [
        reference(
            place, title=f"A title of some length, number {'x' * pick}", doi=f"10.1000/{pick}"
        )
        for place, pick in enumerate(picks)
    ]
    once, twice = find_duplicates(records), find_duplicates(records + records)
    assert once.kept == twice.kept
    assert len(once.kept) == len(set(picks))


@given(st.text())
def test_plain_titles_do_not_change_again(text: str) -> None:
    assert plain_title(plain_title(text)) == plain_title(text)
