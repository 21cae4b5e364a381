#!/usr/bin/env bash
# Runs the release build of the C++ tests under valgrind's memcheck, which sees what sanitizers do not: values that
# nothing has written. It knows no AVX-512, and tells the library so: this is the AVX2 path, and the portable one.
# The first argument is the share, one of so many problems.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
share=${1:-211}

cmake --preset release
cmake --build --preset release --target simdnorm-tests
# The others measure digits or set modes: valgrind's long double is a double, and it flushes no denormals.
for promise in status masks threads guard_page bits; do
  echo "valgrind: $promise"
  SIMDNORM_TEST_ONE_OF=$share OMP_NUM_THREADS=2 valgrind --quiet --error-exitcode=1 \
    build/release/tests/cpp/simdnorm-tests --source-file="*test_$promise.cpp"
done
