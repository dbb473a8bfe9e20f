"""Writing the paper of a result, as ``cartwheel report`` does."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from cartwheel.errors import PlanRefused, Problem
from cartwheel.report.checklists import checklist
from cartwheel.report.document.blocks import Document, Figure
from cartwheel.report.paper import KINDS, paper
from cartwheel.report.words import words
from cartwheel.result_json import read_result
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# what writes each, loaded when it is wanted
_WRITERS = {
    "html": ("cartwheel.report.document.html:document_html", "paper.html", "text/html"),
    "pdf": ("cartwheel.report.document.pdf:document_pdf", "paper.pdf", "application/pdf"),
    "docx": ("cartwheel.report.document.docx:document_docx", "paper.docx", DOCX),
    "bib": ("cartwheel.report.bibliography:bibtex", "references.bib", "application/x-bibtex"),
    "csl": ("cartwheel.report.bibliography:csl_json", "references.json", "application/json"),
}
FORMATS = (*_WRITERS, "figures")
# a figure's place in the archive has no time of day
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def run_paper(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Write the paper of a result.

    Parameters
    ----------
    folder : Path
        Of the job's files.
    request : mapping
        ``file``, the JSON of develop, validate, pool or appraise; ``formats``, of `FORMATS`, by
        default html, pdf and docx; ``language``; ``share``; ``checklists``, by default those of the
        kind, none with an empty list.
    say : function
        Hears of progress.

    Returns
    -------
    tuple of Output
        ``paper.html``, ``paper.pdf``, ``paper.docx``, ``references.bib``, ``references.json``,
        ``figures.zip``, as asked.

    Raises
    ------
    Refused
        As of `cartwheel.report.paper.paper`.
    """
    asked = Asked(folder, request, ("file", "formats", "language", "share", "checklists"))
    formats = _formats(asked)
    language = asked.take("language", str, "en")
    checklists = asked.take("checklists", list[str])
    share = asked.take("share", bool, False)
    _, document = read_result(
        asked.path(),
        KINDS,
        mend="give the JSON of develop, validate, pool or appraise",
        what="this is not a result that a paper can be written from",
    )
    words(language)
    for name in checklists or ():
        checklist(name, document, language)
    say("drawing the figures", 0, len(formats) + 1)
    made = paper(
        document,
        language,
        share=share,
        checklists=checklists,
        pictures="docx" in formats or (share and "figures" in formats),
    )
    outputs = []
    for place, form in enumerate(formats, start=1):
        say(f"writing {form}", place, len(formats) + 1)
        if form == "figures":
            drawn = _drawn(made) if share else _published(document, language)
            outputs.append(_figures(drawn))
        else:
            outputs.append(_written(form, made))
    return tuple(outputs)


def _formats(asked: Asked) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(asked.take("formats", list[str], ["html", "pdf", "docx"])))
    problems = [
        Problem(
            "unknown_format",
            f"'{form[:20]}' is not a format that is written",
            "formats",
            "one of: " + ", ".join(FORMATS),
        )
        for form in formats
        if form not in FORMATS
    ]
    if not formats:
        problems.append(
            Problem("no_output", "no format was named", "formats", "one of: " + ", ".join(FORMATS))
        )
    if problems:
        raise PlanRefused(problems)
    return formats


def _written(form: str, made: Document) -> Output:
    place, name, media_type = _WRITERS[form]
    module, _, function = place.partition(":")
    write = cast(Callable[[Any], str | bytes], getattr(import_module(module), function))
    content = write(made.references if form in ("bib", "csl") else made)
    return Output(name, media_type, content.encode() if isinstance(content, str) else content)


def _figures(drawn: Iterable[tuple[str, str | bytes]]) -> Output:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in drawn:
            entry = zipfile.ZipInfo(f"figures/{name}", _NO_TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
    return Output("figures.zip", "application/zip", archive.getvalue())


def _published(document: Mapping[str, Any], language: str) -> Iterable[tuple[str, str | bytes]]:
    """Draw every figure as ``cartwheel figures`` does."""
    publish = import_module("cartwheel.figures.publish")
    words_of = import_module("cartwheel.report.paper.drawn_words")
    drawings = publish.result_drawings(document)
    files = publish.published(drawings, spoken=words_of.spoken(language)).files
    return cast(Mapping[str, str | bytes], files).items()


def _drawn(made: Document) -> Iterator[tuple[str, str | bytes]]:
    """Take the paper's own drawings: what is withheld is left out of these alone."""
    engine = import_module("cartwheel.report.document.engine")
    drawn = [block for block in made.blocks if isinstance(block, Figure)]
    for block, picture in zip(drawn, engine.pictures([one.svg for one in drawn]), strict=True):
        stem = block.id.removeprefix("figure-")
        yield f"{stem}.svg", block.svg
        yield f"{stem}.pdf", engine.figure_pdf(block, made.language)
        yield f"{stem}.png", picture
        yield f"{stem}.csv", block.csv
