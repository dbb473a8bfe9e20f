"""The page of a validation, drawn from its JSON alone."""

from cartwheel.report.validation.page import validation_report_html

__all__ = ["validation_report_html"]
