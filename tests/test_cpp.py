"""The C++ library: its own tests pass, and other projects find it, from an install prefix and from the wheel."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import simdnorm

ROOT = Path(__file__).resolve().parent.parent
PRESET = os.environ.get("SIMDNORM_TEST_PRESET")
"""Of somebody who builds it and runs its tests besides: once is enough."""


def run(*command: object) -> str:
    """Run a command; what it printed is the message when it fails."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def generator() -> list[str]:
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    if not any(shutil.which(compiler) for compiler in ("c++", "g++", "clang++")):
        pytest.skip("no C++ compiler is installed")
    return ["-G", "Ninja"] if shutil.which("ninja") else []


@pytest.fixture(scope="module")
def build(generator: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, and its tests where doctest is installed."""
    if PRESET:
        run("cmake", *generator, "-S", ROOT, "--preset", PRESET)
        run("cmake", "--build", ROOT / "build" / PRESET)
        return ROOT / "build" / PRESET
    directory = tmp_path_factory.mktemp("cpp")
    run("cmake", *generator, "-S", ROOT, "-B", directory, "-DCMAKE_BUILD_TYPE=Release", "-DSIMDNORM_BUILD_TESTS=ON")
    run("cmake", "--build", directory, "--parallel", "2")
    return directory


def check_consumer(generator: list[str], directory: Path, *where: str) -> None:
    run("cmake", *generator, "-S", ROOT / "tests" / "consumer", "-B", directory, "-DCMAKE_BUILD_TYPE=Release", *where)
    run("cmake", "--build", directory)
    run("ctest", "--test-dir", directory, "--output-on-failure", "--no-tests=error")


@pytest.mark.skipif(PRESET is not None, reason=f"ctest --preset {PRESET} runs them")
def test_cpp_tests_pass(build: Path) -> None:
    if "doctest_DIR:PATH=doctest_DIR-NOTFOUND" in (build / "CMakeCache.txt").read_text():
        pytest.skip("CMake does not find doctest (Debian: doctest-dev)")
    print(run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "--parallel", "2"))


def test_each_isa_object_exports_its_table_alone(build: Path) -> None:
    run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-R", "^symbols-of-")


def test_find_package_works_from_an_install_prefix(build: Path, generator: list[str], tmp_path: Path) -> None:
    run("cmake", "--install", build, "--prefix", tmp_path / "prefix")
    check_consumer(generator, tmp_path / "build", f"-DCMAKE_PREFIX_PATH={tmp_path / 'prefix'}")


@pytest.mark.skipif(simdnorm.backend() != "native", reason="installed without the native library")
def test_find_package_works_from_the_wheel(generator: list[str], tmp_path: Path) -> None:
    check_consumer(generator, tmp_path / "build", f"-Dsimdnorm_DIR={simdnorm.get_cmake_dir()}")
