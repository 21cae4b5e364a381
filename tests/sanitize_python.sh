#!/usr/bin/env bash
# Runs Python tests on an extension module with the address and undefined behaviour sanitizers; arguments go to pytest.
# Needs GCC, cmake, ninja, and an environment with what the tests import and pybind11; simdnorm itself is taken from here.
set -euo pipefail
cd "$(dirname "$0")/.."
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}

cmake --preset sanitize -DSIMDNORM_BUILD_PYTHON=ON -DPython_EXECUTABLE="$(command -v python)" \
  -Dpybind11_DIR="$(python -m pybind11 --cmakedir)"
cmake --build --preset sanitize --target _core

package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
cp -r python/simdnorm "$package"
cp build/sanitize/cpp/_core*.so "$package/simdnorm"

# The interpreter knows no sanitizer: its runtime is loaded before all else, and with it the library of C++, whose
# exceptions it watches. At the end the interpreter keeps what it has, which would count as leaks. A failed allocation
# is MemoryError, and a process that touches a fence dies of it, as they do without. Python's own pools would hide from
# the sanitizer where objects begin and end.
export LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:handle_segv=0
export PYTHONMALLOC=malloc PYTHONPATH="$package"
python -c 'import simdnorm; assert simdnorm.backend() == "native", simdnorm.__file__'
python -m pytest "$@"
