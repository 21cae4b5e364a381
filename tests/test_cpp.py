"""The C++ library: its own tests pass, and other projects use it, in C++ and in C.

They find it by CMake in an install prefix and in the wheel, by pkg-config, or have its source below their own.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simdnorm

ROOT = Path(__file__).resolve().parent.parent
PRESET = os.environ.get("SIMDNORM_TEST_PRESET")
"""Of somebody who builds it and runs its tests besides: once is enough."""
CONSUMER = ROOT / "tests" / "consumer"


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


@pytest.fixture(scope="module")
def installed(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix with the static library, and not the one that it was installed to: it may be moved."""
    directory = tmp_path_factory.mktemp("static")
    run("cmake", "--install", build, "--prefix", directory / "installed")
    return (directory / "installed").rename(directory / "moved")


@pytest.fixture(scope="module")
def below(generator: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build of a project that has the library below its own source, as a shared library; quick to compile."""
    directory = tmp_path_factory.mktemp("below")
    options = ["-DBUILD_SHARED_LIBS=ON", "-DSIMDNORM_ISAS=", "-DCMAKE_BUILD_TYPE=Debug", f"-DSIMDNORM_SOURCE={ROOT}"]
    run("cmake", *generator, "-S", CONSUMER, "-B", directory, *options)
    run("cmake", "--build", directory, "--parallel", "2")
    return directory


@pytest.fixture(scope="module")
def installed_shared(below: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    prefix = tmp_path_factory.mktemp("shared")
    run("cmake", "--install", below, "--prefix", prefix)
    return prefix


def check_consumer(generator: list[str], directory: Path, *where: str) -> None:
    run("cmake", *generator, "-S", CONSUMER, "-B", directory, "-DCMAKE_BUILD_TYPE=Release", *where)
    run("cmake", "--build", directory)
    run("ctest", "--test-dir", directory, "--output-on-failure", "--no-tests=error")


def check_pkg_config(prefix: Path, program: Path, *how: str) -> None:
    """A C compiler makes a program of the flags that pkg-config tells, and knows nothing of C++."""
    if shutil.which("pkg-config") is None or shutil.which("cc") is None:
        pytest.skip("pkg-config or a C compiler is not installed")
    (libraries,) = {file.parent for file in prefix.rglob("libsimdnorm.*") if file.suffix in (".a", ".so", ".dylib")}
    flags = run(
        "env", f"PKG_CONFIG_PATH={libraries / 'pkgconfig'}", "pkg-config", "--cflags", "--libs", *how, "simdnorm"
    )
    run("cc", "-std=c11", CONSUMER / "main.c", "-o", program, *flags.split(), f"-Wl,-rpath,{libraries}")
    run(program)


@pytest.mark.skipif(PRESET is not None, reason=f"ctest --preset {PRESET} runs them")
def test_cpp_tests_pass(build: Path) -> None:
    if "doctest_DIR:PATH=doctest_DIR-NOTFOUND" in (build / "CMakeCache.txt").read_text():
        pytest.skip("CMake does not find doctest (Debian: doctest-dev)")
    print(run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "--parallel", "2"))


def test_each_isa_object_exports_its_table_alone(build: Path) -> None:
    run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-R", "^symbols-of-")


def test_no_object_has_an_instruction_from_beyond_its_isa(build: Path) -> None:
    run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-R", "^instructions-of-")


def test_find_package_works_from_an_install_prefix(installed: Path, generator: list[str], tmp_path: Path) -> None:
    check_consumer(generator, tmp_path, f"-DCMAKE_PREFIX_PATH={installed}")


def test_find_package_works_with_a_shared_library(installed_shared: Path, generator: list[str], tmp_path: Path) -> None:
    check_consumer(generator, tmp_path, f"-DCMAKE_PREFIX_PATH={installed_shared}")


def test_add_subdirectory_works(below: Path) -> None:
    run("ctest", "--test-dir", below, "--output-on-failure", "--no-tests=error")


def test_pkg_config_works_with_a_static_library(installed: Path, tmp_path: Path) -> None:
    check_pkg_config(installed, tmp_path / "program", "--static")


def test_pkg_config_works_with_a_shared_library(installed_shared: Path, tmp_path: Path) -> None:
    check_pkg_config(installed_shared, tmp_path / "program")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads symbols as Linux has them")
def test_a_shared_library_exports_what_the_headers_mark_and_nothing_else(installed_shared: Path) -> None:
    (library,) = (file for file in installed_shared.rglob("libsimdnorm.so.*") if not file.is_symlink())
    symbols = run("nm", "--dynamic", "--defined-only", "--demangle", "--format=posix", library).splitlines()
    exported = {re.sub(r"^simdnorm::Status (?=simdnorm::)", "", symbol) for symbol in symbols}
    headers = "".join(file.read_text() for file in (ROOT / "cpp" / "include" / "simdnorm").glob("*.h*"))
    marked = re.findall(r"^SIMDNORM_API .*?(\w+)\(", headers, re.M)
    expected = {name if name.startswith("simdnorm_") else f"simdnorm::{name}" for name in marked}
    assert {re.split("[<( ]", symbol)[0] for symbol in exported} == expected


@pytest.mark.skipif(simdnorm.backend() != "native", reason="installed without the native library")
def test_find_package_works_from_the_wheel(generator: list[str], tmp_path: Path) -> None:
    check_consumer(generator, tmp_path, f"-Dsimdnorm_DIR={simdnorm.get_cmake_dir()}")
