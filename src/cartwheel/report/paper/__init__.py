"""From a result's JSON to a paper: methods, results, limitations, provenance, checklists.

Everything is drawn from the JSON alone; sentences come from the catalogue of the language.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from cartwheel.canonical import plain
from cartwheel.errors import FileRefused, refuse
from cartwheel.report.document.blocks import Document
from cartwheel.report.paper.drawn_words import inside
from cartwheel.report.paper.figures import undrawn
from cartwheel.report.words import words

# each kind has a module of its own, loaded when such a paper is wanted
_PAPERS = {
    "develop": ("cartwheel.report.paper.develop", "development_paper"),
    "validate": ("cartwheel.report.paper.validate", "validation_paper"),
    "pool": ("cartwheel.report.paper.pool", "pool_paper"),
    "appraise": ("cartwheel.report.paper.appraise", "appraisal_paper"),
}
KINDS = tuple(_PAPERS)


def paper(
    document: Mapping[str, Any],
    language: str = "en",
    *,
    share: bool = False,
    checklists: Sequence[str] | None = None,
    pictures: bool = True,
    drawn: bool = True,
) -> Document:
    """Write the paper of a result.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, pool or appraise; nothing else is read.
    language : str
        ``en``, ``de`` or ``zh``.
    share : bool
        Withhold groups so small that they could name a patient.
    checklists : sequence of str, optional
        Which reporting checklists; by default those of the kind, with an empty sequence none.
    pictures : bool
        Whether pictures are made of the figures, as Word needs them: where the machine has no font
        for the language, the words inside them are English, and the captions say so.
    drawn : bool
        Whether there are drawings at all; without them figures have words and data only.

    Returns
    -------
    Document
        Equal for an equal document.

    Raises
    ------
    FileRefused
        Where the document is of another kind or has no result, or there are no words in the
        language.
    """
    say = words(language)
    read: dict[str, Any] = plain(document)
    kind = read.get("kind")
    if kind not in _PAPERS or not isinstance(read.get("result"), Mapping):
        raise refuse(
            FileRefused,
            "no_paper",
            "this is not a result that a paper can be written from",
            mend=f"give the JSON of {', '.join(KINDS)}",
        )
    module, function = _PAPERS[kind]
    write = getattr(importlib.import_module(module), function)
    # what is not drawn needs no font
    language_inside = inside(language, pictures=pictures and drawn)
    with language_inside, nullcontext() if drawn else undrawn():
        made: Document = write(read, say, share=share, checklists=checklists)
    return made
