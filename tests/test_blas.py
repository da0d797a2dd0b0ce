"""The threads that multiply matrices: one within the context, as many as before behind it."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from plainfilm.io import blas


def counts() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["internal_api"] == "openblas"]


def test_products_take_one_thread_and_then_as_many_as_before() -> None:
    with threadpool_limits(3, user_api="blas"):
        before = counts()
        if 3 not in before:
            pytest.skip("no OpenBLAS")
        with blas.one_thread():
            assert 1 in counts()
        assert counts() == before


def test_another_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "NAMES", ("no_such_{}_function",))
    blas._controls.cache_clear()
    try:
        before = counts()
        with blas.one_thread():
            assert counts() == before
    finally:
        blas._controls.cache_clear()
