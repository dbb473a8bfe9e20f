"""A sound resource in, items of the ward out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from cartwheel.serve.fhir.context import FhirContext
from cartwheel.serve.fhir.deeds import deed_items
from cartwheel.serve.fhir.json_text import Resource
from cartwheel.serve.fhir.observations import observation_items
from cartwheel.serve.fhir.people import encounter_items, patient_items
from cartwheel.watch.intake import Arrived, Identifiers, Item, Person
from cartwheel.watch.observation import Observation

_Reader: TypeAlias = Callable[[Resource, FhirContext], Iterator[Item]]

_READERS: Mapping[str, _Reader] = {
    "Observation": observation_items,
    "Patient": patient_items,
    "Encounter": encounter_items,
    "Procedure": deed_items,
    "MedicationAdministration": deed_items,
    "DeviceUseStatement": deed_items,
}
# who somebody is, and that he is here, is known before his values
_FIRST = {"Patient": 0, "Encounter": 1}


def items_of(resource: Resource, context: FhirContext) -> tuple[Item, ...]:
    """Read what a resource brings.

    Parameters
    ----------
    resource : mapping
        A sound one, with its id: see `checking.check`.
    context : FhirContext
        Of the sender.

    Returns
    -------
    tuple of Item
        Empty for a Device: it is only referred to.
    """
    reader = _READERS.get(str(resource.get("resourceType")))
    return tuple(reader(resource, context)) if reader is not None else ()


def items_of_each(
    resources: Sequence[Resource], context: FhirContext
) -> tuple[tuple[Item, ...], ...]:
    """Read what each of several resources brings that came together.

    Parameters
    ----------
    resources : sequence of mapping
        Sound ones, with their ids.
    context : FhirContext
        With what each may refer to.

    Returns
    -------
    tuple of tuple of Item
        In the order of the resources.
    """
    return tuple(items_of(one, context) for one in resources)


def people_first(
    resources: Sequence[Resource], items: Sequence[Sequence[Item]]
) -> tuple[Item, ...]:
    """Put what is said of people before their values.

    Parameters
    ----------
    resources : sequence of mapping
        That came together.
    items : sequence of sequence of Item
        Of each.

    Returns
    -------
    tuple of Item
    """
    pairs = zip(resources, items, strict=True)
    ordered = sorted(pairs, key=lambda one: _FIRST.get(str(one[0].get("resourceType")), 2))
    return tuple(item for _, each in ordered for item in each)


def with_withdrawals(
    items: Sequence[Item], before: Sequence[Item], issued: datetime | None = None
) -> tuple[Item, ...]:
    """Take back what an earlier version of a resource said and this one says no more.

    Parameters
    ----------
    items : sequence of Item
        Of the new version.
    before : sequence of Item
        Of the last one.
    issued : datetime, optional
        When the new version was given out; that of its values where it is not said.

    Returns
    -------
    tuple of Item
        First what is withdrawn: a value that now belongs to another patient, a component that is
        gone, a discharge that did not take place. Then `items`.
    """
    now = {_place(one) for one in items if isinstance(one, Arrived)}
    if issued is None:
        several = (one.observation.issued_at for one in items if isinstance(one, Arrived))
        issued = next(several, None)
    gone = [
        replace(one, observation=_withdrawn(one.observation, issued))
        for one in before
        if isinstance(one, Arrived)
        and one.observation.status != "withdrawn"
        and _place(one) not in now
    ]
    return (*gone, *items)


def still_here(items: Sequence[Item], before: Sequence[Item]) -> tuple[Item, ...]:
    """Let nobody leave by a stay that was not the one he is here by.

    Parameters
    ----------
    items : sequence of Item
        Of the new version.
    before : sequence of Item
        Of the last one; empty where there is none.

    Returns
    -------
    tuple of Item
        An old stay that is read for the first time, or corrected after its end, does not end the
        present one: only a stay that was said to last does.
    """
    lasted = any(isinstance(one, Person) and one.place == "here" for one in before)
    return tuple(
        replace(one, place=None)
        if isinstance(one, Person) and one.place == "left" and not lasted
        else one
        for one in items
    )


def _place(one: Arrived) -> tuple[Identifiers, str]:
    return one.identifiers, one.observation.source


def _withdrawn(one: Observation, issued: datetime | None) -> Observation:
    # just before: what is said anew counts, also when it is read again
    if issued is not None and (one.issued_at is None or one.issued_at < issued):
        issued -= timedelta(microseconds=1)
    return replace(
        one, value=None, unit="", limit="", status="withdrawn", ends_at=None, issued_at=issued
    )
