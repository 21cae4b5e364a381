#!/usr/bin/env bash
# Which lines of C++ and Python the tests of both languages reach; arguments go to pytest. Needs GCC, cmake, ninja, and an
# environment with what the tests import, coverage and gcovr; simdnorm itself is taken from here.
set -euo pipefail
cd "$(dirname "$0")/.."
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}

cmake --preset coverage -DPython_EXECUTABLE="$(command -v python)" -Dpybind11_DIR="$(python -m pybind11 --cmakedir)"
cmake --build --preset coverage
find build/coverage -name '*.gcda' -delete
SIMDNORM_TEST_ONE_OF=13 ctest --preset coverage -E symbols-of  # what counts are symbols, too

package=build/coverage/package
rm -rf "$package"
mkdir "$package"
cp -r python/simdnorm "$package"
cp build/coverage/cpp/_core*.so "$package/simdnorm"
export PYTHONPATH=$package
# Much is tested in processes of its own, which are measured too.
printf '[run]\nbranch = true\nparallel = true\npatch = subprocess\nsource = %s\n' "$package/simdnorm" >build/coverage/.coveragerc
export COVERAGE_RCFILE=$PWD/build/coverage/.coveragerc COVERAGE_FILE=$PWD/build/coverage/.coverage
python -m coverage run -m pytest --ignore tests/test_cpp.py "$@"
python -m coverage combine --quiet
python -m coverage report --show-missing --skip-covered

gcovr --root . --filter cpp/ --merge-lines --txt
