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
