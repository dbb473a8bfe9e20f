"""What a rule is told of one patient at one moment: each input from the values that bear on it.

A value that is not known and not assumed in the ward file is left out, never taken as no. Where
values contradict each other by age alone, such as a flow from before the device was changed, the
newer one stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from cartwheel.clinic.charted import analyte
from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.series import EXACT
from cartwheel.clinic.toxicity.fever import FEVER
from cartwheel.clinic.toxicity.vocabulary import ICE_ITEMS
from cartwheel.units import Quantity
from cartwheel.watch.observation import Observation
from cartwheel.watch.targets import shown
from cartwheel.watch.view import View

NONE_WORDS = frozenset({"none", "no", "nil", "0", ""})


class Beyond(NamedTuple):
    """A quantity beyond a limit of detection: it lies somewhere between two ends."""

    low: Quantity
    high: Quantity


class Fact(NamedTuple):
    """What is known of one input.

    Parameters
    ----------
    value : object
        As the rule takes it, or `Beyond`; can be hashed.
    source : Observation or None
        The value that it rests on; None where the ward file states it.
    assumed : str
        The word that the ward file assumes; empty for any other.
    note : str
        What the reader must know of how it was had.
    """

    value: object
    source: Observation | None
    assumed: str = ""
    note: str = ""


Told: TypeAlias = Iterable[tuple[str, Fact]]
Teller: TypeAlias = Callable[[View], Told]


def given(one: Observation) -> object:
    """Give a value as a rule takes it.

    Parameters
    ----------
    one : Observation
        The value.

    Returns
    -------
    Quantity, Decimal, bool, str, tuple of str or Beyond
    """
    value = one.value
    if not isinstance(value, Decimal):
        return value
    if one.limit:
        return beyond(one.name, value, one.unit, one.limit) or f"{one.limit}{value} {one.unit}"
    return Quantity(value, one.unit) if one.unit else value


def beyond(name: str, value: Decimal, unit: str, limit: str) -> Beyond | None:
    """Give the ends between which a value beyond a limit of detection lies.

    Parameters
    ----------
    name : str
        Of the input.
    value : Decimal
        The limit.
    unit : str
        Its unit, the canonical one.
    limit : {"<", ">"}
        The side.

    Returns
    -------
    Beyond or None
        None where the other end is not known.
    """
    known = variables().get(analyte(name))
    if known is None or known.unit != unit:
        return None
    # a cut-off at the limit itself is decided by the sign, so the near end lies beside the limit
    if limit == "<":
        far = Decimal(0) if known.low is None else known.low
        near = max(far, EXACT.next_minus(value))
        return Beyond(Quantity(far, unit), Quantity(near, unit))
    if known.high is None:
        return None
    near = min(known.high, EXACT.next_plus(value))
    return Beyond(Quantity(near, unit), Quantity(known.high, unit))


def stated(view: View, name: str) -> Fact | None:
    """Give what the ward file states of an input that nobody charted.

    Parameters
    ----------
    view : View
        The patient at the moment.
    name : str
        Of the input.

    Returns
    -------
    Fact or None
        A limit of the laboratory, or an assumption. An assumption ends with the first value that
        says otherwise, also where that has become too old; that nobody died of something is not
        assumed of the dead.
    """
    policy = view.policy
    if name in policy.constants:
        return Fact(policy.constants[name], None)
    assumed = policy.assumed.get(name)
    if assumed is None:
        return None
    charted = view.last(name)
    if charted is not None and charted.value != assumed:
        return None
    if name.startswith("died_of_") and view.last("death") is not None:
        return None
    return assumed_fact(assumed)


@lru_cache(maxsize=1024, typed=True)
def assumed_fact(assumed: object) -> Fact:
    """Make a fact of what a ward file assumes.

    Parameters
    ----------
    assumed : object
        As kept.

    Returns
    -------
    Fact
        The same one every time.
    """
    return Fact(assumed, None, assumed=shown_assumed(assumed))


def shown_assumed(assumed: object) -> str:
    """Write an assumption as the ward file could write it.

    Parameters
    ----------
    assumed : object
        As kept.

    Returns
    -------
    str
    """
    return shown(assumed) if isinstance(assumed, bool | tuple | str) else str(assumed)


def plain_teller(name: str) -> Teller:
    """Tell an input by the last value of its name, or by what the ward file states.

    Parameters
    ----------
    name : str
        Of the input and of the observation.

    Returns
    -------
    callable
    """

    def tell(view: View) -> Told:
        one = view.latest(name)
        fact = stated(view, name) if one is None else Fact(given(one), one)
        return () if fact is None else ((name, fact),)

    return tell


_FEVER, _HYPOTENSION, _VASOPRESSORS = map(plain_teller, ("fever", "hypotension", "vasopressors"))
_DEVICE, _CAPD, _UNABLE = map(plain_teller, ("oxygen_device", "capd", "capd_unable"))
_LAST_DAY = plain_teller("last_follow_up_day")


def fever_beside_temperature(view: View) -> Told:
    """Tell fever only where the temperature itself is not known, and nothing newer was measured.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Yields
    ------
    pair of str and Fact
    """
    said, measured = view.last("fever"), view.last("temperature")
    is_newer = said is not None and (measured is None or said.taken_at >= measured.taken_at)
    # a temperature that is too old still outranks what was charted before it
    if measured is None or (view.latest("temperature") is None and is_newer):
        yield from _FEVER(view)


def fever_by_temperature(view: View) -> Told:
    """Tell fever for a rule that does not ask the temperature: the newer of the two decides.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Yields
    ------
    pair of str and Fact
    """
    said, measured = view.last("fever"), view.last("temperature")
    if measured is None or (said is not None and said.taken_at >= measured.taken_at):
        yield from _FEVER(view)
    elif measured is view.latest("temperature") and isinstance(measured.value, Decimal):
        hot = measured.value >= FEVER
        yield "fever", Fact(hot, measured, note="fever: taken from the temperature, >= 38.0 Cel")


def hypotension(view: View) -> Told:
    """Tell hypotension as charted, or by the ward's own limit; the newer of the two decides.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Yields
    ------
    pair of str and Fact
    """
    said, limit = view.last("hypotension"), view.policy.systolic_below
    pressure = None if limit is None else view.last("systolic_pressure")
    is_newer = said is not None and (pressure is None or said.taken_at >= pressure.taken_at)
    if limit is None or pressure is None or is_newer:
        yield from _HYPOTENSION(view)
    elif pressure is view.latest("systolic_pressure") and isinstance(pressure.value, Decimal):
        note = f"hypotension: by the ward's limit, systolic pressure below {limit} mm[Hg]"
        yield "hypotension", Fact(pressure.value < limit, pressure, note=note)


def vasopressors(view: View) -> Told:
    """Tell the vasopressors that run at the moment.

    ``none`` as a value says that all begun before have been stopped. Without any, there are none
    only where somebody said so lately or the ward file assumes it.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Yields
    ------
    pair of str and Fact
    """
    charted = view.observations("vasopressors")
    if not charted:
        yield from _VASOPRESSORS(view)
        return
    said_none = max((at for at, one in enumerate(charted) if is_none(one)), default=-1)
    begun = [one for one in charted[said_none + 1 :] if not is_none(one)]
    runs = set(map(id, view.running("vasopressors")))
    running = [one for one in begun if id(one) in runs]
    if running:
        agents = sorted({agent for one in running for agent in _agents(one)})
        yield "vasopressors", Fact(tuple(agents), running[-1])
        return
    if any(one.ends_at is None for one in begun):
        return  # begun, never stopped, and longer ago than the ward file lets it count
    last = charted[said_none] if said_none >= 0 else None
    if last is not None and last is view.latest("vasopressors"):
        yield "vasopressors", Fact((), last)
    elif view.policy.assumed.get("vasopressors") == ():
        yield "vasopressors", Fact((), None, assumed="none")


def is_none(one: Observation) -> bool:
    """Tell whether a treatment's value says that it was not given.

    Parameters
    ----------
    one : Observation
        Of a treatment.

    Returns
    -------
    bool
    """
    value = one.value
    if isinstance(value, str):
        return value.strip().casefold() in NONE_WORDS
    return value is False or value == ()


def _agents(one: Observation) -> tuple[str, ...]:
    if isinstance(one.value, tuple):
        return one.value
    return (str(one.value),)


def oxygen(view: View, asked: tuple[str, ...]) -> Told:
    """Tell the oxygen device, and flow and fraction that were measured on it.

    Parameters
    ----------
    view : View
        The patient at the moment.
    asked : tuple of str
        Which of device, flow and fraction the rule asks for.

    Yields
    ------
    pair of str and Fact
    """
    device = dict(_DEVICE(view)).get("oxygen_device")
    supports = []
    for name in asked[1:]:
        one = view.latest(name)
        if one is not None and (device is None or _on_device(view, one, device.source)):
            supports.append((name, Fact(given(one), one)))
    if device is not None and not (device.assumed and supports):
        yield "oxygen_device", device
    yield from supports


def _on_device(view: View, one: Observation, device: Observation | None) -> bool:
    """Whether a flow was measured since the device of now was put on."""
    if device is None or one.taken_at >= device.taken_at:
        return True
    before = view.last("oxygen_device", one.taken_at)
    since = view.between("oxygen_device", one.taken_at, device.taken_at)
    return before is not None and all(each.value == device.value for each in (before, *since))


def cognition(view: View) -> Told:
    """Tell ICE and CAPD: of a total and its items, of a score and "unable", the newer ones.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Yields
    ------
    pair of str and Fact
    """
    total, newest = view.latest("ice"), view.last("ice")
    items = [one for one in map(view.latest, ICE_ITEMS) if one is not None]
    if total is None and newest is not None:
        # a total that is too old still outranks the items before it
        items = [one for one in items if one.taken_at >= newest.taken_at]
    if total is not None and any(one.taken_at > total.taken_at for one in items):
        total = None
    if total is not None:
        items = [one for one in items if one.taken_at == total.taken_at]
        yield "ice", Fact(total.value, total)
    elif not items and (assumed := stated(view, "ice")) is not None:
        yield "ice", assumed
    for one in items:
        yield one.name, Fact(one.value, one)
    capd = dict(_CAPD(view)).get("capd")
    unable = dict(_UNABLE(view)).get("capd_unable")
    if capd is not None and unable is not None and unable.value is True:
        capd, unable = (None, unable) if _newer(unable, capd) else (capd, None)
    if capd is not None:
        yield "capd", Fact(capd.source.value if capd.source else capd.value, capd.source)
    if unable is not None:
        yield "capd_unable", unable


def _newer(one: Fact, other: Fact) -> bool:
    if one.source is None or other.source is None:
        return other.source is None
    return one.source.taken_at > other.source.taken_at


def last_follow_up(view: View) -> Told:
    """Tell the last day of observation: as charted, or the day of death.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Yields
    ------
    pair of str and Fact
    """
    died = view.last("death")
    day = None if died is None else view.day_of(died.taken_at)
    if died is not None and day is not None and day >= 0:
        yield "last_follow_up_day", Fact(Decimal(int(day)), died)
    else:
        yield from _LAST_DAY(view)
