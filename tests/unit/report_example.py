"""Two invented results, one of each kind, as the JSON that the report is drawn from."""

from __future__ import annotations

from typing import Any

from report_example_imputation import imputed_example
from report_example_index import survival_index_example
from report_example_points import binary_points_example

from cartwheel.canonical import plain


def documents() -> dict[str, dict[str, Any]]:
    """Both examples as their JSON reads back."""
    return {
        "points": plain(binary_points_example()),
        "index": plain(imputed_example(survival_index_example())),
    }
