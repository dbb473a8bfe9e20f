"""Golden samples of competing risks and of time-dependent accuracy, as R saw them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from reference_data import reference_table

from cartwheel.stats.competing import CompetingTimes, competing_times
from cartwheel.stats.times import SurvivalTimes, survival_times

# 15 digits stored, and sums in another order
RTOL = 1e-8


def competing_frame(name: str) -> pd.DataFrame:
    """Columns time and cause, and those that R's ``prep`` lines make."""
    frame = reference_table(name)
    if name == "mgus2":
        frame["time"] = np.where(frame["pstat"] == 1, frame["ptime"], frame["futime"])
        frame["cause"] = np.where(frame["pstat"] == 1, 1, 2 * frame["death"])
        frame["male"] = (frame["sex"] == "M").astype(float)
    elif name == "paquid":
        frame["cause"] = frame["status"]
        frame["MMSE28"] = (frame["MMSE"] >= 28).astype(int)
    else:
        frame["time"] = frame["ttcancer"]
        codes = {"censor": 0, "diagnosed with cancer": 1, "dead other causes": 2}
        frame["cause"] = frame["cancer_cr"].map(codes)
    return frame


def ranked(times: pd.Series[float], at: Any = ()) -> tuple[NDArray[Any], NDArray[Any]]:
    """Times replaced by their rank, and the ranks up to which other times lie.

    R's cmprsk and timeROC take 3.1 and 3.1 + 1e-15 for two times, survival and this library for
    one. Ranks keep them apart, and nothing here depends on more than the order of times.
    """
    distinct, rank = np.unique(times.to_numpy(float), return_inverse=True)
    return rank + 1.0, np.searchsorted(distinct, np.asarray(at, dtype=float), side="right") + 0.0


def competing(frame: pd.DataFrame) -> CompetingTimes:
    return competing_times(frame["time"], frame["cause"])


def survival_frame(case: dict[str, Any]) -> pd.DataFrame:
    """Complete cases with time_ and event_."""
    frame = reference_table(case["data"])
    column, code = case["event"].split("==")
    needed = [case["time"], column]
    if " on " in case.get("note", ""):
        needed += case["note"].split(" on ")[1].split(",")
    frame = frame.dropna(subset=needed)
    assert len(frame) == case.get("n", len(frame))
    return frame.assign(time_=frame[case["time"]], event_=frame[column] == float(code))


def survival(frame: pd.DataFrame) -> SurvivalTimes:
    return survival_times(frame["time_"], frame["event_"])


def model_matrix(frame: pd.DataFrame, formula: str) -> NDArray[np.float64]:
    columns = []
    for term in formula.removeprefix("~").strip().split("+"):
        logged = re.fullmatch(r"log\((.+)\)", term)
        columns.append(np.log(frame[logged[1]]) if logged else frame[term])
    return np.ascontiguousarray(np.column_stack(columns).astype(float))
