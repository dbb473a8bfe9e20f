"""How every paper ends: limitations, provenance, checklists, references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cartwheel.moved import moved_for
from cartwheel.provenance import named_simulated
from cartwheel.report.bibliography import bibliography
from cartwheel.report.checklists import checklist, checklists_for
from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Cell,
    Document,
    Heading,
    Paragraph,
    Run,
    Table,
)
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import place_of, places_under, value_at
from cartwheel.report.words import Say

_GRAVE = ("critical", "major", "minor")
Path = tuple[str | int, ...]


def heading(say: Say, name: str, level: int = 1, *, topic: str = "shared") -> Heading:
    """Head a part of the paper.

    Parameters
    ----------
    say : Say
        Words of the language.
    name : str
        Key below ``TOPIC.heading``; its id in the document as well.
    level : int
        1 to 3.
    topic : str
        File of the catalogue.

    Returns
    -------
    Heading
    """
    return Heading(say(f"{topic}.heading.{name}"), level, name.replace("_", "-"))


def finished(
    numbers: Numbers, title: str, subtitle: str, blocks: Sequence[Block | None]
) -> Document:
    """Put blocks together as a document, with the works that they cite.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    title, subtitle : str
        Of the paper.
    blocks : sequence of Block or None
        In order; None is left out.

    Returns
    -------
    Document
    """
    kept = tuple(_trimmed(block) for block in blocks if block is not None)
    return Document(
        title,
        subtitle,
        numbers.say.language,
        is_simulated(numbers.document),
        kept,
        bibliography().cited(kept),
    )


def _trimmed(block: Block) -> Block:
    # sentences end in a space, so that they can follow each other; the last one needs none
    if isinstance(block, Bullets):
        return Bullets(tuple(_without_end(item) for item in block.items))
    if isinstance(block, Paragraph | Caution):
        return replace(block, runs=_without_end(block.runs))
    return block


def _without_end(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    return (*runs[:-1], replace(runs[-1], text=runs[-1].text.rstrip())) if runs else runs


def is_simulated(document: Mapping[str, Any]) -> bool:
    """Say whether the patients are simulated: by the result, the plan, or the name of the file.

    Parameters
    ----------
    document : mapping
        The JSON of a result.

    Returns
    -------
    bool
    """
    said = (value_at(document, "result.simulated"), value_at(document, "plan.simulated"))
    return True in said or named_simulated(str(value_at(document, "provenance.data_name") or ""))


def limitations(numbers: Numbers) -> list[Block]:
    """Tell the cautions of the run and the findings of its referee, none softened.

    Here a finding stands in full, with its name; elsewhere it goes by that name.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.notes`` and ``referee.findings`` are read.

    Returns
    -------
    list of Block
    """
    say = numbers.say
    findings = places_under(numbers.document, "referee.findings")
    grave = [each for each in findings if numbers.at(f"{each}.severity") in _GRAVE]
    shown = [str(numbers.at(f"{finding}.evidence")) for finding in grave]
    told: list[Block] = []
    assumed: list[tuple[Run, ...]] = []
    for note in places_under(numbers.document, "result.notes"):
        if any(str(numbers.at(f"{note}.text")) in evidence for evidence in shown):
            # the referee says it in full
            continue
        said = numbers.quoted(f"{note}.text")
        if numbers.at(f"{note}.severity") == "caution":
            told.append(Caution("caution", said))
        else:
            assumed.append(said)
    for finding in findings:
        severity = str(numbers.at(f"{finding}.severity"))
        what, evidence = (numbers.quoted(f"{finding}.{part}") for part in ("what", "evidence"))
        name = replace(numbers.named(f"{finding}.code"), style="code")
        said = say.runs("shared.limitations.finding", what=what, evidence=evidence, name=name)
        if severity in _GRAVE:
            told.append(Caution("caution" if severity == "minor" else severity, said))
        else:
            assumed.append(said)
    first = "shared.limitations.intro" if told or assumed else "shared.limitations.none"
    blocks: list[Block] = [heading(say, "limitations"), Paragraph(say.runs(first)), *told]
    if assumed:
        blocks.append(Bullets(tuple(assumed)))
    if told or assumed:
        blocks.append(Paragraph(say.runs("shared.limitations.about")))
    return blocks


def provenance(numbers: Numbers, command: str) -> list[Block]:
    """Say where the numbers come from, how to trace each, how to make them again, what moved.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    command : str
        Name that stands for the result's file in the commands, such as ``RESULT.json``.

    Returns
    -------
    list of Block
    """
    say = numbers.say
    intro = say.runs(
        "shared.provenance.intro",
        trace=Run(f"cartwheel trace {command} PLACE", "code"),
        rerun=Run(f"cartwheel rerun {command}", "code"),
    )
    named = say.runs(
        "shared.provenance.ids",
        cell=Run(f"cartwheel trace {command} T2.3.2", "code"),
        figure=Run("F1", "code"),
        said=Run(f'cartwheel trace {command} --said "0.9"', "code"),
    )
    rows = [row(say("shared.provenance.schema"), numbers.words("schema"))]
    for path, value in _leaves(numbers.at("provenance"), ("provenance",)):
        rows.append(row(_provenance_label(say, path[1:]), _setting(say, path, value)))
    labels = [say("shared.provenance.what"), say("shared.provenance.value")]
    made = Table(
        "table-provenance", say("shared.provenance.caption"), columns(labels, (1, 2)), tuple(rows)
    )
    return [
        heading(say, "provenance"),
        joined(intro, named),
        made,
        *_moved(numbers, command),
        *_plan(numbers),
    ]


def _moved(numbers: Numbers, command: str) -> list[Block]:
    """Say what a later version computes differently from the one that wrote the result."""
    say, place = numbers.say, "provenance.cartwheel"
    if not numbers.at(place):
        return []
    title = Heading(say("shared.moved.heading"), 2, "numbers-moved")
    version = numbers.named(place)
    moved = moved_for(str(numbers.at("kind")), version.text)
    if not moved:
        return [title, Paragraph(say.runs("shared.moved.none", version=version))]
    rerun = Run(f"cartwheel rerun {command}", "code")
    rows = tuple(row(one.what, one.how_much, one.why, one.since) for one in moved)
    labels = [say(f"shared.moved.{name}") for name in ("what", "how_much", "why", "since")]
    head = columns(labels, (1.8, 1.2, 2, 0.7))
    caption, note = say("shared.moved.caption"), say.sentence("shared.moved.english")
    return [
        title,
        Paragraph(say.runs("shared.moved.told", version=version, rerun=rerun)),
        Table("table-moved", caption, head, rows, (note,) if note else ()),
    ]


def _plan(numbers: Numbers) -> list[Block]:
    say = numbers.say
    rows = tuple(
        row(place_words(path[1:]), _setting(say, path, value))
        for path, value in _leaves(numbers.at("plan"), ("plan",))
    )
    if not rows:
        return []
    labels = [say("shared.provenance.plan_line"), say("shared.provenance.plan_value")]
    caption = say("shared.provenance.plan_caption")
    return [
        heading(say, "plan", 2),
        Table("table-plan", caption, columns(labels, (1, 1)), rows),
    ]


def _leaves(thing: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(thing, list | tuple) and any(isinstance(each, Mapping) for each in thing):
        for at, value in enumerate(thing):
            yield from _leaves(value, (*path, at))
    elif thing is not None:
        yield path, thing


def place_words(path: Path) -> str:
    """Write a path for the reader, whatever signs its keys hold.

    Parameters
    ----------
    path : tuple of str or int
        Outermost first.

    Returns
    -------
    str
        Such as ``predictors[0].column``.
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def _setting(say: Say, path: Path, value: Any) -> Cell:
    return Cell(_setting_text(say, value), place_of(path))


def _setting_text(say: Say, value: Any) -> str:
    if isinstance(value, bool):
        return say("shared.yes" if value else "shared.no")
    if isinstance(value, list | tuple):
        parts = [_setting_text(say, each) for each in value]
        return say.sentence("shared.list.between").join(parts) or say("shared.provenance.empty")
    return str(value) if value != "" else say("shared.provenance.empty")


def _provenance_label(say: Say, path: Path) -> str:
    key = f"shared.provenance.{path[0]}" if path else ""
    if key not in say:
        return place_words(path)
    return say(key, name=place_words(path[1:]))


def checklists(numbers: Numbers, names: Sequence[str] | None = None) -> list[Block]:
    """Fill the reporting checklists that this kind of result calls for.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    names : sequence of str, optional
        Which; by default those of its kind.

    Returns
    -------
    list of Block
        Empty where none applies.
    """
    document, say = numbers.document, numbers.say
    chosen = checklists_for(document) if names is None else tuple(names)
    if not chosen:
        return []
    filled = [checklist(name, document, say.language) for name in chosen]
    return [
        heading(say, "checklists"),
        Paragraph(say.runs("shared.checklist.intro")),
        *filled,
    ]
