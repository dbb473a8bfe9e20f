"""The pure step: an episode and one line of the log give the next episode and what follows.

No clock, no chance, no file: the same lines in the same order give the same episode, live or in a
replay. Values may come late, twice, corrected or withdrawn: what they touch is assessed again from
their moment on, and only what now differs from what was known for a moment is told.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from cartwheel.watch.alerts import Now, due, step
from cartwheel.watch.episode import Episode, Versions, answer_at, new_episode
from cartwheel.watch.moments import day_turns, moments, next_turn
from cartwheel.watch.observation import (
    MILESTONES,
    TREATMENTS,
    Acknowledgement,
    Entry,
    Observation,
    Stay,
    Tick,
    supersedes,
)
from cartwheel.watch.standing import AlertEvent, Changed, Event, Standing
from cartwheel.watch.stay import LEFT, gone
from cartwheel.watch.targets import Target
from cartwheel.watch.track import NO_TRACK, Track
from cartwheel.watch.view import View
from cartwheel.watch.ward import Ward

_VALUE_MAY_BE_NONE = frozenset((*MILESTONES, *TREATMENTS))
# by so much the list of the ward may run after the clock of who discharges
_LIST_RUNS_AFTER = timedelta(hours=1)


def advance(ward: Ward, episode: Episode, entry: Entry) -> tuple[Episode, tuple[Event, ...]]:
    """Take in one line of the log.

    Parameters
    ----------
    ward : Ward
        What is followed and how.
    episode : Episode
        The patient so far.
    entry : Entry
        The next line about the patient; whose record it was written to is not looked at.

    Returns
    -------
    pair of Episode and tuple of Event
        `Changed` in order of time and of the ward's targets, then what became of alerts. A repeat
        of what is known gives the same episode (the same object) and nothing else.

    Notes
    -----
    A target is assessed at every moment at which something it reads changes. An answer is told
    where it became another; one about a moment after which the target had been assessed already is
    told as late.
    """
    what = entry.what
    work = _Work(ward, episode)
    if isinstance(what, Observation):
        if not work.take(what):
            return episode, ()
        if what.name == "discharge":
            work.keep_here(entry.number)
    elif isinstance(what, Tick):
        work.pass_to(what.at)
    elif isinstance(what, Stay):
        work.stay(what, entry.number)
    changed = work.assess()
    acknowledged = what if isinstance(what, Acknowledgement) else None
    return work.finish(entry, changed, acknowledged)


def fold(
    ward: Ward, patient: str, entries: Iterable[Entry]
) -> tuple[Episode, tuple[tuple[int, Event], ...]]:
    """Take in every line about one patient, from the beginning.

    Parameters
    ----------
    ward : Ward
        What is followed and how.
    patient : str
        The ward's own id.
    entries : iterable of Entry
        In order of their numbers.

    Returns
    -------
    pair of Episode and tuple of (int, Event)
        The patient as he is known after the last line; each event with the number of its line.
    """
    episode, told = new_episode(patient), list[tuple[int, Event]]()
    for entry in entries:
        episode, events = advance(ward, episode, entry)
        told.extend((entry.number, event) for event in events)
    return episode, tuple(told)


class _Work:
    """One step while it is being made; what it began from is never touched."""

    __slots__ = ("answers", "episode", "gone", "here_since", "horizon", "left", "standings",
                 "starts", "touched", "tracks", "turns", "versions", "ward")  # fmt: skip

    def __init__(self, ward: Ward, episode: Episode) -> None:
        self.ward = ward
        self.episode = episode
        self.horizon = episode.horizon
        self.tracks: Mapping[str, Track] = episode.tracks
        self.versions: Versions = episode.versions
        self.turns: Mapping[str, datetime] = episode.turns
        self.answers: Mapping[str, tuple[Standing, ...]] = episode.answers
        self.standings: Mapping[str, Standing] = episode.standings
        self.here_since = episode.here_since
        # target -> moment from which it has to be assessed again
        self.starts: dict[str, datetime] = {}
        # from here on a value has come, gone or moved
        self.touched: datetime | None = None
        # a value has left its place: at that moment nothing may be known any more
        self.left = False
        # why nobody is told anything of him any more
        self.gone = ""

    def take(self, new: Observation) -> bool:
        """Put a value in its place; False where nothing is new."""
        source = new.source or f"{new.name} {new.taken_at.isoformat()}"
        old = self.versions.of(source)
        if old is not None and not supersedes(new, old):
            return False
        self.versions = self.versions.put(source, new)
        touched: dict[str, datetime] = {}
        if old is not None and _counts(old):
            self._set(old.name, self.tracks[old.name].without(old))
            touched[old.name] = old.taken_at
            self.left = True
        if _counts(new):
            self._set(new.name, self.tracks.get(new.name, NO_TRACK).put(new))
            before = touched.get(new.name)
            touched[new.name] = min(new.taken_at, before) if before else new.taken_at
            self.pass_to(new.taken_at)
        first = min(touched.values(), default=None)
        if first is not None and (self.touched is None or first < self.touched):
            self.touched = first
        for name, moment in touched.items():
            for target in self.ward.asking.get(name, ()):
                self._begin(target, moment)
        self._turn(tuple(self.tracks) if "death" in touched else touched)
        return True

    def stay(self, stay: Stay, number: int) -> None:
        """Take him onto the list of the ward, or off it; who had left is admitted by that."""
        if stay.folded:
            return
        self.here_since = stay.at if stay.here else None
        left = self._left_at()
        if stay.here and left is not None:
            self._admit(max(stay.at, left), number)

    def keep_here(self, number: int) -> None:
        """A discharge from before the ward took him is of an earlier stay: he has not left."""
        since, left = self.here_since, self._left_at()
        if since is not None and left is not None and since - left > _LIST_RUNS_AFTER:
            self._admit(since, number)

    def _left_at(self) -> datetime | None:
        at = self.horizon
        if at is None or gone(View(self.ward.policy, self.tracks, at)) != LEFT:
            return None
        return self.tracks["discharge"].times[-1]

    def _admit(self, at: datetime, number: int) -> None:
        patient, source = self.episode.patient, f"stay {number}"
        self.take(Observation(patient, "admission", at, None, source=source))

    def _set(self, name: str, track: Track) -> None:
        tracks = {**self.tracks, name: track}
        if not track.times:
            del tracks[name]
        self.tracks = tracks

    def _begin(self, target: Target, moment: datetime) -> None:
        known = self.starts.get(target.id)
        if known is None or moment < known:
            self.starts[target.id] = moment

    def pass_to(self, moment: datetime) -> None:
        """Let time pass: what changed by time alone on the way is assessed from there on."""
        before = self.horizon
        if before is not None and moment <= before:
            return
        self.horizon = moment
        if before is None:
            return
        due_at = self.episode.due_at
        if due_at is None or due_at > moment:
            return
        turned = [(name, turn) for name, turn in self.turns.items() if turn <= moment]
        for name, turn in turned:
            if name == "infusion":
                for target, day in day_turns(self.ward, self.tracks, before, moment):
                    self._begin(target, day)
                continue
            for target in self.ward.asking[name]:
                if name not in target.ageless or name in TREATMENTS:
                    self._begin(target, turn)
        self._turn(name for name, _ in turned)

    def _turn(self, names: Iterable[str]) -> None:
        """Work out anew when names change next by time alone."""
        if self.horizon is None:
            return
        turns = dict(self.turns)
        for name in names:
            turn = next_turn(self.ward, name, self.tracks, self.horizon)
            if turn is not None:
                turns[name] = turn
            else:
                turns.pop(name, None)
        self.turns = turns

    def assess(self) -> list[Changed]:
        """Assess every target that something touched, from there on."""
        if not self.starts or self.horizon is None:
            return []
        changed: list[Changed] = []
        answers, standings = dict(self.answers), dict(self.standings)
        for target in self.ward.targets:
            start = self.starts.get(target.id)
            if start is None:
                continue
            history, last = self._assessed(target, start)
            old = self.episode.answers.get(target.id, ())
            changed += self._changes(target, start, (old, history))
            if history is not old:
                answers[target.id] = history
            if last is not None:
                standings[target.id] = last
            else:
                standings.pop(target.id, None)
                answers.pop(target.id, None)
        self.answers, self.standings = answers, standings
        changed.sort(key=lambda one: one.at)
        return changed

    def _assessed(
        self, target: Target, start: datetime
    ) -> tuple[tuple[Standing, ...], Standing | None]:
        """Give the answers of a target, and the last assessment."""
        assert self.horizon is not None
        old = self.episode.answers.get(target.id, ())
        kept = old
        if old and old[-1].at >= start:
            kept = old[: len(old) - len(_from(old, start))]
        if start >= self.horizon and not self.left:
            # nearly every step: one moment, the last
            now = target.assess(View(self.ward.policy, self.tracks, start, kept))
            if now.same_answer(kept[-1] if kept else None):
                return kept, now
            return (*kept, now), now
        history = list(kept)
        last: Standing | None = None
        for moment in moments(self.ward, target, self.tracks, start, self.horizon):
            last = target.assess(View(self.ward.policy, self.tracks, moment, history))
            if not last.same_answer(history[-1] if history else None):
                history.append(last)
        if last is None:
            last = self._before(target, start, history)
        return (old if len(kept) == len(old) == len(history) else tuple(history)), last

    def _before(self, target: Target, start: datetime, history: list[Standing]) -> Standing | None:
        """Assess at the last moment before one at which nothing is known any more."""
        if not history:
            return None
        every = moments(self.ward, target, self.tracks, history[0].at, start)
        known = [moment for moment in every if moment < start]
        if not known:
            return None
        before = [one for one in history if one.at < known[-1]]
        return target.assess(View(self.ward.policy, self.tracks, known[-1], before))

    def _changes(
        self,
        target: Target,
        start: datetime,
        histories: tuple[tuple[Standing, ...], tuple[Standing, ...]],
    ) -> list[Changed]:
        """Compare what was known for each moment with what is known now."""
        old, new = histories
        if old is new:
            return []
        known, horizon = self.episode.standings.get(target.id), self.episode.horizon
        news = _from(new, start)
        previous = new[-len(news) - 1] if len(news) < len(new) else None
        found = []
        for moment in sorted({one.at for several in (_from(old, start), news) for one in several}):
            # nothing was known of a moment beyond the horizon: there each answer follows the last
            was_known = horizon is not None and moment <= horizon
            before = answer_at(old, moment) if was_known else previous
            after = answer_at(new, moment)
            if after is None:
                after = target.assess(View(self.ward.policy, self.tracks, moment))
            if not after.same_answer(before):
                late = known is not None and moment < known.at
                found.append(Changed(moment, before, after, late))
            previous = after
        return found

    def finish(
        self, entry: Entry, changed: list[Changed], acknowledged: Acknowledgement | None
    ) -> tuple[Episode, tuple[Event, ...]]:
        """Step the alerts, and put the new episode together."""
        alerts, told = self.episode.alerts, list[AlertEvent]()
        at = self.horizon or entry.known_at
        due_at = min(self.turns.values(), default=None)
        rules = self.ward.alerts
        if rules:
            self.gone = gone(View(self.ward.policy, self.tracks, at))
            if isinstance(entry.what, Stay) and not entry.what.here:
                self.gone = LEFT
            for past in self._pasts(at, changed):
                alerts, events = step(rules, alerts, self._now(entry, past, latest=False))
                told += events
            now = self._now(entry, at, latest=True, acknowledged=acknowledged)
            alerts, events = step(rules, alerts, now)
            told += events
            called = due(rules, alerts, now)
            if called is not None:
                due_at = called if due_at is None else min(due_at, called)
        made = Episode(
            self.episode.patient, self.horizon, self.tracks, self.versions, self.turns,
            self.answers, self.standings, alerts, due_at, self.here_since,
        )  # fmt: skip
        return made, (*changed, *told)

    def _pasts(self, at: datetime, changed: list[Changed]) -> list[datetime]:
        """List the moments before the last for which the alerts have to look again."""
        touched = self.touched
        if touched is None or touched >= at:
            return []
        found = {one.at for one in changed if one.late}
        # rules of values look where one was taken; an open alert, whether its ground still stands
        found.add(touched)
        for one in self.episode.alerts.open_alerts():
            found.update((one.at, one.held_at or one.at))
        return sorted(one for one in found if touched <= one < at)

    def _now(
        self,
        entry: Entry,
        at: datetime,
        *,
        latest: bool,
        acknowledged: Acknowledgement | None = None,
    ) -> Now:
        standings = self.standings
        if not latest:
            held = {name: answer_at(history, at) for name, history in self.answers.items()}
            standings = {name: one for name, one in held.items() if one is not None}
        return Now(
            patient=self.episode.patient,
            entry_number=entry.number,
            at=at,
            known_at=entry.known_at,
            latest=latest,
            standings=standings,
            view=View(self.ward.policy, self.tracks, at),
            acknowledgement=acknowledged,
            gone=self.gone,
        )


def _counts(one: Observation) -> bool:
    if one.status == "withdrawn":
        return False
    return one.value is not None or one.name in _VALUE_MAY_BE_NONE


def _from(history: tuple[Standing, ...], start: datetime) -> tuple[Standing, ...]:
    """Answers at or after a moment; nearly always the last or none."""
    if not history or history[-1].at < start:
        return ()
    return history[bisect_left(history, start, key=lambda one: one.at) :]
