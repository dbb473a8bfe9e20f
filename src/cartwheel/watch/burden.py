"""What alerts cost and what they are worth: how many, how soon seen, what followed them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from scipy.special import gammaincinv

from cartwheel.errors import NotEstimable, PlanRefused, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import normal_quantile, wilson_interval
from cartwheel.stats.survival import kaplan_meier, survival_times
from cartwheel.watch.alert_rules import SEVERITIES, Severity
from cartwheel.watch.standing import AlertEvent

_CLUSTERED = "; several alerts of a patient count as independent, so that it is too narrow"
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """A step in the life of an alert, and when the ward was told.

    Parameters
    ----------
    patient : str
        The ward's own id.
    known_at : datetime
        UTC. Of the line of the log from which it followed.
    event : AlertEvent
        The step.
    """

    patient: str
    known_at: datetime
    event: AlertEvent


@dataclass(frozen=True, slots=True)
class Stay:
    """Time in which a patient was followed.

    Parameters
    ----------
    patient : str
        The ward's own id.
    begins, ends : datetime
        UTC; one who is still followed ends with the records.
    """

    patient: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Foretold:
    """What alerts are meant to foretell.

    Parameters
    ----------
    what : str
        For the reader, such as ``astct-crs at least 3``.
    within : timedelta
        How long after an alert it counts as foretold.
    first : mapping of str to datetime
        Patient to the moment at which it first was so, UTC; others never had it.
    """

    what: str
    within: timedelta
    first: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class BurdenRow:
    """The alerts of all rules, of one rule, or of one severity.

    Parameters
    ----------
    by : {"all", "rule", "severity"}
        What is counted together; a severity is the one with which an alert was raised.
    of : str
        Id of the rule, or the severity; empty for all.
    raised, patients : int
        Alerts, and patients who had one.
    late, withdrawn, unseen : int
        Raised by news about the past; withdrawn after a correction; ended or still open without
        anybody having acknowledged them.
    per_patient_day : Estimate
        Alerts raised for each day that a patient was followed.
    minutes_to_acknowledgement : Estimate
        Median; None where fewer than half were ever acknowledged.
    escalated : Estimate
        Share that went up because nobody answered.
    predictive_value : Estimate or None
        Share after which what they are meant to foretell followed; None where nothing is.
    already, unripe : int
        Left out of it: raised when it was so already; followed for too short a time to know.
    """

    by: Literal["all", "rule", "severity"]
    of: str
    raised: int
    patients: int
    late: int
    withdrawn: int
    unseen: int
    per_patient_day: Estimate
    minutes_to_acknowledgement: Estimate
    escalated: Estimate
    predictive_value: Estimate | None
    already: int
    unripe: int


@dataclass(frozen=True, slots=True)
class Burden:
    """What the alerts of a ward cost, and what they are worth.

    Parameters
    ----------
    patients : int
        Followed.
    patient_days : float
        Days followed, of all of them.
    outside : int
        Alerts raised while their patient was not followed; not counted anywhere else.
    foretold : str
        What alerts are meant to foretell, and within which time; empty where nothing is said.
    rows : tuple of BurdenRow
        All; each rule by its id; each severity, the lowest first.
    sensitivity : Estimate or None
        Share of patients in whom it came while they were followed who had had an alert within that
        time before.
    lead_hours : Estimate or None
        Median time from the first of those alerts to it.
    """

    patients: int
    patient_days: float
    outside: int
    foretold: str
    rows: tuple[BurdenRow, ...]
    sensitivity: Estimate | None
    lead_hours: Estimate | None


@dataclass(slots=True)
class _Life:
    """One alert from beginning to end."""

    patient: str
    rule: str
    severity: Severity
    raised_at: datetime
    late: bool
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    waiting: bool = True
    escalated: bool = False
    withdrawn: bool = False


def burden(
    told: Iterable[Told],
    stays: Sequence[Stay],
    foretold: Foretold | None = None,
    level: float = 0.95,
) -> Burden:
    """Measure what alerts cost and what they are worth.

    Parameters
    ----------
    told : iterable of Told
        In the order in which the ward was told.
    stays : sequence of Stay
        The time in which each patient was followed; several of a patient do not overlap.
    foretold : Foretold, optional
        What alerts are meant to foretell.
    level : float in (0, 1)
        Coverage of the intervals.

    Returns
    -------
    Burden

    Raises
    ------
    NotEstimable
        ``no_patient_days``; ``level``.
    PlanRefused
        ``stay_backwards``, ``stays_overlap``, ``foretold_within``, ``alert_not_raised``.

    Notes
    -----
    Alerts for each patient-day: Garwood's exact Poisson interval. Time to acknowledgement: median
    of the Kaplan-Meier curve from the moment of raising; an alert that ended unseen, or is open, is
    censored there. Shares: Wilson's interval. An alert counts as right where the event came after
    it and within the time given; it is left out where the event had been before, or where its
    patient was not followed long enough to know. Alerts of one patient are not independent, so that
    the intervals of rate and shares are too narrow; sensitivity and lead time count patients.

    References
    ----------
    Garwood F 1936, doi 10.1093/biomet/28.3-4.437. Wilson EB 1927,
    doi 10.1080/01621459.1927.10502953. Kaplan and Meier 1958, doi 10.1080/01621459.1958.10501452.
    """
    normal_quantile(level)  # refuses a level outside (0, 1)
    if foretold is not None and foretold.within <= timedelta():
        what = "how long an alert foretells has to be above 0"
        raise refuse(PlanRefused, "foretold_within", what, mend="give hours, such as 48")
    followed = _Followed(stays)
    lives = _lives(told)
    inside = [one for one in lives if followed.end_of(one.patient, one.raised_at) is not None]
    work = _Work(followed, foretold, level)
    rows = [work.row("all", "", inside)]
    for rule in sorted({one.rule for one in inside}):
        rows.append(work.row("rule", rule, [one for one in inside if one.rule == rule]))
    for severity in SEVERITIES:
        chosen = [one for one in inside if one.severity == severity]
        if chosen:
            rows.append(work.row("severity", severity, chosen))
    sensitivity, lead = work.foreseen(inside)
    said = "" if foretold is None else f"{foretold.what} within {foretold.within / _HOUR:g} h"
    return Burden(
        len(followed.stays), followed.days, len(lives) - len(inside), said, tuple(rows),
        sensitivity, lead,
    )  # fmt: skip


class _Followed:
    """When each patient was followed."""

    def __init__(self, stays: Sequence[Stay]) -> None:
        self.stays: dict[str, list[Stay]] = {}
        for one in sorted(stays, key=lambda stay: stay.begins):
            if one.ends < one.begins:
                mend = "exchange its two ends"
                raise refuse(
                    PlanRefused, "stay_backwards", "a stay ends before it begins", mend=mend
                )
            self.stays.setdefault(one.patient, []).append(one)
        for several in self.stays.values():
            if any(first.ends > second.begins for first, second in pairwise(several)):
                mend = "join the stays of a patient that overlap"
                raise refuse(PlanRefused, "stays_overlap", "a day would count twice", mend=mend)
        self.days = sum((one.ends - one.begins) / _DAY for one in stays)
        if not self.days > 0:
            mend = "give patients with values at more than one moment"
            raise refuse(
                NotEstimable, "no_patient_days", "nobody was followed for any time", mend=mend
            )

    def end_of(self, patient: str, moment: datetime) -> datetime | None:
        """Give when the stay ends in which a moment lies; None where it lies in none."""
        several = self.stays.get(patient, [])
        place = bisect_right(several, moment, key=lambda stay: stay.begins) - 1
        if place < 0 or several[place].ends < moment:
            return None
        return several[place].ends


def _lives(told: Iterable[Told]) -> list[_Life]:
    lives: dict[str, _Life] = {}
    for one in told:
        event = one.event
        if event.step == "raised":
            lives[event.alert] = _Life(
                one.patient, event.rule, event.severity, one.known_at, event.late
            )
            continue
        life = lives.get(event.alert)
        if life is None:
            mend = "give every event from the beginning, in the order of the log"
            what = "an alert goes on that was never raised"
            raise refuse(PlanRefused, "alert_not_raised", what, mend=mend)
        _lived(life, one)
    return list(lives.values())


def _lived(life: _Life, one: Told) -> None:
    match one.event.step:
        case "acknowledged":
            life.seen_at = life.seen_at or one.known_at
            life.waiting = False
        case "escalated":
            # one that had been seen speaks again because the patient is worse: nobody was slow
            life.escalated = life.escalated or life.waiting
            life.waiting = True
        case _:
            life.ended_at = one.known_at
            life.withdrawn = one.event.step == "withdrawn"


@dataclass(frozen=True, slots=True)
class _Work:
    followed: _Followed
    foretold: Foretold | None
    level: float

    def row(
        self, by: Literal["all", "rule", "severity"], of: str, lives: Sequence[_Life]
    ) -> BurdenRow:
        judged = [self._came_true(one) for one in lives]
        right, wrong = judged.count("right"), judged.count("wrong")
        value = None
        if self.foretold is not None:
            value = self._share(right, right + wrong, "share of alerts that came true", lives)
        return BurdenRow(
            by=by,
            of=of,
            raised=len(lives),
            patients=len({one.patient for one in lives}),
            late=sum(one.late for one in lives),
            withdrawn=sum(one.withdrawn for one in lives),
            unseen=sum(one.seen_at is None for one in lives),
            per_patient_day=self._rate(len(lives)),
            minutes_to_acknowledgement=self._waited(lives),
            escalated=self._share(
                sum(one.escalated for one in lives), len(lives), "share escalated", lives
            ),
            predictive_value=value,
            already=judged.count("already"),
            unripe=judged.count("unripe"),
        )

    def _rate(self, count: int) -> Estimate:
        days, tail = self.followed.days, (1.0 - self.level) / 2.0
        low = float(gammaincinv(count, tail)) / days if count else 0.0
        high = float(gammaincinv(count + 1, 1.0 - tail)) / days
        method = f"alerts by patient-days, Garwood's exact Poisson interval{_CLUSTERED}"
        patients = len(self.followed.stays)
        return Estimate(count / days, low, high, self.level, method, patients, count)

    def _share(self, count: int, n: int, what: str, lives: Sequence[_Life]) -> Estimate:
        if not n:
            return Estimate(None, method=f"{what}: there is none to count", n=0, events=0)
        low, high = wilson_interval(count, n, self.level)
        several = len({one.patient for one in lives}) < len(lives)
        method = f"{what}, Wilson's interval{_CLUSTERED if several else ''}"
        return Estimate(count / n, low, high, self.level, method, n, count)

    def _waited(self, lives: Sequence[_Life]) -> Estimate:
        if not lives:
            return Estimate(None, method="median time to acknowledgement: no alerts", n=0, events=0)
        minutes, seen = [], []
        for one in lives:
            stopped = one.seen_at or one.ended_at
            if stopped is None:
                stopped = self.followed.end_of(one.patient, one.raised_at) or one.raised_at
            minutes.append(max((stopped - one.raised_at) / _MINUTE, 0.0))
            seen.append(one.seen_at is not None)
        curve = kaplan_meier(
            survival_times(minutes, seen), level=self.level, interval="log-log"
        ).median
        method = (
            "minutes, Kaplan-Meier median, log-log interval (Brookmeyer-Crowley); alerts that "
            "ended unseen are censored there"
        )
        return Estimate(
            curve.value, curve.low, curve.high, curve.level, method, curve.n, curve.events
        )

    def _came_true(self, one: _Life) -> str:
        if self.foretold is None:
            return ""
        first, until = self.foretold.first.get(one.patient), one.raised_at + self.foretold.within
        if first is not None and first <= one.raised_at:
            return "already"
        # judged only where all of the time was seen, whatever followed: else the right ones outlive
        end = self.followed.end_of(one.patient, one.raised_at)
        if end is None or end < until:
            return "unripe"
        return "right" if first is not None and first <= until else "wrong"

    def foreseen(self, lives: Sequence[_Life]) -> tuple[Estimate | None, Estimate | None]:
        """Estimate how many were foreseen, and how long before."""
        foretold = self.foretold
        if foretold is None:
            return None, None
        earliest: dict[str, datetime] = {}
        for one in lives:
            first = foretold.first.get(one.patient)
            if first is None or not first - foretold.within <= one.raised_at < first:
                continue
            before = earliest.get(one.patient)
            earliest[one.patient] = min(one.raised_at, before) if before else one.raised_at
        had = [
            patient
            for patient, first in foretold.first.items()
            if self.followed.end_of(patient, first) is not None
        ]
        hours = [(foretold.first[one] - earliest[one]) / _HOUR for one in had if one in earliest]
        what = "share of patients with the event who had an alert before"
        return self._share(len(hours), len(had), what, ()), self._lead(hours)

    def _lead(self, hours: Sequence[float]) -> Estimate:
        if not hours:
            return Estimate(None, method="median lead time: no event was foreseen", n=0, events=0)
        found = kaplan_meier(
            survival_times(hours, [True] * len(hours)), level=self.level, interval="log-log"
        ).median
        method = "hours from the first alert to the event, median, log-log interval of its curve"
        return Estimate(
            found.value, found.low, found.high, found.level, method, found.n, found.events
        )
