"""What all pages share: one environment of templates, and figures with words for every reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cartwheel.errors import FileRefused, refuse
from cartwheel.figures.numbers import sentence
from cartwheel.report import markup
from cartwheel.report.story import estimate_methods

PARTS = ("kind", "schema", "provenance", "plan", "result")
# in points: below this a figure is drawn for one column
_ONE_COLUMN = 320.0


def environment(**words: Any) -> Environment:
    """Make the templates ready, with what every page needs.

    Parameters
    ----------
    **words
        Further functions and tables for the templates.

    Returns
    -------
    Environment
        Escapes everything, and fails on a name that it does not know.
    """
    made = Environment(
        loader=PackageLoader("cartwheel.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=markup.number, limits=markup.limits, breakable=markup.breakable, sentence=sentence
    )
    made.globals.update(
        coverage=markup.coverage,
        estimate_methods=estimate_methods,
        asked_of=referee_groups,
        **words,
    )
    return made


def whole(document: dict[str, Any], result: type[Any], job: tuple[str, str, str]) -> dict[str, Any]:
    """Refuse a document that is not, or not wholly, the JSON of a job.

    Parameters
    ----------
    document : dict
        As read.
    result : type
        Frozen type of its result; every field must be there.
    job : (str, str, str)
        Code of the refusal, name of the job, and the command that writes such a file.

    Returns
    -------
    dict
        The document.

    Raises
    ------
    FileRefused
        Naming what is absent.
    """
    code, name, command = job
    absent = [key for key in PARTS if key not in document]
    if not absent:
        absent = [
            f"result.{field.name}"
            for field in fields(result)
            if field.name not in document["result"]
        ]
    if absent:
        raise refuse(
            FileRefused,
            code,
            f"this is not the JSON of a {name}: it lacks {', '.join(absent)}",
            mend=f"give the file that 'cartwheel {command} --json' wrote",
        )
    return document


def drawn(
    svgs: Mapping[str, str], words: Callable[[str], tuple[str, str, str]]
) -> Callable[[str], Markup]:
    """Make the function by which templates place a figure.

    Parameters
    ----------
    svgs : mapping of str to str
        Name to ``<svg>`` element.
    words : function of str
        Title of the figure, its caption, and what is read to those who do not see it.

    Returns
    -------
    function of str
        Gives a ``<figure>``; nothing for a name without a drawing.
    """

    def figure(name: str) -> Markup:
        if name not in svgs:
            return Markup("")
        title, caption, heard = words(name)
        label = Markup('<svg role="img" aria-label="{}" ').format(heard)
        drawing = svgs[name].replace("<svg ", label, 1)
        width = re.search(r'width="([\d.]+)pt"', drawing)
        column = "single" if width and float(width[1]) < _ONE_COLUMN else "double"
        return Markup(
            '<figure id="figure-{}" class="{}"><div class="scroll">{}</div>'
            "<figcaption><b>{}</b> {}</figcaption></figure>"
        ).format(name.replace("_", "-"), column, Markup(drawing), title, caption)

    return figure


def referee_groups(referee: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Group the questions of an appraisal instrument by its domain.

    Parameters
    ----------
    referee : mapping
        A ``RefereeReport`` as JSON; ``domains`` is read.

    Returns
    -------
    list of (str, list of mapping)
        Instrument and domain, and its questions, in their order.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in referee["domains"]:
        groups.setdefault(f"{row['instrument']}, {row['domain']}", []).append(row)
    return list(groups.items())
