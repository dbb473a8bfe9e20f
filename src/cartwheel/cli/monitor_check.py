"""``cartwheel monitor check``: what a ward file follows, in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cartwheel.cli.common import WIDTH
from cartwheel.clinic.loinc import loinc_codes
from cartwheel.errors import FileRefused, refuse
from cartwheel.watch.alert_kinds import Expected, Measured, Rising, singles
from cartwheel.watch.code_file import read_code_csv, read_code_toml
from cartwheel.watch.codes import SET_ASIDE
from cartwheel.watch.observation import MILESTONES, TREATMENTS
from cartwheel.watch.scores import ScoreTarget
from cartwheel.watch.ward import Ward
from cartwheel.workflows.monitor_open import open_ward, unbrought

_HOUR = timedelta(hours=1)
_OWN = ("crs_before",)


def show_ward(ward: Path, codes: Path | None) -> None:
    """Print what a ward file follows.

    Parameters
    ----------
    ward : Path
        The file.
    codes : Path or None
        The centre's table of codes.
    """
    print("\n".join(ward_lines(open_ward(ward), names_of_codes(codes), told=codes is not None)))


def names_of_codes(path: Path | None) -> frozenset[str]:
    """Read which names a centre's table of codes brings.

    Parameters
    ----------
    path : Path or None
        CSV, or TOML by its ending.

    Returns
    -------
    frozenset of str

    Raises
    ------
    FileRefused
        ``file_missing``, and what `read_code_csv` refuses.
    """
    if path is None:
        return frozenset()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise refuse(
            FileRefused, "file_missing", "there is no such table, or it is not text in UTF-8",
            where=path.name, mend="name the centre's CSV of codes, saved as UTF-8",
        ) from None  # fmt: skip
    table = read_code_toml(text) if path.suffix.lower() == ".toml" else read_code_csv(text)
    return frozenset(row.name for row in table.rows if row.name != SET_ASIDE)


def ward_lines(ward: Ward, brought: frozenset[str], *, told: bool) -> Iterator[str]:
    """Write what a ward follows.

    Parameters
    ----------
    ward : Ward
        As it was read.
    brought : frozenset of str
        Names that the centre's table of codes brings.
    told : bool
        Whether there was such a table.

    Yields
    ------
    str
        Lines of at most 80 columns.
    """
    yield f"{ward.ward} ({ward.time_zone})"
    for target in ward.targets:
        yield ""
        yield from _wrapped(f"{target.id} {target.version}, {target.kind}: {target.title}", "")
        yield from _wrapped(f"reads {', '.join(sorted(target.reads))}")
        if isinstance(target, ScoreTarget):
            yield from _settled(target)
    yield ""
    yield from _wrapped(f"a value counts for {_hours(ward.policy.default_age)}, but")
    by_age: dict[str, list[str]] = {}
    for name, age in ward.policy.max_age.items():
        if any(name in target.reads for target in ward.targets):
            by_age.setdefault("ever" if age is None else _hours(age), []).append(name)
    for said, several in by_age.items():
        yield from _wrapped(f"{', '.join(sorted(several))}: {said}", "    ")
    assumed = ", ".join(ward.policy.assumed)
    yield from _wrapped(f"taken for granted where nothing is charted: {assumed or 'nothing'}")
    yield from _wrapped(f"stated: {', '.join(ward.policy.constants) or 'nothing'}")
    yield ""
    for rule in ward.alerts:
        yield from _wrapped(f"alert {rule.id} ({rule.severity}): {rule.text}", "")
    if not ward.alerts:
        yield "no alerts"
    yield ""
    yield from _not_brought(ward, brought, told=told)


def _settled(target: ScoreTarget) -> Iterator[str]:
    chosen = dict(target.choices)
    for one in target.spec.parameters:
        option = chosen.get(one.name, one.default)
        label = next(each.label for each in one.options if each.name == option)
        how = "chosen" if one.name in chosen else "assumed: the publication does not say"
        yield from _wrapped(f"{one.name} = {option}: {one.label} {label} ({how})")


def _not_brought(ward: Ward, brought: frozenset[str], *, told: bool) -> Iterator[str]:
    by_loinc = {one.variable for one in loinc_codes().values()}
    known = {*by_loinc, *brought, *_OWN}
    lacking = unbrought(ward, known)
    names = {one for several in lacking.values() for one in several}
    names |= _names_of_alerts(ward) - {*known, *ward.policy.constants, *MILESTONES}
    taken = sorted(names & set(ward.policy.assumed))
    drugs = sorted(names & set(TREATMENTS) - set(taken))
    others = sorted(names - set(drugs) - set(taken))
    read = {one for target in ward.targets for one in target.reads}
    dates = sorted((read & set(MILESTONES)) - brought - {"discharge", "death"})
    table = "has no line for them" if told else "needs a line for each that is to come"
    if others:
        yield from _wrapped(f"no code of LOINC brings these; the table of codes {table}:", "")
        yield from _wrapped(", ".join(others))
    if drugs or dates:
        yield from _wrapped(f"drugs and procedures have no codes of ours; the table {table}:", "")
        yield from _wrapped(", ".join([*drugs, *dates]))
    if taken:
        said = "taken for granted, and without a line in the table nothing can say otherwise:"
        yield from _wrapped(said, "")
        yield from _wrapped(", ".join(taken))
    unknown = [(one.id, _unknown_markers(one)) for one in ward.targets]
    for target, markers in unknown:
        if markers:
            yield from _wrapped(f"{target}: nothing can bring {', '.join(markers)}", "")
    if not names and not dates and not any(markers for _, markers in unknown):
        yield "everything that is read can come in, or is stated"


def _names_of_alerts(ward: Ward) -> set[str]:
    return {
        single.name
        for rule in ward.alerts
        for single in singles(rule.condition)
        if isinstance(single, Measured | Rising | Expected)
    }


def _unknown_markers(target: object) -> tuple[str, ...]:
    model = getattr(target, "model", None)
    if model is None:
        return ()
    from cartwheel.workflows.monitor_models import unknown_markers

    return unknown_markers(model)


def _hours(age: timedelta) -> str:
    return f"{age / _HOUR:g} h"


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
