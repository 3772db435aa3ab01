"""The counter that the memory figures of Stable Video Diffusion come from, on sums that can be done by hand."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from benchmarks.svd_figures.counting import count

MIB = 2**20


def meta(*size: int) -> torch.Tensor:
    return torch.empty(size, dtype=torch.uint8, device="meta")


def test_what_is_held_together_is_added_up_and_what_is_dropped_is_not() -> None:
    given = meta(MIB)

    def work() -> torch.Tensor:
        first = given + 1
        second = first + 1
        del first
        third = second + 1
        del second
        return third.view(2, -1).add_(1)

    assert count(work).peak_bytes == 2 * MIB


def test_work_is_counted_in_operations() -> None:
    left, right = torch.empty(3, 5, device="meta"), torch.empty(5, 7, device="meta")
    assert count(lambda: left @ right).flops == 2 * 3 * 5 * 7


def test_attention_holds_no_matrix_of_scores() -> None:
    query = torch.empty(2, 4, 100, 8, device="meta")
    counted = count(lambda: F.scaled_dot_product_attention(query, query, query))
    assert counted.peak_bytes == query.numel() * 4
    assert counted.flops == 2 * 2 * 2 * 4 * 100 * 100 * 8
