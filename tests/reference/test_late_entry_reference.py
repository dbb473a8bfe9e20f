"""Late entry into competing risks against R survival 3.5 ``survfit``.

s <- factor(cause)
f <- survfit(Surv(entry, time, s) ~ 1, id = 1:40)
print(f$pstate[c(10, 20, 30), ], digits = 12); print(f$std.err[c(10, 20, 30), ], digits = 12)
"""

from __future__ import annotations

import numpy as np

from cartwheel.stats.competing import aalen_johansen, competing_times

ENTRY = [
    *(
        0.5,
        0.7,
        1.1,
        1.8,
        0.4,
        1.8,
        1.9,
        1.3,
        1.3,
        0.1,
        0.4,
        0.4,
        1.4,
        0.8,
        1.5,
        1,
        1.4,
        2,
        0.8,
        1.6,
    ),
    *(1.9, 0.4, 1.3, 0.3, 0.5, 0.8, 0, 0.8, 1.7, 0.7, 1, 1.2, 1, 0.4, 1.7, 1.3, 1.6, 0.2, 1.4, 0.8),
]
TIME = [
    *(
        2.5,
        1.7,
        2.9,
        2.2,
        0.7,
        3.6,
        13.9,
        4.9,
        4.4,
        4.5,
        0.6,
        1.5,
        5.5,
        1.5,
        4.7,
        2,
        3.7,
        4.4,
        1.6,
        4.9,
    ),
    *(
        5.1,
        4.4,
        5.2,
        2.1,
        1.5,
        4.8,
        3.1,
        2.4,
        7.8,
        2.1,
        7.6,
        11,
        2.8,
        2.3,
        4.7,
        2,
        2.6,
        3.6,
        3.8,
        1.2,
    ),
]
CAUSE = [
    *(1, 0, 0, 2, 2, 2, 1, 1, 1, 2, 1, 1, 2, 2, 2, 0, 1, 1, 0, 2),
    *(2, 1, 2, 1, 0, 1, 0, 2, 2, 0, 1, 0, 2, 1, 2, 2, 0, 0, 1, 1),
]
AT = [2.3, 4.4, 11.0]
PROBABILITY = [
    [0.6251745566262, 0.207867267141, 0.166958176232],
    [0.3787289343040, 0.377577417129, 0.243693648567],
    [0.0582659898929, 0.464976401968, 0.476757608139],
]
STD_ERROR = [
    [0.1069655585807, 0.0910292935284, 0.0916878764411],
    [0.0895906047298, 0.0968346515058, 0.0951668293763],
    [0.0401352941805, 0.0987119394359, 0.0995266604318],
]


def test_late_entry_with_many_ties() -> None:
    curve = aalen_johansen(competing_times(TIME, CAUSE), entry=ENTRY)
    rows = np.searchsorted(curve.time, np.array(AT) + 1e-9, side="right") - 1
    # twelve digits printed
    np.testing.assert_allclose(curve.probability[rows], PROBABILITY, rtol=5e-11)
    np.testing.assert_allclose(curve.std_error[rows], STD_ERROR, rtol=5e-11)
