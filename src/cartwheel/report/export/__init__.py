"""A score in the languages of others: a Python or R function, a spreadsheet, FHIR resources.

Each text stands alone, says which score it is, from which file and for what use, and carries the
worked examples as its own test. Only complete patients are scored: a missing value gives no number.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.report.export.fhir_text import fhir_text
from cartwheel.report.export.python_text import python_text
from cartwheel.report.export.r_text import r_text
from cartwheel.report.export.sheet_text import sheet_text

__all__ = ["EXPORTS", "fhir_text", "python_text", "r_text", "sheet_text"]

EXPORTS: Mapping[str, Callable[[ScoreSpec], str]] = MappingProxyType(
    {"python": python_text, "r": r_text, "excel": sheet_text, "fhir": fhir_text}
)
