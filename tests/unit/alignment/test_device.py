"""PyTorch forms the products of the kernels; without it or a GPU the error says what to do."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest

from repalign.alignment import device_nulls
from repalign.alignment.device import check_device, put, rsa_matrix
from repalign.alignment.device_nulls import (
    cyclic_cross_products,
    cyclic_products,
    permuted_cross_products,
    permuted_products,
)
from repalign.alignment.draws import Draws
from repalign.errors import RepalignError
from repalign.kernels import comparison, cyclic, nulls
from repalign.kernels.cyclic import padded_length
from repalign.kernels.nulls import square_rdms
from repalign.kernels.permutations import relabelings
from repalign.kernels.rdm import n_pairs, normalise_rdm

TOLERANCE = {np.float32: 1e-6, np.float64: 1e-13}
"""Ten times below what is promised."""

SIZES = [2, 3, 4, 13, 30, 101, 29, 58]
"""Odd, even, prime; 29 and 58 are padded."""


def gpu(torch) -> bool:
    return bool(torch.cuda.is_available())


@pytest.fixture(params=["torch-cpu", "cuda"])
def device(request) -> str:
    torch = pytest.importorskip("torch", exc_type=ImportError)
    if request.param == "cuda" and not gpu(torch):
        pytest.skip("no GPU")
    return request.param


def unit_vectors(k, n, dtype=np.float32, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(k, n_pairs(n)))
    if n == 2:
        return np.ones((k, 1), dtype)
    return np.array([normalise_rdm(v) for v in vectors]).astype(dtype)


def stacks(n, dtype=np.float32, n_x=3, n_y=4):
    both = square_rdms(unit_vectors(n_x + n_y, n, dtype))
    return both[:n_x], both[n_x:]


def assert_close(found, expected, dtype=np.float32):
    assert found.dtype == np.float64
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype])


def test_some_sizes_are_padded():
    assert {n for n in SIZES if padded_length(n) != n} == {29, 58, 101}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_all_pairs(device, dtype):
    x, y = unit_vectors(5, 40, dtype), unit_vectors(7, 40, dtype, seed=1)
    y[2] = x[3]
    x[1, 100] = y[4, 5] = np.nan
    cuts = [0, 1, 300, x.shape[1]]
    blocks = [(x[:, a:b], y[:, a:b]) for a, b in pairwise(cuts)]
    found = rsa_matrix(iter(blocks), device)
    assert_close(found, comparison.rsa_matrix(blocks), dtype)
    assert np.isnan(found).sum() == 7 + 5 - 1
    assert found[3, 2] == pytest.approx(1, abs=TOLERANCE[dtype])


def test_all_pairs_of_a_set_with_itself_from_a_buffer_that_is_overwritten(device):
    x = unit_vectors(5, 40)
    buffer = np.empty((5, 78), np.float32)

    def blocks():
        for start in range(0, x.shape[1], 78):
            buffer[:] = x[:, start : start + 78]
            yield buffer, buffer

    assert_close(rsa_matrix(blocks(), device), x.astype(np.float64) @ x.T.astype(np.float64))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("n", SIZES)
def test_cyclic_sets(device, n, dtype):
    x, y = stacks(n, dtype)
    for set_index in (0, 3):
        order = relabelings(5, set_index, n)
        expected = cyclic.cyclic_products(x[0], y[0], *order)
        assert_close(cyclic_products(x[0], y[0], *order, device), expected, dtype)
        expected = cyclic.cyclic_cross_products(x, y, *order)
        assert_close(cyclic_cross_products(x, y, *order, device), expected, dtype)


def test_a_product_of_one_is_one(device):
    x, _ = stacks(331)
    tau, _ = relabelings(5, 0, 331)
    assert cyclic_products(x[0], x[0], tau, tau, device)[0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("n", [29, 30])
def test_undefined_rdms_and_no_others_are_nan(device, n):
    x, y = stacks(n)
    x[1], y[2, 3, 4], y[2, 4, 3] = np.nan, np.nan, np.nan
    order = relabelings(5, 0, n)
    found = cyclic_cross_products(x, y, *order, device)
    assert_close(found, cyclic.cyclic_cross_products(x, y, *order))
    assert np.isnan(found).sum() == n * (4 + 3 - 1)
    assert np.isnan(cyclic_products(x[0], y[2], *order, device)).all()
    permutations = np.argsort(np.random.default_rng(0).random((3, n)), axis=1)
    found = permuted_cross_products(x, y, permutations, device)
    assert_close(found, permuted_cross_products(x, y, permutations, "cpu"))
    assert np.isnan(found).sum() == 3 * (4 + 3 - 1)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("n", SIZES)
def test_independent_draws(device, n, dtype):
    x, y = stacks(n, dtype)
    permutations = np.argsort(np.random.default_rng(0).random((5, n)), axis=1)
    expected = nulls.permuted_products(x[0, ..., None], y[0, ..., None], permutations)[:, 0]
    assert_close(permuted_products(x[0], y[0], permutations, device), expected, dtype)
    expected = permuted_cross_products(x, y, permutations, "cpu")
    assert_close(permuted_cross_products(x, y, permutations, device), expected, dtype)


def test_small_blocks_give_the_same(device, monkeypatch):
    x, y = stacks(58)
    order = relabelings(5, 0, 58)
    permutations = np.argsort(np.random.default_rng(0).random((5, 58)), axis=1)
    for name, value in (("BLOCK_BYTES", 30_000), ("RESULT_BYTES", 30_000), ("PAIRS", 100)):
        monkeypatch.setattr(device_nulls, name, value)
    found = cyclic_cross_products(x, y, *order, device)
    assert_close(found, cyclic.cyclic_cross_products(x, y, *order))
    found = permuted_cross_products(x, y, permutations, device)
    assert_close(found, permuted_cross_products(x, y, permutations, "cpu"))


@pytest.mark.parametrize(
    ("scheme", "unit"), [("cyclic", "trial"), ("independent", "trial"), ("independent", "image")]
)
def test_draws_are_the_same_on_every_device(device, scheme, unit):
    keys = np.sort(np.random.default_rng(1).permutation(90)[:40])
    x, y = stacks(len(keys))
    n_max = 30 if unit == "image" else 50
    here, there = (Draws(scheme, unit, 3, 100, n_max, 3, name) for name in ("cpu", device))
    assert_close(there.products(x[0], y[0], keys), here.products(x[0], y[0], keys))
    for (a, found), (b, expected) in zip(
        there.cross_products(x, y, keys), here.cross_products(x, y, keys), strict=True
    ):
        assert a == b
        assert_close(found, expected)


def test_full_precision_is_set(device):
    import torch

    torch.set_float32_matmul_precision("high")
    check_device(device)
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.backends.cuda.matmul.allow_tf32


def test_what_does_not_fit_is_refused(device):
    x, y = stacks(6)
    order = relabelings(0, 0, 6)
    with pytest.raises(ValueError, match="n_trials"):
        cyclic_cross_products(x, y[:, :5, :5], *order, device)
    with pytest.raises(ValueError, match="tau is not a permutation of 0 to 5"):
        cyclic_products(x[0], y[0], order[0] % 5, order[1], device)
    with pytest.raises(ValueError, match="row 1 is not a permutation"):
        permuted_products(x[0], y[0], np.array([range(6), [0] * 6]), device)
    with pytest.raises(ValueError, match="one dtype"):
        rsa_matrix([(x[0], y[0].astype(np.float64))], device)
    with pytest.raises(ValueError, match="blocks are empty"):
        rsa_matrix([], device)


def test_too_little_memory_says_what_to_do(device):
    torch = pytest.importorskip("torch", exc_type=ImportError)

    def blocks():
        yield np.ones((1, 1)), np.ones((1, 1))
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\nmore")

    with pytest.raises(RepalignError, match="resources gpu=1"):
        rsa_matrix(blocks(), device)


def test_the_cpu_is_the_kernels_to_the_last_bit():
    x, y = stacks(30)
    order = relabelings(5, 0, 30)
    assert put(x, "cpu") is x
    found = cyclic_cross_products(x, y, *order, "cpu")
    np.testing.assert_array_equal(found, cyclic.cyclic_cross_products(x, y, *order))
    np.testing.assert_array_equal(rsa_matrix([(x[0], y[0])], "cpu"), (x[0] @ y[0].T))
    check_device("cpu")


def test_the_cpu_needs_no_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    check_device("cpu")
    assert rsa_matrix([(np.eye(3), np.eye(3))], "cpu").tolist() == np.eye(3).tolist()


def test_without_torch_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RepalignError) as error:
        check_device("cuda")
    message = str(error.value)
    assert message.startswith("resources.device: cuda\n")
    assert "PyTorch cannot be imported" in message
    assert "PyTorch 2.5 or later" in message
    assert "pip install 'repalign[gpu]'" in message
    assert "set resources.device: cpu in config/config.yaml" in message


def test_without_a_gpu_the_error_says_what_to_do():
    torch = pytest.importorskip("torch", exc_type=ImportError)
    if gpu(torch):
        pytest.skip("there is a GPU")
    with pytest.raises(RepalignError) as error:
        check_device("cuda")
    assert "no GPU that PyTorch" in str(error.value)
    assert "set resources.device: cpu in config/config.yaml" in str(error.value)


def test_other_devices_are_refused():
    with pytest.raises(ValueError, match="'tpu'"):
        check_device("tpu")
