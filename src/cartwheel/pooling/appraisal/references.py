"""Lists of references as databases export them: RIS, NBIB (PubMed) and CSV, read into records."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cartwheel.errors import FileRefused, Problem, Refused, refuse

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_PMID_PLACE = re.compile(r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|/pubmed/|\bPMID:?\s*)(\d{1,8})\b")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_RIS_START = re.compile(r"^TY  - ?", re.MULTILINE)
_NBIB_START = re.compile(r"^PMID- ", re.MULTILINE)
_MEDLINE = ("pubmed", "medline")

# names of columns in exports of PubMed, Embase, Web of Science, Scopus and Covidence
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "article title", "document title", "ti"),
    "authors": ("authors", "author names", "author", "author s", "author full names", "au"),
    "year": ("publication year", "year", "year of publication", "published year", "py"),
    "doi": ("doi", "digital object identifier doi", "di"),
    "pmid": ("pmid", "pubmed id", "medline pmid", "pm"),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One record of a list of references.

    Parameters
    ----------
    file : str
        Name of the file.
    number : int
        Place in the file, from 1.
    title : str
        As written; may be empty.
    first_author : str
        As written; may be empty.
    year : int or None
        Of publication.
    doi : str
        Lower case, without a resolver in front; may be empty.
    pmid : str
        Digits; may be empty.
    """

    file: str
    number: int
    title: str
    first_author: str
    year: int | None
    doi: str
    pmid: str

    @property
    def label(self) -> str:
        """Say which record this is, for a person."""
        who = f"{self.first_author or 'no author'} {self.year or 'no year'}"
        title = self.title if len(self.title) <= 80 else self.title[:77] + "..."
        return f"{self.file} #{self.number}: {who}, {title or 'no title'}"


def read_references(path: str | Path) -> tuple[Reference, ...]:
    """Read a list of references.

    Parameters
    ----------
    path : path
        RIS, NBIB (PubMed's own format) or a CSV or tab-separated export; which one is told by
        what is in the file, not by its name.

    Returns
    -------
    tuple of Reference
        In order of the file.

    Raises
    ------
    FileRefused
        ``file_missing``, ``file_empty``, ``not_text``, ``references_kind`` where it is no list of
        references, ``library_missing`` where the parser is not installed, ``references_cut`` where
        records run into each other or are cut short, and ``references_empty`` for records that hold
        neither title, DOI nor PMID.

    Notes
    -----
    UTF-8 with or without byte-order mark, UTF-16 with one, else Windows-1252. RIS and NBIB are
    parsed by rispy. A PMID is taken only from where it is named one: its own field, a PubMed
    address, or the accession number of a record that says it comes from PubMed or MEDLINE.
    """
    name = Path(path).name
    text = _decoded(_bytes(Path(path)), name)
    if _NBIB_START.search(text):
        found = _from_nbib(text, name)
    elif _RIS_START.search(text):
        found = _from_ris(text, name)
    else:
        found = _from_rows(text, name)
    records = tuple(found)
    empty = [one.number for one in records if not (one.title or one.doi or one.pmid)]
    if empty:
        raise refuse(
            FileRefused,
            "references_empty",
            f"{len(empty)} records have neither a title nor a DOI nor a PMID",
            where=f"{name}, records " + ", ".join(map(str, empty[:10])),
            mend="export them again with title and identifiers, or take them out",
        )
    return records


def plain_doi(text: str) -> str:
    """Write a DOI in lower case, without what stands around it.

    Parameters
    ----------
    text : str
        A DOI, a resolver's address, or a field of PubMed such as ``10.1/x [doi]``.

    Returns
    -------
    str
        Empty where there is none.

    Examples
    --------
    >>> plain_doi("https://doi.org/10.1182/Blood.2020006770.")
    '10.1182/blood.2020006770'
    """
    found = _DOI.search(text.strip())
    return found[0].rstrip(".,;)]").lower() if found else ""


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError:
        raise refuse(
            FileRefused,
            "file_missing",
            "there is no such list of references",
            where=str(path),
            mend="check the name and the folder",
        ) from None
    if not data.strip():
        raise refuse(
            FileRefused, "file_empty", "the file is empty", where=path.name, mend="export it again"
        )
    return data


def _decoded(data: bytes, where: str) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise refuse(
        FileRefused,
        "not_text",
        "this is not a text file",
        where=where,
        mend="export the references as RIS, NBIB or CSV",
    )


def _rispy() -> Any:
    if find_spec("rispy") is None:
        raise refuse(
            FileRefused,
            "library_missing",
            "reading RIS and NBIB files needs rispy, which is not installed",
            mend="pip install 'cartwheel[references]', or export the references as CSV",
        )
    return import_module("rispy")  # an extra, loaded when a file needs it


def _from_ris(text: str, where: str) -> Iterator[Reference]:
    starts = len(_RIS_START.findall(text))
    ends = len(re.findall(r"^ER  -", text, re.MULTILINE))
    entries = _rispy().loads(text, skip_unknown_tags=True, enforce_list_tags=False)
    if not starts == ends == len(entries):
        raise _cut(where, f"{starts} records begin (TY), {ends} end (ER), {len(entries)} are whole")
    for number, entry in enumerate(entries, start=1):
        source = _all(entry, "name_of_database", "database_provider").lower()
        accession = _first(entry, "accession_number")
        pmid = accession if any(word in source for word in _MEDLINE) else ""
        yield Reference(
            where,
            number,
            _first(entry, "title", "primary_title", "translated_title"),
            _first(entry, "authors", "first_authors"),
            _year(_first(entry, "year", "publication_year", "date")),
            plain_doi(_first(entry, "doi")) or plain_doi(_all(entry, "urls", "notes")),
            _pmid(pmid) or _named_pmid(_all(entry, "urls", "notes", "file_attachments1")),
        )


def _from_nbib(text: str, where: str) -> Iterator[Reference]:
    """Read PubMed's format with rispy's parser, to which a blank line is the end of a record."""
    base = _rispy().RisParser

    class Parser(base):  # type: ignore[misc, valid-type]
        START_TAG = "PMID"
        DEFAULT_MAPPING: dict[str, str] = {  # noqa: RUF012  # as the library declares it
            tag: tag for tag in ("PMID", "TI", "BTI", "FAU", "AU", "DP", "AID", "LID")
        }
        DEFAULT_LIST_TAGS: list[str] = ["FAU", "AU", "AID", "LID"]  # noqa: RUF012
        DEFAULT_DELIMITER_MAPPING: dict[str, str] = {}  # noqa: RUF012

        def parse_line(self, line: str) -> tuple[str | None, str]:
            if not line.strip():
                return self.END_TAG, ""
            if line[4:6] == "- " or line[4:].rstrip() == "-":
                return line[:4].strip(), line[6:].strip()
            return None, line.strip()

    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    entries = Parser(skip_unknown_tags=True).parse("\n\n".join(blocks) + "\n\n")
    starts = len(_NBIB_START.findall(text))
    if not starts == len(blocks) == len(entries):
        raise _cut(where, f"{starts} records begin (PMID), {len(blocks)} stand apart")
    for number, entry in enumerate(entries, start=1):
        identifiers = entry.get("AID", []) + entry.get("LID", [])
        doi = next((plain_doi(one) for one in identifiers if "[doi]" in one), "")
        authors = entry.get("FAU") or entry.get("AU") or [""]
        title = entry.get("TI") or entry.get("BTI", "")
        pmid, year = _pmid(entry["PMID"]), _year(entry.get("DP", ""))
        yield Reference(where, number, title, authors[0], year, doi, pmid)


def _cut(where: str, what: str) -> Refused:
    return refuse(
        FileRefused,
        "references_cut",
        f"records run into each other or are cut short: {what}",
        where=where,
        mend="export the list again, whole",
    )


def _from_rows(text: str, where: str) -> Iterator[Reference]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    except csv.Error:
        rows = []
    columns = _columns_of(rows[0]) if rows else {}
    if "title" not in columns:
        raise refuse(
            FileRefused,
            "references_kind",
            "this is neither RIS nor NBIB, and no column of it is a title",
            where=where,
            mend="export the references as RIS, NBIB (PubMed), or CSV with a column Title",
        )
    ragged = [number for number, row in enumerate(rows[1:], start=1) if len(row) > len(rows[0])]
    if ragged:
        raise FileRefused(
            Problem(
                "references_cut",
                "records have more cells than the header",
                f"{where}, records " + ", ".join(map(str, ragged[:10])),
                "export the list again, with quotation marks around texts",
            )
        )
    for number, row in enumerate(rows[1:], start=1):
        cells = {
            name: row[place].strip() if place < len(row) else "" for name, place in columns.items()
        }
        author = re.split(r";|,(?=\s*\w[\w'’-]+\s+\w)|\n", cells.get("authors", ""))[0].strip()
        yield Reference(
            where,
            number,
            cells["title"],
            author,
            _year(cells.get("year", "")),
            plain_doi(cells.get("doi", "")),
            _pmid(cells.get("pmid", "")),
        )


def _columns_of(header: Sequence[str]) -> dict[str, int]:
    names = [" ".join(re.sub(r"[^a-z]+", " ", cell.casefold()).split()) for cell in header]
    found = {}
    for meaning, known in _COLUMNS.items():
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None:
            found[meaning] = place
    return found


def _texts(entry: Mapping[str, Any], *keys: str) -> Iterator[str]:
    for key in keys:
        value = entry.get(key) or ""
        yield from (str(one) for one in (value if isinstance(value, list) else [value]) if one)


def _first(entry: Mapping[str, Any], *keys: str) -> str:
    return next(_texts(entry, *keys), "").strip()


def _all(entry: Mapping[str, Any], *keys: str) -> str:
    return " ".join(_texts(entry, *keys))


def _year(text: str) -> int | None:
    found = _YEAR.search(text)
    return int(found[0]) if found else None


def _pmid(text: str) -> str:
    found = re.fullmatch(r"\D*(\d{1,8})(?:\.0+)?\D*", text.strip())
    return found[1].lstrip("0") if found else ""


def _named_pmid(text: str) -> str:
    found = _PMID_PLACE.search(text)
    return found[1].lstrip("0") if found else ""
