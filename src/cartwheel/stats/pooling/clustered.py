"""Covariance of several effects a study, and what is summed over studies to fit it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import NDArray

from cartwheel.stats.pooling.study_inputs import Floats

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """Studies with the same number of effects, stacked.

    Parameters
    ----------
    rows : int array (m, s)
        Positions of their effects.
    effects : float array (m, s)
        The effects.
    design : float array (m, s, p)
        Their rows of the design.
    sampling : float array (m, s, s)
        Covariance of sampling errors.
    """

    rows: NDArray[np.int64]
    effects: Matrix
    design: Matrix
    sampling: Matrix


@dataclass(frozen=True, slots=True)
class Summed:
    """A fit at given variances.

    Parameters
    ----------
    coefficients : float array (p,)
        Generalised least squares.
    covariance : float array (p, p)
        Theirs, under the model.
    log_likelihood : float
        Restricted.
    score : float array (2,)
        Its derivative by the variances between and within studies.
    information : float array (2, 2)
        Expected.
    """

    coefficients: Matrix
    covariance: Matrix
    log_likelihood: float
    score: Matrix
    information: Matrix


def blocks_of(
    effects: Floats,
    variances: Floats,
    members: NDArray[np.int64],
    design: Matrix,
    sampling_correlation: float,
) -> tuple[Block, ...]:
    """Stack studies of one size, so that their small matrices are handled at once.

    Parameters
    ----------
    effects, variances : float array (n,)
        Effects and sampling variances.
    members : int array (n,)
        Study of each effect, 0 to m - 1.
    design : float array (n, p)
        Columns.
    sampling_correlation : float
        Of the errors of effects of one study.

    Returns
    -------
    tuple of Block
    """
    order = np.argsort(members, kind="stable")
    sizes = np.bincount(members)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    found = []
    for size in np.unique(sizes):
        first = starts[sizes == size]
        rows = order[first[:, None] + np.arange(size)]
        spread = np.sqrt(variances[rows])
        sampling = sampling_correlation * spread[:, :, None] * spread[:, None, :]
        sampling[:, np.arange(size), np.arange(size)] = variances[rows]
        found.append(Block(rows.astype(np.int64), effects[rows], design[rows], sampling))
    return tuple(found)


def total_covariance(block: Block, between: float, within: float) -> Matrix:
    """Covariance of the effects of each study: sampling, within and between studies.

    Parameters
    ----------
    block : Block
        The studies.
    between, within : float
        The two variances.

    Returns
    -------
    float array (m, s, s)
    """
    size = block.sampling.shape[1]
    return np.asarray(block.sampling + between + within * np.eye(size))


def summed(blocks: tuple[Block, ...], between: float, within: float) -> Summed:
    """Fit at given variances by generalised least squares, with the restricted likelihood.

    Parameters
    ----------
    blocks : tuple of Block
        The studies.
    between, within : float
        The two variances.

    Returns
    -------
    Summed

    Notes
    -----
    Constants as metafor's ``logLik`` of ``rma.mv``, with log |X'X| / 2.
    """
    p = blocks[0].design.shape[2]
    n = sum(block.effects.size for block in blocks)
    normal, crossed, plain = np.zeros((p, p)), np.zeros(p), np.zeros((p, p))
    log_determinant = 0.0
    inverses: list[Matrix] = []
    for block in blocks:
        covariance = total_covariance(block, between, within)
        inverse = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
        inverses.append(inverse)
        log_determinant += float(np.linalg.slogdet(covariance)[1].sum())
        x = block.design
        weighted = inverse @ x
        normal += np.einsum("mip,miq->pq", x, weighted)
        crossed += np.einsum("mip,mi->p", weighted, block.effects)
        plain += np.einsum("mip,miq->pq", x, x)
    bread: Matrix = np.asarray(np.linalg.inv(normal), dtype=np.float64)
    coefficients: Matrix = np.asarray(bread @ crossed, dtype=np.float64)
    square, score, information = _derivatives(blocks, inverses, bread, coefficients)
    value = -0.5 * (
        (n - p) * log(2.0 * pi)
        - float(np.linalg.slogdet(plain)[1])
        + log_determinant
        + float(np.linalg.slogdet(normal)[1])
        + square
    )
    return Summed(coefficients, bread, value, score, information)


def _derivatives(
    blocks: tuple[Block, ...], inverses: list[Matrix], bread: Matrix, coefficients: Matrix
) -> tuple[float, Matrix, Matrix]:
    """Weighted sum of squares, score and expected information of the two variances."""
    p = len(coefficients)
    square, traces, squares = 0.0, np.zeros(2), np.zeros(2)
    inner = np.zeros((2, p, p))  # X' W Z W X
    double = np.zeros((2, 2, p, p))  # X' W Z W Z W X
    information = np.zeros((2, 2))
    for block, w in zip(blocks, inverses, strict=True):
        x = block.design
        residual = block.effects - x @ coefficients
        weighted = (w @ residual[:, :, None])[:, :, 0]
        wx = w @ x
        sums = w.sum(axis=2)  # W 1
        total = sums.sum(axis=1)  # 1' W 1
        xw1 = np.einsum("mip,mi->mp", x, sums)  # X' W 1
        square += float((residual * weighted).sum())
        traces += total.sum(), np.einsum("mii->", w)
        squares += (weighted.sum(axis=1) ** 2).sum(), (weighted**2).sum()
        inner[0] += xw1.T @ xw1
        inner[1] += np.einsum("mip,miq->pq", wx, wx)
        information[0, 0] += (total**2).sum()
        information[0, 1] += (sums**2).sum()
        information[1, 1] += (w**2).sum()
        double[0, 0] += (xw1 * total[:, None]).T @ xw1
        # X' W 1 1' W W X
        xww1 = np.einsum("mip,mi->mp", wx, sums)
        double[0, 1] += xw1.T @ xww1
        double[1, 1] += np.einsum("mip,miq->pq", wx, w @ wx)
    double[1, 0] = double[0, 1].T
    information[1, 0] = information[0, 1]
    for i in range(2):
        traces[i] -= float((bread * inner[i]).sum())
        for j in range(2):
            information[i, j] += float(
                np.trace(bread @ inner[i] @ bread @ inner[j]) - 2.0 * np.trace(bread @ double[i, j])
            )
    return square, 0.5 * (squares - traces), 0.5 * information
