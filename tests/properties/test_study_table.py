"""What a table prints comes back: effect and error within the rounding of the digits."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given, settings, strategies as st
from study_rows import Z, only, read

from cartwheel.errors import Refused

# the smallest effects and errors still print three digits in two decimals or more
EFFECTS = st.floats(-1.5, 1.5).map(lambda effect: round(effect, 9))
ERRORS = st.floats(0.08, 0.6)
DIGITS = st.integers(3, 6)
MARKS = st.sampled_from([".", "·"])
FORMS = st.sampled_from(["{}-{}", "{}–{}", "({}, {})", "{} to {}", "[{}; {}]"])


def _allowed(value: float, digits: int) -> float:
    """How far a log can be moved by rounding the value to so many decimals."""
    return 0.5 * 10.0**-digits / (value - 0.5 * 10.0**-digits)


@given(EFFECTS, ERRORS, DIGITS, MARKS, FORMS)
@settings(max_examples=60)
def test_a_printed_ratio_comes_back(
    effect: float, error: float, digits: int, mark: str, form: str
) -> None:
    low, high = (math.exp(effect + sign * Z * error) for sign in (-1, 1))
    text = [f"{value:.{digits}f}" for value in (math.exp(effect), low, high)]
    cell = f"{text[0]} {form.format(*text[1:])}".replace(".", mark)
    study = only(f'study,HR (95% CI)\nA,"{cell}"\n')
    assert study.effect == pytest.approx(effect, abs=_allowed(math.exp(effect), digits) + 1e-12)
    slack = (_allowed(low, digits) + _allowed(high, digits)) / (2 * Z)
    assert study.std_error == pytest.approx(error, abs=slack + 1e-12)


@given(EFFECTS, ERRORS)
@settings(max_examples=40)
def test_routes_agree(effect: float, error: float) -> None:
    ratio = math.exp(effect)
    low, high = (math.exp(effect + sign * Z * error) for sign in (-1, 1))
    table = read(
        "study,HR,lower,upper,log HR,SE(log HR)\n"
        f"A,{ratio!r},{low!r},{high!r},,\nB,{ratio!r},,,,{error!r}\nC,,,,{effect!r},{error!r}\n"
    )
    for study in table.studies:
        # log and exp of the same numbers: a few roundings
        assert study.effect == pytest.approx(effect, rel=1e-9, abs=1e-12)
        assert study.std_error == pytest.approx(error, rel=1e-9)


@given(EFFECTS, ERRORS)
@settings(max_examples=40)
def test_turning_round_twice_is_nothing(effect: float, error: float) -> None:
    header = "study,HR,SE(log HR),comparison\n"
    up, down = math.exp(effect), math.exp(-effect)
    plain = only(f"{header}A,{up!r},{error!r},a vs b\n")
    turned = only(f"{header}A,{down!r},{error!r},b vs a (invert)\n")
    assert turned.effect == pytest.approx(plain.effect, rel=1e-9, abs=1e-12)
    assert (turned.std_error, turned.comparison) == (plain.std_error, plain.comparison)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), min_size=1, max_size=6))
@settings(max_examples=40)
def test_the_order_of_rows_and_columns_does_not_matter(counts: list[tuple[int, int]]) -> None:
    rows = [(f"S{i}", min(x, n), n) for i, (x, n) in enumerate(counts)]
    one = read("study,events,n\n" + "".join(f"{s},{x},{n}\n" for s, x, n in rows))
    two = read("n,study,events\n" + "".join(f"{n},{s},{x}\n" for s, x, n in reversed(rows)))
    first = {study.study: (study.effect, study.std_error) for study in one.studies}
    assert first == {study.study: (study.effect, study.std_error) for study in two.studies}


_CELLS = (
    "|NR|0|1|0.5|1.5|-1|1e300|1e-300|<0.05|0.9-1.6|12%|130%|3|20|1,234|x|15%-20%|12% (15%-20%)"
    "|0.01 (0.05-0.5)|worse|0:20|#N/A|a vs b (invert)|HR|C"
)
# together, so that many tables come as far as a conversion
_HEADERS = (
    "HR,lower,upper,p,comparison|HR (95% CI)|AUC,95% CI|AUC,SE|AUC,n,events|estimate,95% CI,measure"
    "|yi,vi,measure|MD,lower,upper|MD,p|events,n|percent,n|proportion,95% CI|proportion,SE"
    "|ai,n1i,ci,n2i|ai,bi,ci,di,comparison|tp,fp,fn,tn|x1i,t1i,x2i,t2i|O:E,95% CI"
    "|observed,expected,n|O-E,V|log-rank,events_high,events_low,direction"
    "|median_high,median_low,events_high,events_low|n1i,m1i,sd1i,n2i,m2i,sd2i|slope,SE,p"
    "|HR,SE,n,year,cutoff,outcome,set"
)
CELLS = st.sampled_from(_CELLS.split("|"))
HEADERS = st.sampled_from(_HEADERS.split("|"))


@given(HEADERS, st.data())
@settings(max_examples=150)
def test_any_table_is_read_or_refused_and_never_anything_else(
    header: str, data: st.DataObject
) -> None:
    headers = header.split(",")
    width = len(headers)
    rows = data.draw(
        st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=3)
    )
    stream = io.StringIO()
    csv.writer(stream).writerows([["study", *headers], *(["S", *row] for row in rows)])
    scale = data.draw(st.sampled_from(["logit", "log", "identity", "arcsine", "double_arcsine"]))
    try:
        table = read(stream.getvalue(), proportion_scale=scale)
    except Refused:
        return
    for study in table.studies:
        assert math.isfinite(study.effect)
        assert math.isfinite(study.std_error)
        assert study.std_error > 0.0
        assert study.used or study.reason
        assert study.conversion
