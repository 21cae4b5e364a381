"""Threads, instruction sets and the command line behave as they say."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

import simdnorm
from norms import NATIVE_ISAS, needs_native, run_python
from simdnorm import _backend
from simdnorm._openmp import loaded_runtimes

INSTALLED = pathlib.Path(simdnorm.__file__).is_relative_to(sysconfig.get_path("platlib"))
X = np.random.default_rng(0).normal(size=(512, 768)).astype(np.float32)


@pytest.fixture(autouse=True)
def unchanged_threads():
    before = simdnorm.get_num_threads()
    yield
    simdnorm.set_num_threads(before)


@pytest.mark.parametrize(
    ("n", "error"),
    [(0, ValueError), (-1, ValueError), (-(10**30), ValueError), (1.5, TypeError), (2.0, TypeError), ("a", TypeError),
     (True, TypeError), (np.True_, TypeError), (None, TypeError)],
)  # fmt: skip
def test_a_bad_number_of_threads_is_refused_and_changes_nothing(isa, n, error):
    simdnorm.set_num_threads(2)
    for setting in (simdnorm.set_num_threads, simdnorm.threads):
        with pytest.raises(error, match="n must be"):
            setting(n)
        assert simdnorm.get_num_threads() == 2


def test_the_number_of_threads_is_what_was_set(isa):
    for n in (1, 2, np.int64(3)):
        simdnorm.set_num_threads(n)
        assert simdnorm.get_num_threads() == n


def test_a_huge_number_of_threads_is_clamped(isa):
    simdnorm.set_num_threads(10**30)
    assert 1 <= simdnorm.get_num_threads() < 2**31
    simdnorm.layer_norm(X[:4], 768)


def test_threads_sets_the_number_for_a_while(isa):
    simdnorm.set_num_threads(3)
    with simdnorm.threads(2) as outer:
        assert simdnorm.get_num_threads() == 2
        with simdnorm.threads(1):
            assert simdnorm.get_num_threads() == 1
        with outer:  # the same object once more
            assert simdnorm.get_num_threads() == 2
        assert simdnorm.get_num_threads() == 2
    with pytest.raises(KeyError), simdnorm.threads(1):
        raise KeyError
    assert simdnorm.get_num_threads() == 3


def test_use_isa_sets_the_kernels_for_a_while():
    before = simdnorm.isa()
    assert before in simdnorm.available_isas()
    for name in simdnorm.available_isas():
        with simdnorm.use_isa(name):
            assert simdnorm.isa() == name
        with pytest.raises(KeyError), simdnorm.use_isa(name):
            raise KeyError
        assert simdnorm.isa() == before


def test_an_isa_that_is_not_there_is_refused_with_those_that_are(isa):
    with pytest.raises(ValueError, match=f"'sse9' is not available here, expected one of .*{isa}"):
        simdnorm.use_isa("sse9")
    with pytest.raises(TypeError, match="name must be a str"):
        simdnorm.use_isa(None)
    assert simdnorm.isa() == isa


@needs_native
@pytest.mark.parametrize("name", NATIVE_ISAS)
def test_simdnorm_isa_chooses_the_kernels(name):
    result = run_python("import simdnorm; print(simdnorm.isa())", SIMDNORM_ISA=name)
    assert result.stdout.strip() == name and not result.stderr


@pytest.mark.parametrize("backend", ["", "numpy"])
def test_a_simdnorm_isa_that_is_not_there_is_warned_of_once(backend):
    code = "import simdnorm; import simdnorm.runtime; print(simdnorm.isa())"
    result = run_python(code, SIMDNORM_ISA="sse9", SIMDNORM_BACKEND=backend)
    assert result.stdout.strip() in ("numpy", *NATIVE_ISAS)
    assert result.stderr.count("RuntimeWarning: SIMDNORM_ISA is 'sse9'") == 1


def test_simdnorm_backend_chooses_the_backend():
    code = "import simdnorm; print(simdnorm.backend(), simdnorm.isa())"
    assert run_python(code, SIMDNORM_BACKEND="numpy").stdout.split() == ["numpy", "numpy"]
    native = run_python(code, SIMDNORM_BACKEND="native")
    if simdnorm.backend() == "native":
        assert native.stdout.split()[0] == "native"
    elif not os.environ.get("SIMDNORM_BACKEND"):
        assert "No module named 'simdnorm._core'" in native.stderr
    wrong = run_python(code, SIMDNORM_BACKEND="gpu")
    assert wrong.returncode != 0 and "SIMDNORM_BACKEND is 'gpu'" in wrong.stderr


def test_importing_prints_nothing_and_needs_numpy_alone():
    code = (
        "import sys, simdnorm\n"
        "print(sorted({'ml_dtypes', 'rich', 'torch', 'matplotlib', 'sklearn', 'threadpoolctl'} & set(sys.modules)))"
    )
    result = run_python(code, SIMDNORM_BACKEND=simdnorm.backend())
    assert result.stdout.strip() == "[]" and not result.stderr


@needs_native
@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this interpreter cannot do without a GIL")
def test_importing_gives_no_gil_to_an_interpreter_without_one():
    result = run_python("import sys, simdnorm; print(sys._is_gil_enabled(), simdnorm.backend())", PYTHON_GIL="")
    assert result.stdout.split() == ["False", "native"] and not result.stderr


@needs_native
@pytest.mark.parametrize("n", [1, 3, 5])
def test_omp_num_threads_is_the_default_thread_count(n):
    result = run_python("import simdnorm; print(simdnorm.get_num_threads())", OMP_NUM_THREADS=str(n))
    assert result.stdout.strip() == str(n)


@needs_native
def test_a_limit_of_threadpoolctl_is_obeyed_while_it_lasts():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    simdnorm.set_num_threads(3)
    simdnorm.layer_norm(X, 768)
    for limit in (1, 2):
        with threadpoolctl.threadpool_limits(limit, user_api="openmp"):
            assert simdnorm.get_num_threads() == limit
            assert simdnorm.runtime.config()["threads_reason"] == "a limit set in OpenMP"
            simdnorm.set_num_threads(5)  # who limits and then asks for more is asked for more
            assert simdnorm.get_num_threads() == 5
            simdnorm.set_num_threads(3)
    assert simdnorm.get_num_threads() == 3


@needs_native
def test_info_says_what_decided_the_threads_and_the_kernels():
    code = """
import os, simdnorm
def say():
    config = simdnorm.runtime.config()
    print(config["isa_reason"], config["threads_reason"], sep="|", flush=True)
say()
simdnorm.set_num_threads(2)
with simdnorm.use_isa("portable"): pass
say()
if os.fork() == 0:
    say()
    os._exit(0)
os.wait()
"""
    told = run_python(code, SIMDNORM_ISA="portable", OMP_NUM_THREADS="2").stdout.splitlines()
    child = "use_isa|a forked process is serial"
    assert told == ["SIMDNORM_ISA|OMP_NUM_THREADS", "use_isa|set_num_threads", child]
    assert run_python(code, SIMDNORM_ISA="").stdout.startswith("the widest here|")


@needs_native
def test_info_names_the_openmp_runtimes_that_are_loaded_and_the_one_that_answers(tmp_path):
    config = simdnorm.runtime.config()
    if config["openmp"]:
        assert config["openmp_library"] in config["loaded_openmp"]
    maps = tmp_path / "maps"
    maps.write_text(
        "7f00-7f01 r--p 00000000 08:01 1    /usr/lib/libgomp.so.1.0.0\n"
        "7f01-7f02 r-xp 00001000 08:01 1    /usr/lib/libgomp.so.1.0.0\n"
        "7f03-7f04 r-xp 00000000 08:01 2    /a dir/torch/lib/libgomp-1a2b.so.1\n"
        "7f05-7f06 r-xp 00000000 08:01 3    /opt/libiomp5.so\n"
        "7f07-7f08 r-xp 00000000 08:01 4    /opt/llvm/libomp.so.5\n"
        "7f09-7f0a r-xp 00000000 08:01 5    /opt/libompl.txt\n"
        "7f0b-7f0c rw-p 00000000 00:00 0\n"
    )
    assert loaded_runtimes(str(maps)) == [
        "/a dir/torch/lib/libgomp-1a2b.so.1",
        "/opt/libiomp5.so",
        "/opt/llvm/libomp.so.5",
        "/usr/lib/libgomp.so.1.0.0",
    ]
    assert loaded_runtimes(str(tmp_path / "none")) == []


def test_info_says_what_show_config_says(capsys):
    from simdnorm.__main__ import main

    assert main(["info", "--json"]) == 0
    config = json.loads(capsys.readouterr().out)
    assert config["backend"] == simdnorm.backend() and config["available_isas"] == simdnorm.available_isas()
    assert main(["info"]) == 0
    info = capsys.readouterr().out
    simdnorm.show_config()
    assert info == capsys.readouterr().out
    assert all(key in info for key in config)


@pytest.mark.skipif(not INSTALLED, reason="a package with a module from elsewhere has nothing else")
@pytest.mark.parametrize("where", ["get_include", "get_cmake_dir"])
def test_the_directories_of_the_cpp_package_hold_it_or_an_error_says_so(where):
    witness = {"get_include": "simdnorm/simdnorm.hpp", "get_cmake_dir": "simdnormConfig.cmake"}[where]
    try:
        directory = getattr(simdnorm, where)()
    except FileNotFoundError as error:
        assert witness in str(error)
        assert simdnorm.backend() == "numpy"
    else:
        assert os.path.isfile(os.path.join(directory, witness))


def test_the_version_is_the_installed_one():
    assert simdnorm.__version__ == _backend.kernels.build_info()["version"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        simdnorm.nothing  # noqa: B018


def test_an_installation_without_kernels_says_so_unless_it_is_meant(tmp_path):
    package = pathlib.Path(simdnorm.__file__).parent
    shutil.copytree(package, tmp_path / "simdnorm", ignore=shutil.ignore_patterns("_core.*so", "_core.*pyd", "lib"))

    def import_it(**environment):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIMDNORM_")}
        code = "import simdnorm; print(simdnorm.backend())"
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**kept, "PYTHONPATH": str(tmp_path), **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )

    fallen_back = import_it()
    assert fallen_back.stdout == "numpy\n"
    assert fallen_back.stderr.count("RuntimeWarning: simdnorm was installed without its native kernels") == 1
    assert import_it(SIMDNORM_BACKEND="numpy").stderr == ""
