"""Multiple myeloma at one assessment: what each class of the IMWG response asks of the chart."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.charted import Charted
from cartwheel.clinic.three_valued import Answer, compared, every, negated, some
from cartwheel.clinic.toxicity.assessment import Asked

IMWG_WORDS = (
    (0, "sCR"), (1, "CR"), (2, "VGPR"), (3, "PR"), (4, "MR"), (5, "SD"), (6, "PD"),
)  # fmt: skip
FOLLOWED_BY = ("serum", "urine", "serum and urine", "free light chains", "marrow")


def _quantity(name: str, label: str, unit: str, note: str = "") -> Asked:
    return Asked(name, label, "quantity", unit=unit, note=note)


def _at_three_times(name: str, label: str, unit: str) -> tuple[Asked, ...]:
    return (
        _quantity(name, f"{label}, now", unit),
        _quantity(f"{name}_baseline", f"{label}, before treatment", unit),
        _quantity(f"{name}_nadir", f"{label}, lowest so far", unit, "before today"),
    )


_MARROW = _at_three_times("marrow_plasma_cells", "Marrow plasma cells", "%")
IMWG_INPUTS: tuple[Asked, ...] = (
    Asked(
        "followed_by",
        "By what the disease is measurable",
        "choice",
        choices=FOLLOWED_BY,
        note="free light chains only where serum and urine are not measurable; marrow only where "
        "light chains are not either",
    ),
    *_at_three_times("serum_m_protein", "Serum M-protein", "g/L"),
    *_at_three_times("urine_m_protein", "Urine M-protein", "mg/(24.h)"),
    *_at_three_times("flc_difference", "Involved minus uninvolved free light chain", "mg/L"),
    *_MARROW,
    Asked("serum_immunofixation", "Serum immunofixation", "choice",
          choices=("negative", "positive")),
    Asked("urine_immunofixation", "Urine immunofixation", "choice",
          choices=("negative", "positive")),
    Asked("flc_ratio_normal", "Free light chain ratio normal", "yes_no"),
    Asked("clonal_marrow_cells", "Clonal cells in the marrow", "yes_no"),
    Asked("plasmacytomas", "Soft-tissue plasmacytomas", "choice",
          choices=("none ever", "gone", "half or smaller", "more than half"),
          note="now, against before treatment"),
    Asked("new_or_larger_lesions", "New lesions, or lesions grown", "yes_no"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Myeloma:
    """What holds at one assessment; None where the chart does not say.

    Parameters
    ----------
    progression, stringent, complete, very_good, partial, minimal : bool or None
        PD, sCR, CR, VGPR, PR, MR.
    shown : tuple of (name, value, unit)
        What was charted and read.
    asked : mapping of str to tuple of str
        By class, the inputs not charted that it asks for.
    by_other_marker : bool
        The disease is followed by light chains or marrow, not by M-protein.
    """

    progression: Answer
    stringent: Answer
    complete: Answer
    very_good: Answer
    partial: Answer
    minimal: Answer
    shown: tuple[tuple[str, str, str], ...]
    asked: Mapping[int, tuple[str, ...]]
    by_other_marker: bool

    def missing(self, possible: tuple[int, ...]) -> tuple[str, ...]:
        """Inputs not charted that decide between the classes still possible."""
        names = [name for code in possible for name in self.asked.get(code, ())]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Course:
    """One marker now, before treatment and at its lowest."""

    now: Decimal | None
    baseline: Decimal | None
    nadir: Decimal | None

    def down_by(self, percent: int) -> Answer:
        """Whether it fell by at least so many percent of the baseline."""
        if self.now is None or self.baseline is None or self.baseline == 0:
            return None
        return (self.baseline - self.now) * 100 >= percent * self.baseline

    def up_by_quarter(self, at_least: Decimal, *, strictly: bool = False) -> Answer:
        """Whether it rose from the nadir by a quarter, and by so much in absolute terms."""
        if self.now is None or self.nadir is None:
            return None
        rise = self.now - self.nadir
        enough = rise > at_least if strictly else rise >= at_least
        return enough and rise * 4 >= self.nadir

    def is_below(self, limit: int) -> Answer:
        return compared(operator.lt, self.now, Decimal(limit))

    @property
    def is_zero(self) -> Answer:
        return None if self.now is None else self.now == 0


def read_myeloma(charted: Charted) -> Myeloma:
    """Read an assessment and tell which classes hold.

    Parameters
    ----------
    charted : Charted
        Over `IMWG_INPUTS`; its problems are gathered, not raised.

    Returns
    -------
    Myeloma
    """
    read = _Reading(charted)
    complete = every(
        (
            read.word_is("serum_immunofixation", "negative"),
            read.word_is("urine_immunofixation", "negative"),
            read.plasmacytomas_are("none ever", "gone"),
            read.marrow.is_below(5),
            some((negated(read.followed("free light chains")), read.flags["flc_ratio_normal"])),
        )
    )
    stringent = every(
        (
            complete,
            read.flags["flc_ratio_normal"],
            negated(read.flags["clonal_marrow_cells"]),
        )
    )
    return Myeloma(
        progression=read.progression(),
        stringent=stringent,
        complete=complete,
        very_good=every((read.very_good(), read.plasmacytomas_at_least_halved())),
        partial=every((read.partial(), read.plasmacytomas_at_least_halved())),
        minimal=read.minimal(),
        shown=read.shown,
        asked=read.asked(),
        by_other_marker=read.words["followed_by"] in ("free light chains", "marrow"),
    )


class _Reading:
    """Every input of one assessment."""

    def __init__(self, charted: Charted) -> None:
        self.words = {
            asked.name: charted.choice(asked.name)
            for asked in IMWG_INPUTS
            if asked.kind == "choice"
        }
        self.flags = {
            asked.name: charted.yes_no(asked.name)
            for asked in IMWG_INPUTS
            if asked.kind == "yes_no"
        }
        self.values = {
            asked.name: charted.quantity(asked.name)
            for asked in IMWG_INPUTS
            if asked.kind == "quantity"
        }
        self.serum = self._course("serum_m_protein")
        self.urine = self._course("urine_m_protein")
        self.chains = self._course("flc_difference")
        self.marrow = self._course("marrow_plasma_cells")

    def _course(self, name: str) -> _Course:
        return _Course(
            self.values[name], self.values[f"{name}_baseline"], self.values[f"{name}_nadir"]
        )

    def followed(self, by: str) -> Answer:
        """Whether the disease is followed by this marker."""
        word = self.words["followed_by"]
        if word is None:
            return None
        return by in word.split(" and ")

    def word_is(self, name: str, word: str) -> Answer:
        """Whether an input is this word."""
        found = self.words[name]
        return None if found is None else found == word

    def plasmacytomas_are(self, *words: str) -> Answer:
        """Whether plasmacytomas are one of these."""
        found = self.words["plasmacytomas"]
        return None if found is None else found in words

    def plasmacytomas_at_least_halved(self) -> Answer:
        """Whether none is left, or none was, or they are half or smaller."""
        return self.plasmacytomas_are("none ever", "gone", "half or smaller")

    def progression(self) -> Answer:
        """Tell whether the disease progressed."""
        rise = Decimal(10) if (self.serum.nadir or Decimal(0)) >= 50 else Decimal(5)
        serum = self.serum.up_by_quarter(rise)
        if rise == 10 and self.serum.now is not None and self.serum.nadir is not None:
            serum = self.serum.now - self.serum.nadir >= rise
        by_marker = [
            every((self.followed("serum"), serum)),
            every((self.followed("urine"), self.urine.up_by_quarter(Decimal(200)))),
            every(
                (
                    self.followed("free light chains"),
                    self.chains.up_by_quarter(Decimal(100), strictly=True),
                )
            ),
        ]
        marrow = self.marrow.up_by_quarter(Decimal(10))
        only = self.followed("marrow")
        by_marker.append(marrow if marrow is not None else None if only is not False else False)
        return some((*by_marker, self.flags["new_or_larger_lesions"]))

    def very_good(self) -> Answer:
        """Tell whether M-protein is left on immunofixation only, or serum fell by 90 percent."""
        by_serum = some((negated(self.followed("serum")), self.serum.down_by(90)))
        fell = every((by_serum, self.urine.is_below(100)))
        m_protein = some((every((self.serum.is_zero, self.urine.is_zero)), fell))
        return self._by_marker(m_protein, False, False)

    def partial(self) -> Answer:
        """Tell whether the marker that the disease is followed by fell by half."""
        m_protein = every(
            (
                some((negated(self.followed("serum")), self.serum.down_by(50))),
                some((self.urine.down_by(90), self.urine.is_below(200))),
            )
        )
        big_enough = compared(operator.ge, self.marrow.baseline, Decimal(30))
        return self._by_marker(
            m_protein, self.chains.down_by(50), every((self.marrow.down_by(50), big_enough))
        )

    def minimal(self) -> Answer:
        """Tell whether M-protein fell by a quarter in serum and by half in urine."""
        m_protein = every(
            (
                some((negated(self.followed("serum")), self.serum.down_by(25))),
                some((negated(self.followed("urine")), self.urine.down_by(50))),
            )
        )
        return self._by_marker(m_protein, False, False)

    def _by_marker(self, m_protein: Answer, chains: Answer, marrow: Answer) -> Answer:
        """Choose the criterion by what the disease is followed by."""
        word = self.words["followed_by"]
        if word == "free light chains":
            return chains
        if word == "marrow":
            return marrow
        if word is not None:
            return m_protein
        answers = (m_protein, chains, marrow)
        return answers[0] if len(set(answers)) == 1 else None

    @property
    def shown(self) -> tuple[tuple[str, str, str], ...]:
        """What was charted, as read."""
        units = {asked.name: asked.unit for asked in IMWG_INPUTS}
        rows = [(name, word, "") for name, word in self.words.items() if word is not None]
        rows += [
            (name, "yes" if flag else "no", "")
            for name, flag in self.flags.items()
            if flag is not None
        ]
        rows += [
            (name, f"{value.normalize():f}", units[name])
            for name, value in self.values.items()
            if value is not None
        ]
        return tuple(rows)

    def asked(self) -> Mapping[int, tuple[str, ...]]:
        """List what is not charted, by the class that asks for it."""
        word = self.words["followed_by"]
        markers = {
            "serum": ("serum_m_protein", "urine_m_protein"),
            "urine": ("urine_m_protein",),
            "serum and urine": ("serum_m_protein", "urine_m_protein"),
            "free light chains": ("flc_difference",),
            "marrow": ("marrow_plasma_cells",),
            None: ("followed_by",),
        }[word]
        falls = [f"{name}{when}" for name in markers for when in ("", "_baseline")]
        rises = [f"{name}{when}" for name in markers for when in ("", "_nadir")]
        known = {**self.words, **self.flags, **self.values}
        asked = {
            0: ["flc_ratio_normal", "clonal_marrow_cells"],
            1: ["serum_immunofixation", "urine_immunofixation", "plasmacytomas",
                "marrow_plasma_cells"],
            2: ["serum_m_protein", "serum_m_protein_baseline", "urine_m_protein", "plasmacytomas"],
            3: [*falls, "plasmacytomas"],
            4: falls,
            6: [*rises, "new_or_larger_lesions"],
        }  # fmt: skip
        return {
            code: tuple(name for name in names if name in known and known[name] is None)
            or (("followed_by",) if word is None else ())
            for code, names in asked.items()
        }
