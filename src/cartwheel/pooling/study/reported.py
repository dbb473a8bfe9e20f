"""The estimate and interval that a row prints, wherever in the row they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cartwheel.pooling.study.printed import Printed
from cartwheel.pooling.study.row import Row

USUAL_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Reported:
    """What is printed about one effect.

    Parameters
    ----------
    estimate, low, high : Printed or None
        On the scale of the measure.
    level : float
        Coverage of the interval.
    level_said : bool
        Whether the table says it; else 95 % was taken.
    p : Printed or None
        p-value, or a bound of it.
    std_error : Printed or None
        From a column that does not say on which scale.
    on_scale : Printed or None
        Effect on the scale of analysis (yi, log HR).
    on_scale_error : Printed or None
        Its standard error.
    on_scale_variance : Printed or None
        Its variance.
    """

    estimate: Printed | None
    low: Printed | None
    high: Printed | None
    level: float
    level_said: bool
    p: Printed | None
    std_error: Printed | None
    on_scale: Printed | None
    on_scale_error: Printed | None
    on_scale_variance: Printed | None

    @property
    def whole_interval(self) -> bool:
        """Whether estimate and both limits are there."""
        return None not in (self.estimate, self.low, self.high)

    def text(self, measure: str) -> str:
        """Everything printed, in one line, digits as printed.

        Parameters
        ----------
        measure : str
            As of a ``Study``.
        """
        parts = []
        if self.estimate is not None:
            parts.append(f"{measure} {self.estimate.text}")
        elif self.on_scale is not None:
            parts.append(f"{measure} on its analysis scale {self.on_scale.text}")
        if self.low is not None and self.high is not None:
            level = "" if self.level == USUAL_LEVEL else f"{100.0 * self.level:g}% CI "
            parts.append(f"({level}{_range(self.low.text, self.high.text)})")
        said = " ".join(parts)
        for name, printed in (
            ("SE", self.std_error),
            ("SE", self.on_scale_error),
            ("variance", self.on_scale_variance),
        ):
            if printed is not None:
                said += f", {name} {printed.text}"
        return f"{said}, p {_after_p(self.p.text)}" if self.p is not None else said


def read_reported(row: Row, *, positive: bool, header_level: float | None) -> Reported:
    """Gather what the row prints about its effect.

    Parameters
    ----------
    row : Row
        One row; unreadable cells become its faults.
    positive : bool
        The measure has no negative values.
    header_level : float or None
        Coverage named by the headers.

    Returns
    -------
    Reported
    """
    both, alone = (
        row.interval("both", positive=positive),
        row.interval("interval", positive=positive),
    )
    inside = both or alone
    estimate = row.number_of("estimate")
    low, high = row.number_of("low"), row.number_of("high")
    cell_level = None
    if inside is not None:
        low, high = low or inside.low, high or inside.high
        estimate = estimate or inside.estimate
        cell_level = inside.level
    level = cell_level or _level_cell(row) or header_level
    estimate, low, high = _same_digits(estimate, low, high)
    return Reported(
        estimate=_no_bound(row, estimate, "estimate"),
        low=_no_bound(row, low, "lower limit"),
        high=_no_bound(row, high, "upper limit"),
        level=level or USUAL_LEVEL,
        level_said=level is not None,
        p=_p_value(row),
        std_error=_positive(row, "std_error"),
        on_scale=row.number_of("analysis_effect"),
        on_scale_error=_positive(row, "analysis_std_error"),
        on_scale_variance=_positive(row, "analysis_variance"),
    )


def _same_digits(*numbers: Printed | None) -> tuple[Printed | None, ...]:
    """Take numbers that a spreadsheet stored as printed with equally many places."""
    halves = [number.half for number in numbers if number is not None and number.typed]
    finest = min(halves, default=0.0)
    return tuple(
        replace(number, half=finest) if number is not None and number.typed else number
        for number in numbers
    )


def _no_bound(row: Row, printed: Printed | None, name: str) -> Printed | None:
    if printed is not None and printed.bound:
        row.findings.fault(
            "bound_only",
            f"the {name} is only a bound ({printed.text})",
            "give the number, or another route: standard error, exact p-value, counts",
        )
        return None
    return printed


def _positive(row: Row, role: str) -> Printed | None:
    printed = row.number_of(role)
    if printed is None:
        return None
    if printed.value <= 0.0 or printed.bound:
        name = role.removeprefix("analysis_").replace("std_error", "standard error")
        infinite = "; its weight would be infinite" if printed.value == 0.0 else ""
        row.findings.fault(
            "zero_variance" if printed.value == 0.0 else "not_positive",
            f"the {name} is {printed.text}, and must be above 0{infinite}",
            "correct it, or give more digits",
        )
        return None
    return printed


def _p_value(row: Row) -> Printed | None:
    if row.text("p").lower().strip(" .") in ("ns", "n.s", "not significant"):
        return None
    printed = row.number_of("p")
    if printed is None:
        return None
    if not 0.0 <= printed.value <= 1.0 or printed.percent:
        row.findings.fault("p_range", f"p-value {printed.text} is not in 0 to 1", "correct it")
        return None
    if printed.value == 0.0:
        # 0.000 says no more than "below half of the last digit"
        return replace(printed, value=printed.half, bound="<")
    return printed


def _level_cell(row: Row) -> float | None:
    printed = row.number_of("level")
    if printed is None:
        return None
    value = printed.value / 100.0 if printed.value > 1.0 else printed.value
    if not 0.0 < value < 1.0:
        row.findings.fault("level_range", f"level {printed.text} is no coverage", "write 95")
        return None
    return value


def _range(low: str, high: str) -> str:
    return (
        f"{low} to {high}"
        if low.startswith(("-", "−")) or high.startswith(("-", "−"))
        else f"{low}-{high}"
    )


def _after_p(text: str) -> str:
    return text.lstrip("pP =").strip() or text
