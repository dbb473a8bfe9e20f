"""Which numbers of a validation may not leave the centre, by the rule of the shared file.

The rule is that of ``cartwheel validate --share``, as far as the result alone can follow it: a
count is told where enough patients with, and without, the event stand behind it, and where no
smaller count follows from it and its neighbours. Curves of which every step is a patient cannot be
judged without the patients, and are withheld whole. Of two tables that by their counts could
divide the patients so that few lie between a group of one and a group of the other, the later is
withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.errors import CohortRefused, refuse
from cartwheel.report.paper.sharing_counts import Counts, ToldCounts, apart
from cartwheel.report.places import is_below, value_at
from cartwheel.report.words import Say
from cartwheel.validation.sharing.cells import withheld_rows

Json = Mapping[str, Any]
# of a score with at most so many values the patients at each could be solved for
FEW_VALUES = 50
_RANKING = ("auc", "harrell_c", "auc_at_horizon")
POOLED = (*_RANKING, "observed_expected", "calibration_slope")


def minimum_cell(document: Json) -> int:
    """Give the smallest count that may leave the centre.

    Parameters
    ----------
    document : mapping
        The JSON of a validation.

    Returns
    -------
    int
        As its plan says; 5 where it does not.
    """
    return int(value_at(document, "plan.sharing.minimum_cell") or 5)


def withheld_places(document: Json) -> frozenset[str]:
    """Choose the places of a validation that are not told outside its centre.

    Parameters
    ----------
    document : mapping
        The JSON of a validation.

    Returns
    -------
    frozenset of str
        Each with all that lies below it.

    Raises
    ------
    CohortRefused
        ``too_small_to_share`` where the patients with, or without, the event are fewer than the
        minimum cell.
    """
    cell = minimum_cell(document)
    patients, events = (
        int(value_at(document, f"result.outcome.{name}") or 0) for name in ("patients", "events")
    )
    if min(events, patients - events) < cell:
        raise refuse(
            CohortRefused,
            "too_small_to_share",
            f"fewer than {cell} patients with, or without, the event: every number would be about "
            "a few people",
            where="--share",
            mend="share no report, or wait for more patients",
        )
    found = {"result.outcome.follow_up", *flow_places(document, cell), *_competing(document, cell)}
    found |= {*_subgroups(document, cell), *_centres(document, cell), *_imputation(document, cell)}
    seen: set[str] = set()
    for at, score in enumerate(value_at(document, "result.scores") or ()):
        place, own = f"result.scores[{at}]", str(score.get("id"))
        found |= set(_score(place, score, cell))
        # bands of two versions of one score differ by a few patients: only the first are told
        if own in seen and score.get("bands"):
            found |= {f"{place}.bands", f"{place}.edges", f"{place}.band_tests"}
        seen.add(own)
    found |= set(_beside(document, found, (events, patients - events), cell))
    return frozenset(found | set(_solvable(document) if few_values(document) else ()))


def _beside(document: Json, withheld: set[str], everybody: Counts, cell: int) -> Iterator[str]:
    """Tables that tell too much beside those above: bands first, then subgroups, then centres."""
    told = ToldCounts(everybody, cell)
    for place, gone, rows in _tables(document):
        hidden = [is_below(f"{place}[{at}].patients", withheld) for at in range(len(rows))]
        left = [row for row, gone_row in zip(rows, hidden, strict=True) if not gone_row]
        if not left:
            continue
        # those that are withheld are known together
        lost = [row for row, gone_row in zip(rows, hidden, strict=True) if gone_row]
        if lost:
            left.append((sum(row[0] for row in lost), sum(row[1] for row in lost)))
        if told.allows(left):
            told.add(left)
        else:
            yield from gone


def _tables(document: Json) -> Iterator[tuple[str, tuple[str, ...], list[Counts]]]:
    """Place of each table of groups, what goes with it, and its counts."""
    for at, score in enumerate(value_at(document, "result.scores") or ()):
        place = f"result.scores[{at}]"
        gone = (f"{place}.bands", f"{place}.edges", f"{place}.band_tests")
        yield f"{place}.bands", gone, _counted(score.get("bands") or ())
    for at, subgroup in enumerate(value_at(document, "result.subgroups") or ()):
        place = f"result.subgroups[{at}].rows"
        yield place, (place,), _counted(subgroup["rows"])
    rows = value_at(document, "result.centres.rows") or ()
    parts = tuple(f"result.centres.{part}" for part in ("rows", "without", "updated"))
    yield parts[0], parts, _counted(rows)


def _counted(rows: Sequence[Json]) -> list[Counts]:
    return [(int(one["events"]), int(one["patients"] - one["events"])) for one in rows]


def few_values(document: Json) -> bool:
    """Say whether any score has so few values that counts could be solved for from its measures.

    Parameters
    ----------
    document : mapping
        The JSON of a validation.

    Returns
    -------
    bool
        Also where that cannot be told. Then all estimates are told to a whole standard error.
    """
    curves = [score.get("roc") for score in value_at(document, "result.scores") or ()]
    return any(curve is None or len(curve["thresholds"]) <= FEW_VALUES for curve in curves)


def _solvable(document: Json) -> Iterator[str]:
    """Whatever is one more equation beside discrimination, observed/expected and slope."""
    yield "result.updates"
    for at, score in enumerate(value_at(document, "result.scores") or ()):
        place = f"result.scores[{at}]"
        yield f"{place}.linear_predictor_sd"
        yield f"{place}.band_tests"
        for group in ("discrimination", "calibration", "overall"):
            for number, measure in enumerate(score.get(group) or ()):
                if measure["name"] not in POOLED or (group == "discrimination" and number):
                    yield f"{place}.{group}[{number}]"
    for part, key in (("comparisons", "measure"), ("imputation.measures", "name")):
        for at, each in enumerate(value_at(document, f"result.{part}") or ()):
            if each[key] not in POOLED:
                yield f"result.{part}[{at}]"
            # it is known more finely than the difference
            yield f"result.{part}[{at}].p_value"


def group_names(document: Json, say: Say) -> dict[str, str]:
    """Name groups without the words of the data: by the plan's names or cuts, else by number.

    Parameters
    ----------
    document : mapping
        The JSON of a validation.
    say : Say
        Words of the language.

    Returns
    -------
    dict of str to str
        Place of a group to its name.
    """
    names: dict[str, str] = {}
    asked = {each.get("column"): each for each in value_at(document, "plan.subgroups") or ()}
    for at, subgroup in enumerate(value_at(document, "result.subgroups") or ()):
        plan = asked.get(subgroup.get("column")) or {}
        for number, one in enumerate(subgroup.get("rows") or ()):
            plain = say("validate.share.group", number=str(number + 1))
            own = str(one["group"]) if plan.get("cuts") else plain
            name = (plan.get("names") or {}).get(one["group"], own)
            names[f"result.subgroups[{at}].rows[{number}]"] = str(name)
    numbered = {
        one["group"]: place
        for place, one in enumerate(value_at(document, "result.centres.rows") or (), 1)
    }
    for part in ("rows", "without", "updated"):
        for at, one in enumerate(value_at(document, f"result.centres.{part}") or ()):
            told = say("validate.share.group", number=str(numbered.get(one["group"], at + 1)))
            names[f"result.centres.{part}[{at}]"] = told
    return names


def told_flow(steps: Sequence[Json], cell: int) -> list[int]:
    """Choose the steps of the flow between which enough patients were lost, or nobody was.

    Parameters
    ----------
    steps : sequence of mapping
        ``FlowStep`` as JSON.
    cell : int
        Smallest count that is told.

    Returns
    -------
    list of int
        Positions, rising; the last step is always among them.
    """
    told: list[int] = []
    for at in range(len(steps) - 1, -1, -1):
        if not told or _apart(steps[at], steps[told[0]], cell):
            told.insert(0, at)
    return told


def _apart(before: Json, after: Json, cell: int) -> bool:
    first, second = _counted((before, after))
    return apart(first, second, cell)


def flow_places(document: Json, cell: int) -> Iterator[str]:
    """Name the counts of the flow that are not told.

    Parameters
    ----------
    document : mapping
        The JSON of a validation or a development.
    cell : int
        Smallest count that is told.

    Yields
    ------
    str
        Places.
    """
    steps = value_at(document, "result.flow") or []
    told = told_flow(steps, cell)
    for at in range(len(steps)):
        counts = ("patients", "events") if at not in told else ()
        # what a step lost follows from its neighbour, where that is not told
        lost = at not in told or (at > 0 and at - 1 not in told)
        for name in (*counts, *(("excluded", "excluded_events") if lost else ())):
            yield f"result.flow[{at}].{name}"


def _competing(document: Json, cell: int) -> Iterator[str]:
    competing = value_at(document, "result.competing_events")
    if competing is None:
        return
    outcome = value_at(document, "result.outcome")
    neither = outcome["patients"] - outcome["events"] - competing
    if min(competing, neither) < cell:
        yield "result.competing_events"


def _score(place: str, score: Json, cell: int) -> Iterator[str]:
    yield f"{place}.value"
    for name, count in (("columns", "missing"), ("refusals", "patients")):
        counts = [each.get(count, 0) for each in score.get(name) or ()]
        # one small count may follow from the others and the flow: all go with it
        if any(0 < each < cell for each in counts):
            yield from (f"{place}.{name}[{at}].{count}" for at, each in enumerate(counts) if each)
    yield from _bands(place, score, cell)


def _bands(place: str, score: Json, cell: int) -> Iterator[str]:
    bands = score.get("bands") or []
    hidden = withheld_bands(bands, cell)
    for at in hidden:
        for name in ("patients", "events", "observed", "predicted", "difference"):
            yield f"{place}.bands[{at}].{name}"
    if hidden:
        # with the other counts a statistic, or its p, can be solved for those withheld
        yield f"{place}.band_tests"
    names = [band["band"] for band in bands]
    for at, edge in enumerate(score.get("edges") or ()):
        positive = {names.index(name) for name in edge["positive"] if name in names}
        # the edge tells sums over either side: no side may hold a part of what is withheld
        if hidden & positive and hidden - positive:
            for name in ("sensitivity", "specificity", "ppv", "npv"):
                yield f"{place}.edges[{at}].{name}"


def withheld_bands(bands: Sequence[Json], cell: int) -> set[int]:
    """Choose the bands whose counts are not told.

    Parameters
    ----------
    bands : sequence of mapping
        ``BandRow`` as JSON.
    cell : int
        Smallest count that is told.

    Returns
    -------
    set of int
    """
    return withheld_rows([(one["events"], one["patients"] - one["events"]) for one in bands], cell)


def _groups(rows: Sequence[Json], cell: int) -> set[int]:
    counts = [(one["events"], one["patients"] - one["events"]) for one in rows]
    return withheld_rows(counts, cell, [at for at, one in enumerate(rows) if one["withheld"]])


def _subgroups(document: Json, cell: int) -> Iterator[str]:
    seen: set[str] = set()
    for at, subgroup in enumerate(value_at(document, "result.subgroups") or ()):
        rows = range(len(subgroup["rows"]))
        # two divisions by one column tell who lies between their edges: only the first is told
        again = str(subgroup.get("column")) in seen
        for row in rows if again else _groups(subgroup["rows"], cell):
            yield f"result.subgroups[{at}].rows[{row}]"
        seen.add(str(subgroup.get("column")))


def _centres(document: Json, cell: int) -> Iterator[str]:
    rows = value_at(document, "result.centres.rows") or []
    small = {rows[at]["group"] for at in _groups(rows, cell)}
    for part in ("rows", "without", "updated"):
        for at, one in enumerate(value_at(document, f"result.centres.{part}") or ()):
            if one["group"] in small:
                yield f"result.centres.{part}[{at}]"


def _imputation(document: Json, cell: int) -> Iterator[str]:
    found = value_at(document, "result.imputation")
    if not found:
        return
    before = {"patients": found["patients"], "events": found["events"]}
    after = {"patients": found["complete_patients"], "events": found["complete_events"]}
    if not _apart(before, after, cell):
        yield from ("result.imputation.patients", "result.imputation.events")
    inputs = found.get("inputs") or []
    if any(0 < each["missing"] < cell for each in inputs):
        for at in range(len(inputs)):
            yield f"result.imputation.inputs[{at}].missing"
            yield f"result.imputation.inputs[{at}].percent"
