"""The grades of a chart by day and over days, by the rules as ``cartwheel grade`` applies them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.chart_times import Moment, moment_of_day
from cartwheel.clinic.grading import DAILY_RULES, grade_chart, is_series_rule
from cartwheel.clinic.toxicity.assessment import Grade, Rule
from cartwheel.clinic.toxicity.course import Course, Spell, course_of, spell_of
from cartwheel.clinic.toxicity.episode import TREATMENTS, astct_crs_by_day
from cartwheel.errors import Problem, Refused
from cartwheel.serve.charting.chart import TypedChart

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one cell, or with the day of a column.

    Parameters
    ----------
    name : str
        Of the input; ``day`` for the header of a column; empty where it is about no single cell.
    place : int
        Column; 0 for what is asked once.
    day : str
        As typed; empty for what is asked once.
    problem : Problem
        In the words of ``cartwheel grade``.
    """

    name: str
    place: int
    day: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class RuleGrades:
    """What one rule gives.

    Parameters
    ----------
    rule : Rule
        Which.
    by_day : tuple of (str, Grade)
        Of a rule that grades a day: every day on which something was charted.
    whole : Grade or None
        Of a rule that reads values over days.
    course : Course or None
        The days in order, where each is a whole day and stands once.
    spell : Spell or None
        When it was at or above grade 1.
    """

    rule: Rule
    by_day: tuple[tuple[str, Grade], ...] = ()
    whole: Grade | None = None
    course: Course | None = None
    spell: Spell | None = None

    @property
    def worst(self) -> str:
        """The worst grade in words; never "none" where days are open."""
        names = dict(self.rule.words)
        if self.whole is not None:
            return grade_words(self.whole, names)
        if self.course is None:
            return ""
        if self.course.maximum is not None:
            return names.get(self.course.maximum, f"grade {self.course.maximum}")
        low, high = self.course.maximum_lowest, self.course.maximum_highest
        return f"open: grade {low} to {high}"


@dataclass(frozen=True, slots=True)
class Charted:
    """A chart and its grades.

    Parameters
    ----------
    chart : TypedChart
        As typed.
    wrong : tuple of Wrong
        Beside the cells; a cell that is wrong counts as not charted.
    graded : tuple of RuleGrades
        Rules of which anything was charted.
    """

    chart: TypedChart
    wrong: tuple[Wrong, ...]
    graded: tuple[RuleGrades, ...]

    def wrong_with(self, name: str) -> tuple[Wrong, ...]:
        """Tell what is wrong with one input."""
        return tuple(one for one in self.wrong if one.name == name)

    def told_with(self, name: str) -> tuple[tuple[str, Problem], ...]:
        """Say each thing that is wrong with an input once, with the days that have it."""
        found: dict[tuple[str, str], tuple[list[str], Problem]] = {}
        for one in self.wrong_with(name):
            days, _ = found.setdefault((one.problem.code, one.problem.what), ([], one.problem))
            days.append(one.day)
        return tuple(
            (", ".join(day for day in days if day), problem) for days, problem in found.values()
        )

    def treated(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Treatments with the columns on which they were given."""
        return tuple(
            (line.label, tuple(i for i, value in enumerate(line.values) if value == "yes"))
            for line in self.chart.by_day
            if line.name in TREATMENTS and "yes" in line.values
        )


def grade_words(grade: Grade, names: Mapping[int, str]) -> str:
    """Write a grade, or the grades still possible.

    Parameters
    ----------
    grade : Grade
        Of a rule.
    names : mapping of int to str
        What the rule calls its grades.

    Returns
    -------
    str
        Such as ``grade 2``, or ``open: grade 1, grade 2 or grade 3``.
    """
    possible = [names.get(one, f"grade {one}") for one in grade.possible]
    if grade.grade is not None:
        return possible[0]
    return f"open: {', '.join(possible[:-1])} or {possible[-1]}"


def graded(chart: TypedChart) -> Charted:
    """Grade a chart.

    Parameters
    ----------
    chart : TypedChart
        As typed. A cell that is empty is unknown: never no, and never normal.

    Returns
    -------
    Charted
        CRS from day to day: what was given, and fever before, count on the days after, as
        ``cartwheel grade --by-day`` does it.
    """
    reading = _Reading(chart)
    found = [reading.grades(rule) for rule in chart.rules]
    return Charted(chart, tuple(reading.wrong), tuple(one for one in found if one is not None))


class _Reading:
    """The cells of a chart by day, and what is wrong with them."""

    def __init__(self, chart: TypedChart) -> None:
        self.chart = chart
        self.wrong: list[Wrong] = []
        self.once = {line.name: line.given(0) for line in chart.once if line.values[0]}
        self.cells: list[dict[str, object]] = [
            {line.name: line.given(place) for line in chart.by_day if line.values[place]}
            for place in range(len(chart.days))
        ]
        self.moments = self._moments()

    def grades(self, rule: Rule) -> RuleGrades | None:
        """Apply one rule; None where nothing that it asks for was charted."""
        if is_series_rule(rule):
            return self._over_days(rule)
        asked = {one.name for one in rule.inputs}
        asked_that_day = [asked.intersection(cells) for cells in self.cells]
        if not any(asked_that_day[place] for place in self.moments):
            return None
        constant = self._constant(rule)
        # a day of which only other things are charted is open, as in a file with a column of ages
        charts = {
            place: {name: self.cells[place][name] for name in asked_that_day[place]} | constant
            for place in self.moments
            if asked_that_day[place] or (constant and self.cells[place])
        }
        sound = {place: self._sound(rule, place, chart) for place, chart in charts.items()}
        days = {place: self.moments[place] for place in sound}
        found = self._by_day(rule, sound, days)
        course, spell = self._course(rule, found)
        told = tuple((self.chart.days[place], grade) for place, grade in found.items())
        return RuleGrades(rule, told, None, course, spell)

    def _by_day(
        self, rule: Rule, charts: Mapping[int, dict[str, object]], days: Mapping[int, Decimal]
    ) -> dict[int, Grade]:
        places = sorted(charts, key=lambda place: (days[place], place))
        whole = {int(days[place] // 1): place for place in places}
        if rule.id == "astct-crs" and len(whole) == len(places):
            carried = astct_crs_by_day({day: charts[place] for day, place in whole.items()})
            return {whole[day]: grade for day, grade in carried.items()}
        return {
            place: grade_chart(rule, charts[place], at=f"day {self.chart.days[place]}")
            for place in places
        }

    def _course(self, rule: Rule, found: Mapping[int, Grade]) -> tuple[Course | None, Spell | None]:
        """Join the days; the worst of several times on one day is that day's."""
        if rule.id not in DAILY_RULES:
            return None, None
        by_day: dict[int, Grade] = {}
        for place, grade in found.items():
            day = int(self.moments[place] // 1)
            before = by_day.get(day)
            if before is None or (grade.lowest, grade.highest) > (before.lowest, before.highest):
                by_day[day] = grade
        try:
            course = course_of(by_day)
        except Refused as refused:
            self._blame(refused, "", 0)
            return None, None
        return course, spell_of(course, 1)

    def _constant(self, rule: Rule) -> dict[str, object]:
        asked = {one.name for one in rule.inputs}
        return {name: value for name, value in self.once.items() if name in asked}

    def _sound(self, rule: Rule, place: int, chart: dict[str, object]) -> dict[str, object]:
        """Leave out of a day what the rule cannot read: it is unknown, and said to be wrong."""
        return self._tried(
            chart,
            lambda tried: grade_chart(rule, tried),
            lambda r, name: self._blame(r, name, place),
        )

    def _over_days(self, rule: Rule) -> RuleGrades | None:
        names = [one.name for one in rule.inputs if one.kind == "series"]
        chart: dict[str, object] = {}
        for name in names:
            pairs = self._pairs(rule, name)
            if pairs:
                chart[name] = pairs
        if not chart or (_is_late(rule) and max(self._days(names), default=0) <= 30):
            return None
        chart |= self._constant(rule)
        try:
            return RuleGrades(rule, whole=grade_chart(rule, chart))
        except Refused as refused:
            if _of_window(refused):
                return None
        sound = self._tried(
            chart, lambda tried: grade_chart(rule, tried), lambda r, name: self._blame(r, name, 0)
        )
        if not any(name in sound for name in names):
            return None
        return RuleGrades(rule, whole=grade_chart(rule, sound))

    def _pairs(self, rule: Rule, name: str) -> tuple[tuple[Decimal, object], ...]:
        """Values over days that can be read one by one."""
        pairs = []
        for place, cells in enumerate(self.cells):
            if name not in cells or place not in self.moments:
                continue
            pair = (self.moments[place], cells[name])
            try:
                grade_chart(rule, {name: (pair,)})
            except Refused as refused:
                if not _of_window(refused):
                    self._blame(refused, name, place)
                    continue
            pairs.append(pair)
        return tuple(pairs)

    def _days(self, names: list[str]) -> list[Decimal]:
        """Days on which any of some inputs was charted."""
        return [
            day for place, day in self.moments.items() if any(n in self.cells[place] for n in names)
        ]

    def _tried(
        self,
        chart: dict[str, object],
        apply: Callable[[dict[str, object]], object],
        blame: Callable[[Refused, str], None],
    ) -> dict[str, object]:
        left = dict(chart)
        for _ in range(len(chart) + 1):
            try:
                apply(left)
            except Refused as refused:
                named = {one.where for one in refused.problems if one.where in left}
                blame(refused, "")
                if not named:
                    return {}
                left = {name: value for name, value in left.items() if name not in named}
            else:
                return left
        return {}

    def _blame(self, refused: Refused, name: str, place: int) -> None:
        once = {line.name for line in self.chart.once}
        for problem in refused.problems:
            of = problem.where if self._known(problem.where) else name
            day = "" if of in once or not of else self.chart.days[place]
            told = Wrong(of, 0 if of in once else place, day, problem)
            if not any(
                (one.name, one.place, one.problem) == (told.name, told.place, problem)
                for one in self.wrong
            ):
                self.wrong.append(told)

    def _known(self, name: str) -> bool:
        return any(line.name == name for line in (*self.chart.by_day, *self.chart.once))

    def _moments(self) -> dict[int, Decimal]:
        """Day of each column; one without a day is wrong only where something stands in it."""
        found: dict[int, Decimal] = {}
        for place, text in enumerate(self.chart.days):
            told = moment_of_day(text) if text else None
            if isinstance(told, Moment) and told.day is not None:
                if told.day in found.values() and self.cells[place]:
                    what = "this day stands twice"
                    problem = Problem("two_rows", what, "day", "give the hour as a fraction: 2.5")
                    self.wrong.append(Wrong("day", place, text, problem))
                    continue
                found[place] = told.day
            elif self.cells[place]:
                mend = "write days after infusion as numbers: 0, 1, 2.5"
                absent = Problem("no_day", "a column has no day", "day", mend)
                found_wrong = told if isinstance(told, Problem) else absent
                self.wrong.append(Wrong("day", place, text, found_wrong))
        return found


def _is_late(rule: Rule) -> bool:
    """Whether the window of a rule opens after day 30: before, it has nothing to say."""
    return rule.id.endswith("-late")


def _of_window(refused: Refused) -> bool:
    """Whether all that is said is that nothing lies in the window of the rule."""
    return all(one.code == "window_empty" for one in refused.problems)
