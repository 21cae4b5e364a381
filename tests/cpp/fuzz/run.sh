#!/usr/bin/env bash
# Lets libFuzzer look for a call of the C++ API that breaks a promise; arguments go to libFuzzer, build/corpus keeps what
# it found worth trying. A failure ends with the bytes of its input, which then belong into tests/cpp/fuzz/regressions.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}

cmake --preset fuzz
cmake --build --preset fuzz --target simdnorm-fuzz
mkdir -p build/corpus
# An input says how it is called, threads and ISA too, in at most so many bytes.
build/fuzz/tests/cpp/simdnorm-fuzz -max_len=64 -artifact_prefix=build/ "$@" build/corpus tests/cpp/fuzz/regressions
