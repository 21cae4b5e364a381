#!/usr/bin/env bash
# Builds for 64-bit Arm, runs the C++ tests under qemu-user, and compares NEON's results with this machine's bit for bit.
# Debian: gcc-aarch64-linux-gnu g++-aarch64-linux-gnu qemu-user doctest-dev; cmake and ninja.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}

cmake --preset aarch64
cmake --build --preset aarch64
ctest --preset aarch64

cmake --preset release
cmake --build --preset release --target simdnorm-fingerprint

here=build/release/tests/cpp/simdnorm-fingerprint
there=(qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64/tests/cpp/simdnorm-fingerprint)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

"${there[@]}" neon >"$results/neon"
[ -s "$results/neon" ]
compared=0
for isa in $("$here"); do
  "$here" "$isa" >"$results/$isa"
  if ! diff "$results/$isa" "$results/neon"; then
    echo "NEON and $isa differ: the lines above are hashes of the outputs" >&2
    exit 1
  fi
  echo "same bits: NEON and $isa, $(wc -l <"$results/neon") cases"
  compared=$((compared + 1))
done
[ "$compared" -gt 0 ] || echo "no ISA with a hardware fma on this machine: NEON was not compared"
