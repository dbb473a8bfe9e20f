"""A system clock of one process alone that a test may step: C, put before that of libc."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static long long *step;

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("STEPPED_CLOCK");
  int file = name ? open(name, O_RDONLY) : -1;
  void *found = file < 0 ? MAP_FAILED : mmap(0, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
  if (found != MAP_FAILED) step = found;
}

int clock_gettime(clockid_t which, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int told = real(which, at);
  if (!told && which == CLOCK_REALTIME && step) at->tv_sec += *step;
  return told;
}

int gettimeofday(struct timeval *at, void *zone) {
  struct timespec now;
  (void)zone;
  int told = clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return told;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
"""


class SteppedClock:
    """Its process reads the time of the machine, and so many seconds more or less."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
        if compiler is None:
            pytest.skip("no C compiler")
        source, self._library = folder / "stepped.c", folder / "stepped.so"
        source.write_text(_SOURCE, encoding="ascii")
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-o", str(self._library), str(source), "-ldl"],
            check=True,
        )
        self._file = folder / "step"
        self.step(0)

    @property
    def environment(self) -> dict[str, str]:
        """What puts it before the clock of a process."""
        return {"LD_PRELOAD": str(self._library), "STEPPED_CLOCK": str(self._file)}

    def step(self, seconds: int) -> None:
        """Set how far it is from the machine's clock."""
        # in place: the process has it mapped
        with open(self._file, "r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))
