"""What is wrong with rows, and what their reader must know: collected, then said all at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from cartwheel.errors import Problem
from cartwheel.note import Note


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about one row that does not keep it from being pooled.

    Parameters
    ----------
    code, severity : str
        As of a note.
    where : str
        The row.
    text : str
        About this row; no sentence of its own, it follows the row's name.
    """

    code: str
    severity: str
    where: str
    text: str


@dataclass(slots=True)
class RowFindings:
    """Faults and flags of one row, collected while it is read.

    Parameters
    ----------
    where : str
        How the row is named: ``row 12 (Dean 2020)``.
    faults : list of Problem
        Each of them keeps the row from being pooled.
    flags : list of Flag
        The others.
    """

    where: str
    faults: list[Problem] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)

    def fault(self, code: str, what: str, mend: str = "") -> None:
        """Add a fault of this row.

        Parameters
        ----------
        code, what, mend : str
            As of a problem.
        """
        self.faults.append(Problem(code, what, self.where, mend))

    def flag(self, code: str, text: str, severity: str = "caution") -> None:
        """Add a remark about this row.

        Parameters
        ----------
        code, text, severity : str
            As of a note.
        """
        self.flags.append(Flag(code, severity, self.where, text))


# code -> what is said before the rows are named
HEADLINES = {
    "asymmetric_interval": "Estimate off the middle of its interval by more than the printed digits"
    " can explain (another scale, a profile or bootstrap interval, or a misprint)",
    "slightly_asymmetric": "Estimate a little off the middle of its interval",
    "imprecise_interval": "So few digits are printed that the standard error is uncertain",
    "p_disagrees": "The printed p-value disagrees more than twofold, in the standard error that it "
    "implies, with what stands beside it; the p-value was not used",
    "inverted": "Turned round, as the comparison says: 1/estimate, 1/upper and 1/lower limit",
    "implausible_size": "So large an effect, and so precise, is seldom true: look for a lost "
    "decimal mark",
    "counts_disagree": "The printed effect says the opposite of the counts beside it (groups "
    "exchanged, or turned by adjustment?); the printed one was used",
    "below_half": "A C-statistic below 0.5 with its whole interval: the marker, or the outcome, "
    "may be turned round; it was pooled as printed",
    "direction_doubtful": "The table doubts the direction of this comparison; it was pooled as "
    "printed",
    "zero_cells": "A cell of zero: a constant was added for the row's own effect (Mantel-Haenszel, "
    "Peto and GLMM pool the counts without it)",
    "no_information": "No events, or nothing but events, in both groups: the row says nothing about"
    " a ratio",
    "percent_disagrees": "The printed percentage does not fit its counts; the counts were used",
    "counts_from_percent": "Events were computed from a printed percentage",
    "percent_count": "No whole number of patients gives the printed percentage (an estimate over "
    "time, or another number of patients?); the nearest was taken",
    "std_error_scale": "The standard error was taken to be that of the log ratio",
    "reconstructed": "The hazard ratio comes from curves read off a figure, not from the paper's "
    "patients",
    "subdistribution": "A subdistribution hazard ratio: not the same quantity as a cause-specific "
    "one",
    "meta_analysis_row": "Looks like the result of a meta-analysis: its studies may be in the table"
    " a second time",
    "own_result": "A development result, corrected for optimism, is not an external validation",
    "no_label": "No label is written; the row's number stands for it",
}


def notes_of_flags(flags: list[Flag]) -> tuple[Note, ...]:
    """Join the flags of one kind to one note that names every row.

    Parameters
    ----------
    flags : list of Flag
        In order of the rows.

    Returns
    -------
    tuple of Note
        In order of first appearance.
    """
    kinds: dict[tuple[str, str], list[Flag]] = {}
    for flag in flags:
        kinds.setdefault((flag.code, flag.severity), []).append(flag)
    notes = []
    for (code, severity), found in kinds.items():
        rows = "; ".join(
            f"{flag.where}: {flag.text}" if flag.text else flag.where for flag in found
        )
        head = HEADLINES.get(code, "")
        notes.append(Note(code, severity, f"{head}. {rows}." if head else f"{rows}."))
    return tuple(notes)
