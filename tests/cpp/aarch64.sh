#!/usr/bin/env bash
# Builds for 64-bit Arm and runs the C++ tests under qemu-user. One of them is `golden`: NEON gives the golden results,
# bit for bit, as every ISA of this machine with a hardware fma must.
# Debian: gcc-aarch64-linux-gnu g++-aarch64-linux-gnu qemu-user doctest-dev; cmake and ninja.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}

cmake --preset aarch64
cmake --build --preset aarch64
cmake --preset release
cmake --build --preset release --target simdnorm-fingerprint simdnorm-tests

ctest --preset aarch64 && ctest --preset release --tests-regex '^golden$' && exit

echo "The cases that NEON (>) and the ISAs of this machine (<) do not agree on, with hashes of their outputs:" >&2
here=build/release/tests/cpp/simdnorm-fingerprint
there=(qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64/tests/cpp/simdnorm-fingerprint)
for isa in $("$here"); do diff <("$here" "$isa") <("${there[@]}" neon) >&2 || :; done
exit 1
