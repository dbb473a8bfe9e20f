"""Reporting checklists, filled as far as a run goes; what the run does not know stays blank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.errors import FileRefused, refuse
from cartwheel.report.checklists.development import DEVELOPMENT
from cartwheel.report.checklists.inventory import NAMES, Entry, Inventory, inventory
from cartwheel.report.checklists.pooling import POOLING
from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading
from cartwheel.report.checklists.validation import VALIDATION
from cartwheel.report.document.blocks import Checklist, ChecklistItem
from cartwheel.report.words import words

_FILLINGS: dict[str, Mapping[str, Filling]] = {
    "develop": DEVELOPMENT,
    "validate": VALIDATION,
    "pool": POOLING,
}


def checklists_for(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the checklists that a result is reported by.

    Parameters
    ----------
    document : mapping
        The JSON of a result.

    Returns
    -------
    tuple of str
        Of a development TRIPOD+AI, REMARK and STROBE; of a validation TRIPOD+AI and STROBE, and
        TRIPOD-Cluster where there are centres; of a meta-analysis PRISMA 2020; else none.
    """
    kind = document.get("kind")
    if kind == "develop":
        return ("tripod-ai", "remark", "strobe")
    if kind == "validate":
        centres = Reading(document, words()).has("result.centres.rows")
        return ("tripod-ai", *(("tripod-cluster",) if centres else ()), "strobe")
    return ("prisma-2020",) if kind == "pool" else ()


def checklist(name: str, document: Mapping[str, Any], language: str = "en") -> Checklist:
    """Fill a reporting checklist from a result.

    Parameters
    ----------
    name : str
        ``tripod-ai``, ``tripod-cluster``, ``remark``, ``strobe`` or ``prisma-2020``.
    document : mapping
        The JSON of a result; parts that an old or foreign file lacks leave their items blank.
    language : str
        Of the words: ``en``, ``de`` or ``zh``.

    Returns
    -------
    Checklist
        Every item: filled from a place in the result, for the author, or not applicable and why.
        Where a run answers a part of an item, the answer ends with what is left to the author.

    Raises
    ------
    FileRefused
        Where there is no such checklist or language (``checklist_unknown``,
        ``language_unknown``), or the checklist is not for such a result
        (``checklist_other_kind``).
    """
    if name not in NAMES:
        raise refuse(
            FileRefused,
            "checklist_unknown",
            f"there is no checklist '{name}'",
            mend=f"choose one of {', '.join(NAMES)}",
        )
    listed = inventory(name)
    kind = document.get("kind")
    if kind not in listed.kinds:
        raise refuse(
            FileRefused,
            "checklist_other_kind",
            f"the checklist '{name}' is for results of {' and '.join(listed.kinds)}",
            mend=f"this result is filled into {', '.join(checklists_for(document)) or 'none'}",
        )
    read = Reading(document, words(language))
    return Checklist(
        id=listed.id,
        title=read.say(f"checklists.title.{name}"),
        cites=listed.cites,
        items=tuple(_item(listed, entry, kind, read) for entry in listed.entries),
    )


def _item(listed: Inventory, entry: Entry, kind: str, read: Reading) -> ChecklistItem:
    answer = _answer(listed, entry, kind, read)
    status = "author" if answer is None else "filled" if answer.source else "not applicable"
    return ChecklistItem(
        number=entry.number,
        topic=read.say(f"checklists.topic.{entry.topic}"),
        text=read.say(f"checklists.item.{listed.id}.{entry.number}"),
        status=status,
        answer="" if answer is None else answer.text,
        source="" if answer is None else answer.source,
    )


def _answer(listed: Inventory, entry: Entry, kind: str, read: Reading) -> Answer | None:
    if entry.only and entry.only != kind:
        return Answer(read.say(f"checklists.reason.only_{entry.only}"), "")
    filling = _FILLINGS[kind].get(entry.fill)
    if filling is None:
        return None
    try:
        answer = filling(read)
        if answer.source:
            read.at(answer.source)
    except Absent:
        return None
    rest = f"checklists.rest.{listed.id}.{entry.number}"
    if not answer.source or rest not in read.say:
        return answer
    left = read.say("checklists.still_author", rest=read.say(rest))
    return Answer(read.say.together((answer.text, left)), answer.source)
