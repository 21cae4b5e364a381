"""What pip installs where there is no compiler, and what the commands of an installation say."""

import os
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

import simdnorm

ROOT = Path(__file__).resolve().parent.parent


def build_without_compiler(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Make a wheel of this source as pip does, with what builds it from this environment."""
    for package in ("pip", "scikit_build_core", "pybind11"):
        try:
            distribution(package)  # to look for modules would import setuptools, which warns where distutils is there
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed")
    command = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", "-w", directory, ROOT]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIMDNORM_")}
    missing = {"CXX": str(directory / "no-such-compiler"), "CMAKE_GENERATOR": "Ninja"}
    return subprocess.run(
        command, env=kept | missing | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_without_a_compiler_the_reference_is_installed_and_that_is_said_once(tmp_path: Path) -> None:
    build = build_without_compiler(tmp_path)
    assert build.returncode == 0, build.stdout
    assert build.stdout.count("simdnorm was installed WITHOUT its native kernels") == 1

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = "import numpy, simdnorm; print(simdnorm.layer_norm(numpy.ones((1, 2)), 2).shape)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "SIMDNORM_BACKEND": ""}
    used = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert used.stdout.strip() == "(1, 2)", used.stderr
    assert used.stderr.count("installed without its native kernels") == 1


def test_without_a_compiler_nothing_is_installed_where_the_kernels_are_required(tmp_path: Path) -> None:
    build = build_without_compiler(tmp_path, SIMDNORM_REQUIRE_NATIVE="1")
    assert build.returncode != 0
    assert "SIMDNORM_REQUIRE_NATIVE asks for them" in build.stdout
    assert not list(tmp_path.glob("*.whl"))


def test_the_benchmark_program_runs_or_says_why_it_is_not_there() -> None:
    code = "import sys; from simdnorm._bench import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "--benchmark_list_tests", "--benchmark_filter=rms_norm"]
    result = subprocess.run(command, capture_output=True, text=True)
    if (Path(simdnorm.__file__).parent / "bin").is_dir():
        # Google Benchmark adds how it takes the time.
        assert "rms_norm_forward/256x768/float32/threads:1/manual_time" in result.stdout.splitlines(), result.stderr
    else:
        assert (result.returncode, result.stdout) == (1, "")
        assert "Google Benchmark" in result.stderr
