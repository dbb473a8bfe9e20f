"""The page of a meta-analysis: its JSON as one HTML file."""

from cartwheel.report.pooling.page import pool_report_html

__all__ = ["pool_report_html"]
