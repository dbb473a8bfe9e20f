"""A score as one HTML file that computes by itself: no network, no build, no installation.

The page carries the score file as it is, and an engine that computes as `cartwheel.clinic.scoring`
does: decimals of 34 digits, so that points change at the printed cut-offs. Importing this package
imports neither Jinja2 nor matplotlib.
"""

from cartwheel.report.calculator.model import calculator_model
from cartwheel.report.calculator.page import calculator_page

__all__ = ["calculator_model", "calculator_page"]
