"""How long something takes, the accelerator's work included."""

import time
from collections.abc import Callable

import torch


class Clock:
    """Times a call. On CUDA the device is waited for before and after; on the CPU the time that
    the processor spent on this process is given too, which other work does not lengthen."""

    def __init__(self, device: torch.device):
        self.device = device

    def time(self, call: Callable[[], object]) -> dict[str, float]:
        """{"seconds"} of wall clock and, on the CPU, {"cpu_seconds"} summed over the threads."""
        self._wait()
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        self._wait()
        times = {"seconds": time.perf_counter() - wall}
        if self.device.type == "cpu":
            times["cpu_seconds"] = time.process_time() - cpu
        return times

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
