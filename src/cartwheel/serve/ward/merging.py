"""Two records of one person become one, and two again: by lines of the log, nothing overwritten.

The values of the record that is gone are given to the one that stays under sources of their own,
so that they can be told apart; a correction of one of them, by whichever record it comes, finds
it. Taken apart again, they are withdrawn there, and what was corrected meanwhile goes back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from cartwheel.serve.ward.turn import Grown, Turn
from cartwheel.watch.observation import Observation, supersedes

_MARKS = re.compile(r"(?:m\d+\.\d+>)+")


def source_at(turn: Turn, root: str, mark: str, source: str, grown: Grown) -> str:
    """Name the source of a value in the chart that it counts in.

    Parameters
    ----------
    turn : Turn
        Of the transaction.
    root : str
        Record that stays.
    mark : str
        What sources of the record by which the value came begin with there.
    source : str
        As the message has it.
    grown : Grown
        Counts.

    Returns
    -------
    str
        Of the record by which it came; of another one where that alone has a value of this source.
    """
    marks = turn.marks(root)
    own = mark + source
    if not marks:
        return own
    turn.ready(root, grown)
    chart = turn.chart(root)
    others = (other + source for other in ("", *marks))
    version = turn.following.version
    return next((one for one in (own, *others) if version(chart.episode, one)), own)


def without_marks(source: str) -> str:
    """Name a source as the message had it.

    Parameters
    ----------
    source : str
        In a chart.

    Returns
    -------
    str
    """
    return _MARKS.sub("", source, count=1) if source.startswith("m") else source


def merge(turn: Turn, into: str, gone: str, message: int, ordinal: int, grown: Grown) -> None:
    """Fold one record into another.

    Parameters
    ----------
    turn : Turn
        Of the transaction; both are locked.
    into, gone : str
        The record that stays; the other one.
    message, ordinal : int
        That says so; place of the item in it.
    grown : Grown
        Counts.
    """
    stays, _ = turn.root(into)
    goes, _ = turn.root(gone)
    if stays == goes:
        return
    mark = f"m{message}.{ordinal}>"
    turn.append(goes, ("merged", {"into": stays, "mark": mark}), grown, message)
    turn.append(stays, ("merge", {"gone": goes, "mark": mark}), grown, message)
    theirs, mine = turn.chart(goes).state, turn.chart(stays).state
    if theirs == "assigned" != mine or (theirs == "closed" and mine == "unassigned"):
        # who is on the ward is so by whichever record, and who has left comes back by none
        turn.append(stays, (theirs, {}), grown, message)
    for one in _in_order(_versions(turn, goes)):
        turn.append(stays, replace(one, patient=stays, source=mark + one.source), grown, message)
    turn.set_merged(goes, stays, mark)


def unmerge(turn: Turn, gone: str, message: int, grown: Grown) -> bool:
    """Take a record out of the one it was folded into.

    Parameters
    ----------
    turn : Turn
        Of the transaction; all are locked.
    gone : str
        The record.
    message : int
        That says so.
    grown : Grown
        Counts.

    Returns
    -------
    bool
        False where it was not folded into another one.
    """
    root, mark = turn.root(gone)
    if root == gone:
        return False
    turn.ready(root, grown)
    turn.ready(gone, grown)
    inside = _marked(turn, root, mark)
    passed = gone
    while (above := turn.rows[passed].merged_into) is not None:
        own = turn.root(above)[1]
        # there, sources begin with the marks of the way from the record up to it alone
        _withdraw(turn, above, mark.removeprefix(own), gone, message, grown)
        passed = above
    before = _versions(turn, gone)
    turn.set_merged(gone, None, "")
    turn.append(gone, ("unmerged", {"from": root}), grown, message)
    for source, one in sorted(inside.items()):
        back = replace(one, patient=gone, source=source)
        old = before.get(source)
        if old is None or supersedes(back, old):
            turn.append(gone, back, grown, message)
    return True


def item_text(known: Observation) -> str:
    """Write a value so that the same one of the same message is known again.

    Parameters
    ----------
    known : Observation
        From the message, or from the log.

    Returns
    -------
    str
    """
    plain = replace(known, patient="", source=without_marks(known.source))
    return json.dumps([str(getattr(plain, name)) for name in plain.__slots__])


def _withdraw(turn: Turn, patient: str, mark: str, gone: str, message: int, grown: Grown) -> None:
    turn.append(patient, ("unmerge", {"gone": gone, "mark": mark}), grown, message)
    marked = {mark + source: one for source, one in _marked(turn, patient, mark).items()}
    for one in _in_order(marked):
        if one.status != "withdrawn":
            taken = replace(one, value=None, status="withdrawn", issued_at=None)
            turn.append(patient, taken, grown, message)


def _marked(turn: Turn, patient: str, mark: str) -> dict[str, Observation]:
    return {
        source.removeprefix(mark): one
        for source, one in _versions(turn, patient).items()
        if source.startswith(mark)
    }


def _versions(turn: Turn, patient: str) -> Mapping[str, Observation]:
    chart = turn.chart(patient)
    return {} if chart.episode is None else turn.following.versions(chart.episode)


def _in_order(versions: Mapping[str, Observation]) -> list[Observation]:
    return sorted(versions.values(), key=lambda one: (one.taken_at, one.source))
