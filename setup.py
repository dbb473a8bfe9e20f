"""Build the compiled kernels; everything else is in pyproject.toml."""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError

KERNELS = Path("src/cartwheel/stats/kernels")
# debugging symbols would be nine tenths of a wheel
FLAGS = [] if sys.platform == "win32" else ["-g0", "-O2"]


class BuildKernels(build_ext):
    """Compile the kernels, and name the missing compiler in one sentence."""

    def run(self) -> None:
        """Build, turning a missing compiler into one readable line."""
        # each kernel is a file of its own
        self.parallel = self.parallel or os.cpu_count()
        try:
            super().run()
        except (CCompilerError, ExecError, PlatformError, FileNotFoundError) as error:
            raise SystemExit(
                "cartwheel: building from source needs a C compiler and the Python headers "
                "(Debian: apt install gcc python3-dev; macOS: xcode-select --install; Windows: "
                f"Visual Studio Build Tools), or install a ready-made wheel instead. [{error}]"
            ) from None


setup(
    ext_modules=cythonize(
        [
            Extension(f"cartwheel.stats.kernels.{path.stem}", [str(path)], extra_compile_args=FLAGS)
            for path in sorted(KERNELS.glob("*.pyx"))
        ],
        language_level=3,
        compiler_directives={
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
            "embedsignature": True,
        },
    ),
    cmdclass={"build_ext": BuildKernels},
)
