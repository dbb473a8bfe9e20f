"""The same resamples on a Dask cluster as in threads, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from small_pipeline import EventRate

from cartwheel.development.model.target import BinaryTarget
from cartwheel.development.model.uncut import Scaled, UncutPipeline
from cartwheel.stats.cross_validation import cross_validation, fold_assignments
from cartwheel.stats.distributed import in_order
from cartwheel.stats.instability import prediction_instability
from cartwheel.stats.resample import bootstrap_optimism
from cartwheel.stats.resample_632 import bootstrap_632
from cartwheel.stats.stratified_bootstrap import stratified_optimism

N = 120


def development() -> UncutPipeline:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(N, 3))
    event = (rng.random(N) < 1.0 / (1.0 + np.exp(-x[:, 0]))).astype(float)
    scaled = [Scaled(f"x{i}", x[:, i].copy(), "none", False) for i in range(3)]
    return UncutPipeline(BinaryTarget(event), scaled)


@pytest.fixture(
    scope="module",
    params=[False, True],
    ids=["in this process", "in processes"],
)
def client(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=request.param, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as connected,
    ):
        yield connected


def test_every_resampling_gives_the_same_bytes(client) -> None:  # type: ignore[no-untyped-def]
    pipeline = development()
    for _ in range(3):
        here = bootstrap_optimism(pipeline, n=N, resamples=60, seed=1, threads=2)
        there = bootstrap_optimism(pipeline, n=N, resamples=60, seed=1, workers=client)
        assert there.training.tobytes() == here.training.tobytes()
        assert there.test.tobytes() == here.test.tobytes()
        assert there.failures == here.failures
    left_here = bootstrap_632(pipeline, n=N, resamples=30, seed=1)
    left_there = bootstrap_632(pipeline, n=N, resamples=30, seed=1, workers=client)
    assert left_there.test.tobytes() == left_here.test.tobytes()
    assert left_there.weights.tobytes() == left_here.weights.tobytes()
    folds = fold_assignments(N, folds=5, repeats=6, seed=1)
    crossed = [cross_validation(pipeline, folds, workers=one) for one in (None, client)]
    assert crossed[0].test.tobytes() == crossed[1].test.tobytes()
    strata = [
        stratified_optimism(
            pipeline, strata=pipeline.target.event, resamples=30, seed=1, workers=one
        )
        for one in (None, client)
    ]
    assert strata[0].test.tobytes() == strata[1].test.tobytes()


def test_progress_and_failures_come_back(client) -> None:  # type: ignore[no-untyped-def]
    seen: list[tuple[int, int]] = []
    event = (np.arange(40) % 4 == 0).astype(float)
    # the pipeline of a test module is not installed on the workers: it travels by value
    import cloudpickle  # noqa: PLC0415
    import small_pipeline  # noqa: PLC0415

    cloudpickle.register_pickle_by_value(small_pipeline)
    try:
        pipeline = EventRate(event, fail_below=0.22)
        found = bootstrap_optimism(
            pipeline,
            n=40,
            resamples=60,
            seed=2,
            workers=client,
            progress=lambda done, drawn: seen.append((done, drawn)),
        )
        predicted = prediction_instability(pipeline, n=40, resamples=30, seed=2, workers=client)
    finally:
        cloudpickle.unregister_pickle_by_value(small_pipeline)
    here = bootstrap_optimism(pipeline, n=40, resamples=60, seed=2)
    assert found.failures == here.failures != ()
    assert found.test.tobytes() == here.test.tobytes()
    assert seen == [(25, 60), (50, 60), (60, 60)]
    mine = prediction_instability(pipeline, n=40, resamples=30, seed=2)
    assert predicted.resampled.tobytes() == mine.resampled.tobytes()
    assert in_order(lambda index: index, 0, workers=client) == []


def test_pieces_come_in_order_and_progress_is_told() -> None:
    for threads in (1, 3):
        seen: list[tuple[int, int]] = []
        found = in_order(
            lambda index: index * index,
            60,
            threads=threads,
            progress=lambda done, asked, seen=seen: seen.append((done, asked)),
        )
        assert found == [index * index for index in range(60)]
        assert seen == [(25, 60), (50, 60), (60, 60)]
