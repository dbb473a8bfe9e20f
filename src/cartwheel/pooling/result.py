"""What a meta-analysis found: numbers and words only, frozen, and all of them in the JSON."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.finding import RefereeReport
from cartwheel.note import Note
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_appraisal import Flow, Grade, Quality
from cartwheel.pooling.result_studies import LeftOut, Source, Study
from cartwheel.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Pool:
    """Everything ``cartwheel pool`` found.

    Parameters
    ----------
    title : str
        Given, or made from the outcomes.
    simulated : bool
        Whether any row comes from simulated data.
    studies : tuple of Study
        Every row, used or not.
    analyses : tuple of Analysis
        One for each group, outcome and measure with a row in use; a single study is told as such.
    quality : tuple of Quality
        Risk of bias; empty where the table has none.
    flow : Flow or None
        Of records.
    grades : tuple of Grade
        Empty where not asked.
    notes : tuple of Note
        About the table: overlap, inversion, rows left out. Cautions first.
    methods, results : tuple of str
        Paragraphs for a paper; they name and cite every choice.
    references : tuple of str
        What the paragraphs cite.
    r_script : str
        The same analysis in R (metafor).
    left_out : tuple of LeftOut
        Rows of the files that gave no study, with the reason.
    sources : tuple of Source
        Every file that was read, with its hash.
    """

    title: str
    simulated: bool
    studies: tuple[Study, ...]
    analyses: tuple[Analysis, ...]
    quality: tuple[Quality, ...]
    flow: Flow | None
    grades: tuple[Grade, ...]
    notes: tuple[Note, ...]
    methods: tuple[str, ...]
    results: tuple[str, ...]
    references: tuple[str, ...]
    r_script: str
    left_out: tuple[LeftOut, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolFile:
    """The JSON file: what it is, where it comes from, the plan it followed, and the result.

    Parameters
    ----------
    kind : str
        ``pool``.
    schema : str
        ``cartwheel/pool/1``.
    provenance : Provenance
        Software, data, plan and seed.
    plan : dict
        Every option, defaults included.
    result : Pool
        What was found.
    referee : RefereeReport or None
        What a reviewer will ask; None in a file of an older version.
    """

    kind: str
    schema: str
    provenance: Provenance
    plan: dict[str, object]
    result: Pool
    referee: RefereeReport | None = None
