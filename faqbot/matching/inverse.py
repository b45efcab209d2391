"""The inverse of a large symmetric matrix, by products of its halves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from faqbot.matching.tfidf import Doubles, Rows

TRIANGLE_BLOCK = 128
"""Rows of a triangle that are multiplied as if none of them were zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Inverse:
    """The inverse of a symmetric matrix of positive eigenvalues, as the factor of a product.

    It takes a quarter of the time of the inverse itself: half of the factor is zero.

    Attributes:
        factor: the inverse of the matrix's Cholesky factor, a lower triangle; the product of its
            transpose with it is the inverse.
    """

    factor: Doubles

    @classmethod
    def of(cls, matrix: Doubles) -> Inverse:
        """Invert a matrix, which is overwritten."""
        _factorise(matrix)
        return cls(matrix)

    def times(self, columns: Doubles) -> Doubles:
        """Return the inverse times a matrix."""
        product: Doubles = self.factor.T @ (self.factor @ columns)
        return product

    def diagonal(self) -> Doubles:
        """Return the diagonal of the inverse."""
        squares: Doubles = np.einsum("ij,ij->j", self.factor, self.factor)
        return squares

    def block(self, rows: Rows) -> Doubles:
        """Return the inverse at some rows and the same columns."""
        columns = self.factor[:, rows]
        product: Doubles = columns.T @ columns
        return product


def _factorise(matrix: Doubles) -> None:
    """Replace a symmetric matrix by the inverse of its Cholesky factor.

    By halves, with products of matrices only: they are several times as fast as solving.
    """
    size = len(matrix)
    if size <= TRIANGLE_BLOCK:
        matrix[...] = np.tril(np.linalg.inv(np.linalg.cholesky(matrix)))
        return
    # At a whole number of blocks, so that the halves are cut where the products are.
    half = size // 2 // TRIANGLE_BLOCK * TRIANGLE_BLOCK or TRIANGLE_BLOCK
    first, lower, second = matrix[:half, :half], matrix[half:, :half], matrix[half:, half:]
    _factorise(first)
    for start, end in _blocks_backwards(half):
        lower[:, start:end] = lower[:, :end] @ first[start:end, :end].T
    second -= lower @ lower.T
    _factorise(second)
    for start, end in reversed(_blocks_backwards(half)):
        lower[:, start:end] = lower[:, start:] @ first[start:, start:end]
    for start, end in _blocks_backwards(size - half):
        lower[start:end] = second[start:end, :end] @ lower[:end]
    np.negative(lower, out=lower)
    matrix[:half, half:] = 0.0


def _blocks_backwards(size: int) -> list[tuple[int, int]]:
    """Return the starts and ends of blocks of rows, the last one first."""
    starts = range(0, size, TRIANGLE_BLOCK)
    return [(start, min(start + TRIANGLE_BLOCK, size)) for start in reversed(starts)]
