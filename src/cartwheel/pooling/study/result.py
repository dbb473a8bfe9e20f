"""What reading the study table gives: studies, findings about them, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.clinic.reading import RawTable
from cartwheel.note import Note
from cartwheel.pooling.result_studies import LeftOut as LeftOut, Source as Source, Study


@dataclass(frozen=True, slots=True)
class Overlap:
    """Rows of one pool that are suspected of holding the same patients.

    Parameters
    ----------
    positions : tuple of int
        Places in ``StudyTable.studies``, from 0, in order of the file; two or more.
    rows : tuple of int
        Their rows in the file.
    kind : str
        ``same_label`` (one study twice in a pool), ``noted`` (the overlap note says so),
        ``same_numbers`` (the same digits under different labels), or ``same_source`` (one DOI,
        different labels: perhaps separate cohorts of one paper).
    text : str
        The suspicion as a sentence.
    """

    positions: tuple[int, ...]
    rows: tuple[int, ...]
    kind: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class StudyTable:
    """Every row as a study, what was found about them, and the files.

    Parameters
    ----------
    studies : tuple of Study
        Every row with an effect, used or not, in order of the files.
    notes : tuple of Note
        Cautions first.
    overlaps : tuple of Overlap
        Suspected shared patients among the rows that are used, pool by pool.
    left_out : tuple of LeftOut
        Rows that gave no study.
    sources : tuple of Source
        Files, in the order given.
    tables : tuple of RawTable
        The tables as read (for the risk-of-bias columns).
    simulated : bool
        Whether a file, or the plan, says that rows are simulated.
    """

    studies: tuple[Study, ...]
    notes: tuple[Note, ...]
    overlaps: tuple[Overlap, ...]
    left_out: tuple[LeftOut, ...]
    sources: tuple[Source, ...]
    tables: tuple[RawTable, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class ResultRows:
    """What a result file of ours gives.

    Parameters
    ----------
    studies : tuple of Study
        Discrimination, observed/expected and calibration slope, where they have an interval.
    left_out : tuple of LeftOut
        Measures without one.
    notes : tuple of Note
        What these rows are not.
    source : Source
        The file.
    simulated : bool
        As the file says.
    data_sha256 : str
        Of the patients behind it; empty where the file does not say.
    versions : tuple of (str, str)
        Version and hash of the score file behind each study; empty where the file does not say.
    moment : str
        When risk was read, such as ``at 12 months``; empty for a binary outcome from day 0.
    """

    studies: tuple[Study, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[Note, ...]
    source: Source
    simulated: bool
    data_sha256: str = ""
    versions: tuple[tuple[str, str], ...] = ()
    moment: str = ""
