"""The centre's table of codes in the store."""

from __future__ import annotations

from cartwheel.store.database import Store
from cartwheel.store.ward_codes import codes_editions, codes_kept, keep_codes
from cartwheel.watch.codes import CodeRow, CodeTable

CRP = CodeRow("LAB", "CRPX", "crp", read_unit="mg/L")
FERRITIN = CodeRow("LAB", "FER, total", "ferritin", interface="hl7:NORTH", unit="ng/ml",
                   read_unit="ug/L", note="since 2024")  # fmt: skip


def test_the_last_edition_counts_and_older_ones_stay(store: Store) -> None:
    assert codes_kept(store).rows == ()
    first = keep_codes(store, CodeTable([CRP]), "ada")
    same = keep_codes(store, CodeTable([CRP]), "ben")
    assert same == first
    second = keep_codes(store, CodeTable([CRP, FERRITIN]), "ben")
    assert codes_kept(store).rows == (CRP, FERRITIN)
    assert codes_kept(store, first.number).rows == (CRP,)
    assert codes_editions(store) == (second, first)
    assert (second.lines, second.who) == (2, "ben")
