"""Oxygen devices: which device it can be, by its name and its flow."""

from __future__ import annotations

from decimal import Decimal

from cartwheel.clinic.toxicity.answers import Answers
from cartwheel.clinic.toxicity.vocabulary import DEVICES
from cartwheel.errors import CohortRefused, refuse

LOW_FLOW_LIMIT = Decimal(6)
AIR = Decimal(21)

EITHER_CANNULA = "nasal cannula"
LOW_FLOW = "low-flow nasal cannula"
HIGH_FLOW = "high-flow nasal cannula"
SETTLED_DEVICES = tuple(device for device in DEVICES if device != EITHER_CANNULA)
NONINVASIVE = ("CPAP", "BiPAP", "non-invasive ventilation")
VENTILATION = "mechanical ventilation"
POSITIVE_PRESSURE = (*NONINVASIVE, VENTILATION)


def devices_possible(answers: Answers) -> tuple[str, ...]:
    """List the devices that the chart leaves possible, each cannula by its flow.

    Parameters
    ----------
    answers : Answers
        With ``oxygen_device``, ``oxygen_flow`` and, where the rule asks it, ``fio2``.

    Returns
    -------
    tuple of str
        Of `SETTLED_DEVICES`; several where the device, or the flow of a cannula, is missing.

    Raises
    ------
    CohortRefused
        ``contradiction``: device, flow and inspired oxygen do not fit.

    Notes
    -----
    A nasal cannula is low-flow up to and including 6 L/min (ASTCT 2019).
    """
    device = answers.word("oxygen_device")
    flow, fio2 = answers.number("oxygen_flow"), answers.number("fio2")
    named = {None: SETTLED_DEVICES, EITHER_CANNULA: (LOW_FLOW, HIGH_FLOW)}.get(device, (device,))
    fitting = tuple(each for each in named if each and _fits(each, flow, fio2))
    if fitting:
        return fitting
    stated = [f"{flow} L/min"] if flow is not None else []
    stated += [f"FiO2 {fio2} %"] if fio2 is not None else []
    raise refuse(
        CohortRefused, "contradiction", f"{device} does not fit {' and '.join(stated)}",
        where="oxygen_device",
        mend="write 'nasal cannula' with its flow, or correct the device",
    )  # fmt: skip


def _fits(device: str, flow: Decimal | None, fio2: Decimal | None) -> bool:
    if device == "room air":
        return flow in (None, 0) and fio2 in (None, AIR)
    if flow is None or device in POSITIVE_PRESSURE:
        return True
    if device == LOW_FLOW:
        return 0 < flow <= LOW_FLOW_LIMIT
    if device == HIGH_FLOW:
        return flow > LOW_FLOW_LIMIT
    return flow > 0
