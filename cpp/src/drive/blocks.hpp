// In how many blocks rows are summed: by shape alone. The sums of blocks are folded in their order, so the bits of
// every sum over rows rest on this file, and nothing here may ask who does the work.
#pragma once

#include "problem.hpp"

namespace simdnorm {
namespace {

constexpr Index kMostBlocks = 32;  // enough for that many threads, few enough for cheap folds

constexpr Index kBlockBytes = 1024 * 1024;  // of all blocks' sums of parameters' gradients

/// Blocks of rows of `n` whose parameters' gradients are summed, at most.
inline Index most_row_blocks(Index n) {
  const Index in_memory = kBlockBytes / (2 * static_cast<Index>(sizeof(double)) * larger(n, 1));
  return larger(smaller(in_memory, kMostBlocks), 1);
}

constexpr Index kBlockLines = 512;

/// Blocks of the rows of columns, `abreast` in a line.
inline Index line_blocks(Index rows, Index abreast) {
  return smaller(kMostBlocks, ceil_div(rows, kBlockLines * abreast));
}

}  // namespace
}  // namespace simdnorm
