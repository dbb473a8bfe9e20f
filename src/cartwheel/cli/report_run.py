"""Running ``cartwheel report``: check everything, write the paper, write all files or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartwheel.canonical import write_together
from cartwheel.cli.common import check_folder
from cartwheel.errors import FileRefused, PlanRefused, refuse
from cartwheel.result_json import read_result

if TYPE_CHECKING:
    from cartwheel.report.document.blocks import Document

KINDS = ("develop", "validate", "pool", "appraise")
_NEEDS = {".html": ("jinja2",), ".pdf": ("typst",), ".docx": ("docx", "typst")}
_REFERENCES = (".bib", ".json")
_NO_CHECKLIST = "none"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written.

    Parameters
    ----------
    papers : tuple of str
        Files; their endings say the format.
    language : str
        Of the words.
    figures : Path or None
        Folder for the figures.
    references : str or None
        File for the works cited.
    checklists : tuple of str or None
        Names; None for those of the kind; ``none`` for none.
    share : bool
        Whether small groups are withheld.
    """

    papers: tuple[str, ...]
    language: str = "en"
    figures: Path | None = None
    references: str | None = None
    checklists: tuple[str, ...] | None = None
    share: bool = False


def run_report(result: Path, wanted: Wanted) -> list[str]:
    """Write the paper, its figures and its references; every file or none.

    Parameters
    ----------
    result : Path
        The JSON of a result.
    wanted : Wanted
        What is to be written.

    Returns
    -------
    list of str
        Lines that tell what was written.

    Raises
    ------
    FileRefused
        Where the result cannot be read, or a library is missing.
    PlanRefused
        Where a file cannot be written, before any work is done.
    """
    _check_outputs(result, wanted)
    _check_libraries(wanted)
    _, document = read_result(
        result,
        KINDS,
        mend="give the JSON of develop, validate, pool or appraise (--json FILE)",
        what="this is not a result that a paper can be written from",
    )
    checklists = () if wanted.checklists == (_NO_CHECKLIST,) else wanted.checklists
    _check_words(document, wanted.language, checklists or ())
    from cartwheel.report.paper import paper

    made = paper(
        document,
        wanted.language,
        share=wanted.share,
        checklists=checklists,
        pictures=any(_is_word(name) for name in wanted.papers)
        or (wanted.share and wanted.figures is not None),
    )
    contents = _papers(wanted.papers, made)
    if wanted.references is not None:
        contents[wanted.references] = _references(wanted.references, made)
    drawn, notes = _drawn(document, wanted, made)
    _write(wanted.figures, contents | drawn)
    lines = [f"wrote {name}" for name in contents]
    if wanted.figures is not None:
        lines.append(f"wrote {len(drawn)} files in {wanted.figures}")
    return [*lines, *(f"note: {note}" for note in notes)]


def _is_word(name: str) -> bool:
    return Path(name).suffix.lower() == ".docx"


def _check_words(document: Mapping[str, Any], language: str, checklists: tuple[str, ...]) -> None:
    """Refuse a language or a checklist that is not there, before anything is drawn."""
    from cartwheel.report.checklists import checklist
    from cartwheel.report.words import words

    words(language)
    for name in checklists:
        checklist(name, document, language)


def _check_outputs(result: Path, wanted: Wanted) -> None:
    if not wanted.papers and wanted.figures is None and wanted.references is None:
        raise refuse(
            PlanRefused,
            "no_output",
            "nothing to write was named",
            where="--output",
            mend="name a paper: -o paper.docx",
        )
    taken = {result.resolve(): "the result"}
    for name in wanted.papers:
        _check_ending(name, tuple(_NEEDS), "a paper")
    if wanted.references is not None:
        _check_ending(wanted.references, _REFERENCES, "the list of references")
    for name in (*wanted.papers, *((wanted.references,) if wanted.references else ())):
        check_folder(name)
        place = Path(name).resolve()
        if place in taken:
            raise refuse(
                PlanRefused,
                "output_taken",
                f"this file is {taken[place]}",
                where=name,
                mend="name another file",
            )
        taken[place] = "named twice"
    if wanted.figures is not None:
        _check_figures_folder(wanted.figures)


def _check_ending(name: str, endings: tuple[str, ...], what: str) -> None:
    if Path(name).suffix.lower() not in endings:
        raise refuse(
            PlanRefused,
            "unknown_ending",
            f"{what} is not written in this format",
            where=name,
            mend=f"end the name in {', '.join(endings[:-1])} or {endings[-1]}",
        )


def _check_figures_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise refuse(
            PlanRefused,
            "not_a_folder",
            "there is a file of this name",
            where=str(folder),
            mend="name another folder: --figures NAME",
        )
    check_folder(str(folder / "figure.svg") if folder.is_dir() else str(folder))


def _check_libraries(wanted: Wanted) -> None:
    from cartwheel.report.document.extra import require

    for module in ("matplotlib", *(one for name in wanted.papers for one in _NEEDS[_ending(name)])):
        require(module, "the paper")
    if wanted.figures is not None:
        require("typst", "the figures as PDF")


def _ending(name: str) -> str:
    return Path(name).suffix.lower()


def _papers(names: tuple[str, ...], made: Document) -> dict[str, str | bytes]:
    # typst works outside of Python: formats are written side by side
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        return dict(zip(names, pool.map(lambda name: _written(name, made), names), strict=True))


def _written(name: str, made: Document) -> str | bytes:
    # each format loads its own library
    if _ending(name) == ".html":
        from cartwheel.report.document.html import document_html

        return document_html(made)
    if _ending(name) == ".pdf":
        from cartwheel.report.document.pdf import document_pdf

        return document_pdf(made)
    from cartwheel.report.document.docx import document_docx

    return document_docx(made)


def _references(name: str, made: Document) -> str:
    from cartwheel.report.bibliography import bibtex, csl_json

    return bibtex(made.references) if _ending(name) == ".bib" else csl_json(made.references)


def _drawn(
    document: Mapping[str, Any], wanted: Wanted, made: Document
) -> tuple[dict[str, str | bytes], tuple[str, ...]]:
    """Draw every figure as ``cartwheel figures`` does."""
    if wanted.figures is None:
        return {}, ()
    if wanted.share:
        # what is withheld is left out of the paper's own drawings alone
        return dict(_figures(wanted.figures, made)), ()
    from cartwheel.figures.publish import published, result_drawings
    from cartwheel.report.paper.drawn_words import spoken

    found = published(result_drawings(document), spoken=spoken(wanted.language))
    files = {str(wanted.figures / name): content for name, content in found.files.items()}
    return files, found.notes


def _figures(folder: Path, made: Document) -> Iterator[tuple[str, str | bytes]]:
    from cartwheel.report.document.blocks import Figure
    from cartwheel.report.document.engine import figure_pdf, pictures

    drawn = [block for block in made.blocks if isinstance(block, Figure)]
    for block, picture in zip(drawn, pictures([one.svg for one in drawn]), strict=True):
        place = folder / block.id.removeprefix("figure-")
        yield f"{place}.svg", block.svg
        yield f"{place}.pdf", figure_pdf(block, made.language)
        yield f"{place}.png", picture
        yield f"{place}.csv", block.csv


def _write(folder: Path | None, contents: Mapping[str, str | bytes]) -> None:
    made_folder = folder is not None and not folder.exists()
    try:
        if folder is not None:
            folder.mkdir(exist_ok=True)
        write_together(contents)
    except OSError as error:
        if folder is not None and made_folder and folder.is_dir():
            folder.rmdir()
        raise refuse(
            FileRefused,
            "not_writable",
            f"the files could not be written ({error.strerror or type(error).__name__}); nothing "
            "was written",
            where=", ".join(contents)[:200],
            mend="check the disk, the rights and the names",
        ) from None
