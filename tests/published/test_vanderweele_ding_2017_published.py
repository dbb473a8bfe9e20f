"""VanderWeele and Ding 2017, doi 10.7326/M16-2607, and the vignette of their R package EValue.

Breast feeding and respiratory death, risk ratio 3.9: E-value 7.26 (printed 7.263034). Smoking and
lung cancer, risk ratio 10.73 (8.02 to 14.36): E-values 20.94777 and 15.52336.
"""

from __future__ import annotations

import pytest

from cartwheel.stats.pooling.e_value import e_value


def test_respiratory_death():
    # half of the last printed digit
    assert e_value(3.9, 1.8, 8.7, measure="RR").point == pytest.approx(7.263034, abs=5e-7)


def test_lung_cancer():
    found = e_value(10.73, 8.02, 14.36, measure="RR")
    assert found.point == pytest.approx(20.94777, abs=5e-6)
    assert found.limit == pytest.approx(15.52336, abs=5e-6)
