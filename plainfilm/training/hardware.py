"""What the machine offers: the device, the arithmetic, the memory allocator, the end of a process."""

import ctypes
import signal
import sys

import torch

from plainfilm.errors import TrainingError

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h
PR_SET_PDEATHSIG = 1  # of Linux' sys/prctl.h


def find_device(local_rank: int = 0) -> torch.device:
    """CUDA where there is one (of several processes on a machine, to each its own), else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", local_rank)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def resolve_precision(wanted: str, device: torch.device) -> str:
    """The arithmetic of convolutions: `wanted`, or for "auto" bfloat16 where the hardware multiplies it natively.

    Raises TrainingError for bfloat16 or float16 where the device computes it slower than float32, or not at all.
    """
    if device.type == "cuda":
        native = {"bfloat16": torch.cuda.is_bf16_supported(including_emulation=False), "float16": True}
    elif device.type == "mps":
        native = {"bfloat16": False, "float16": True}
    else:
        capabilities = torch.cpu.get_capabilities()
        native = {
            "bfloat16": bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")),
            "float16": bool(capabilities.get("amx_fp16")),
        }
    if wanted == "auto":
        return "bfloat16" if native["bfloat16"] else "float32"
    if not native.get(wanted, True):
        raise TrainingError("precision-not-native", wanted=wanted, device=device.type)
    return wanted


def keep_freed_memory() -> None:
    """Tell glibc to keep large freed blocks: given back after each step, their page faults cost a fifth of the time."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(M_MMAP_MAX, 0)
            mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def die_with_parent() -> None:
    """Have Linux kill this process once the one that started it ends, in whatever way."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
