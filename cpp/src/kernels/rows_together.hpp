// Rows, forward, where an item is one row of neighbours: several rows together, each step for all of them. Between the
// steps they stay in the first cache; what is scalar in a row runs in lanes; and in the last step four rows share what
// they load of weight and bias.
#pragma once

#include "kernels/rows_affine.hpp"
#include "kernels/rows_moments.hpp"
#include "kernels/send.hpp"
#include "kernels/xhat.hpp"

namespace simdnorm {
namespace {

constexpr Index kTogether = 3072;  // elements
constexpr int kSideBySide = 4;

/// From the moments of items that share statistics to how they are standardized.
template <class E>
SIMDNORM_APART Standardizer<Compute<E>> finish(const RowsForward<E>& op, Index g, const GrowingMoments& grown) {
  return finished_or_retaken(grown.moments, grown.count, op.about, op.eps, op.saved, g, [&](auto take) {
    for_chunks(op, g, [&](const Chunk& chunk, Index, Index) {
      for (Index s = 0; s < chunk.segments; ++s) {
        const auto [at, length] = chunk.run(s);
        for (Index i = 0; i < length; ++i) take(static_cast<double>(widened(op.x[at + i])));
      }
    });
  });
}

/// Rows that are taken together. Long ones leave the first cache between the steps, and the longest would the second.
inline Index together(Index n) {
  if (2 * kSideBySide * n <= kTogether) return 2 * kSideBySide;
  return n <= 4 * kTogether ? kSideBySide : 1;
}

template <class E>
SIMDNORM_INLINE inline MomentLanes moments_of(const RowsForward<E>& op, Index row, Index count) {
  const Index n = op.rows.length;
  const E* x = op.x + row * n;
  const E* soon = op.y && !op.stream ? op.y + row * n : x;
  if (op.residual.summed) add_residual(op.residual, {row * n, 1, count * n, 0, 0, count * n});
  MomentLanes moments;
  for (Index at = 0; at < n; at += kChunk<Compute<E>>) {
    const Index length = smaller(n - at, kChunk<Compute<E>>);
    ChunkSumLanes sums;
    for (Index r = 0; r < count; ++r) {
      const Chunk chunk = {r * n + at, 1, length, 0, 0, length};
      sums.set(r, chunk_sums(op.about, x, soon, chunk));
    }
    for (Index r = count; r < kItemLanes; ++r) sums.set(r, ChunkSums<Compute<E>>{});
    moments.take(sums, length);
  }
  return moments;
}

/// How rows are standardized: the ordinary ones in lanes, each of the others by itself.
template <class E>
struct RowStandards {
  using T = Compute<E>;
  StandardizerLanes<T> lanes;
  Standardizer<T> rare[kItemLanes];

  RowStandards(const RowsForward<E>& op, Index row, Index count, const MomentLanes& moments) : lanes(moments, op.eps) {
    for (Index r = 0; r < count; ++r) {
      if (lanes.rare[r] || op.saved.statistics) {
        rare[r] = finish(op, row + r, {moments.at(r), moments.count});
        continue;
      }
      if (op.saved.mean) op.saved.mean[row + r] = lanes.mean[r];
      if (op.saved.rstd) op.saved.rstd[row + r] = lanes.rstd[r];
    }
  }
  bool are_ordinary(Index begin, Index end) const {
    bool all = true;
    for (Index r = begin; r < end; ++r) all &= lanes.rare[r] == 0;
    return all;
  }
  Xhat<T> xhat(Index r) const {
    return {broadcast<T>(lanes.mean[r]), broadcast<T>(lanes.rstd[r]), broadcast<T>(lanes.shift[r])};
  }
};

/// By value, so that all of it can stay in registers whatever y overlaps.
template <int M, class XhatOf>
struct SideBySide {
  XhatOf of[M];
};

/// Columns [begin, end) of rows from `row` on, and where their y goes: rows `out_stride` apart.
template <class E>
struct Piece {
  Index row, begin, end;
  E* out;
  Index out_stride;

  Piece from(Index r) const { return {row + r, begin, end, out + r * out_stride, out_stride}; }
};

/// y = xhat * weight + bias of the first M rows. Only rows that share their parameters go together.
template <int M, class E, class Write, class XhatOf>
SIMDNORM_INLINE inline void write_rows(const RowsForward<E>& op, const Piece<E>& piece, Write write,
                                       SideBySide<M, XhatOf> xhats) {
  using T = Compute<E>;
  const Index n = op.rows.length, out_stride = piece.out_stride, ahead = together(n) * n;
  const E* x = op.x + piece.row * n + piece.begin;
  E* y = piece.out;
  with_affine(op, piece.row, piece.begin, [&](auto affine) SIMDNORM_INLINE {
    map_aligned(y, piece.end - piece.begin, [=](Index i, auto lanes) SIMDNORM_INLINE {
      const Affinely<T> affinely = affine(i, lanes);
      SIMDNORM_UNROLL
      for (int r = 0; r < M; ++r) {
        if constexpr (Write::kFar) prefetch(x + r * n + i, ahead);
        write(y + r * out_stride + i, affinely(xhats.of[r](load(x + r * n + i, lanes))), lanes);
      }
    });
  });
}

/// `count` rows.
template <class E, class Write>
SIMDNORM_INLINE inline void write_piece(const RowsForward<E>& op, const Piece<E>& piece, Index count,
                                        const RowStandards<E>& rows, Write write) {
  using T = Compute<E>;
  for (Index r = 0; r < count;) {
    if (op.along == Along::reduced && r + kSideBySide <= count && rows.are_ordinary(r, r + kSideBySide)) {
      write_rows(op, piece.from(r), write,
                 SideBySide<4, Xhat<T>>{{rows.xhat(r), rows.xhat(r + 1), rows.xhat(r + 2), rows.xhat(r + 3)}});
      r += kSideBySide;
      continue;
    }
    if (rows.are_ordinary(r, r + 1)) {
      write_rows(op, piece.from(r), write, SideBySide<1, Xhat<T>>{{rows.xhat(r)}});
    } else {
      write_rows(op, piece.from(r), write, SideBySide<1, PrescaledXhat<T>>{{PrescaledXhat<T>(rows.rare[r])}});
    }
    ++r;
  }
}

/// The same by way of a buffer that stays in the first cache, from which whole lines are sent past the caches.
template <class E>
SIMDNORM_INLINE inline void send_rows(const RowsForward<E>& op, Index row, Index count, const RowStandards<E>& rows) {
  alignas(kPackBytes) E buffer[kTogether];
  const Index n = op.rows.length, width = smaller(kTogether / count, n);
  for (Index at = 0; at < n; at += width) {
    const Index until = smaller(n, at + width);
    write_piece(op, {row, at, until, buffer, until - at}, count, rows, ThroughCachesFromAfar{});
    send_lines(op.y + row * n + at, n, buffer, until - at, count);
  }
}

/// Rows [begin, end) from x to y.
template <class E>
void plain_rows_forward(const RowsForward<E>& op, Index begin, Index end) {
  const Index n = op.rows.length;
  const auto each = [&](auto write) SIMDNORM_INLINE {
    for (Index row = begin; row < end; row += together(n)) {
      const Index count = smaller(together(n), end - row);
      write(row, count, RowStandards<E>(op, row, count, moments_of(op, row, count)));
    }
  };
  if constexpr (kStreams) {
    if (op.stream && sends_rows<E>(n)) {
      each([&](Index row, Index count, const RowStandards<E>& rows)
               SIMDNORM_INLINE { send_rows(op, row, count, rows); });
      return stream_fence();
    }
  }
  with_writer(op.stream, op.far, [&](auto write) {
    each([&](Index row, Index count, const RowStandards<E>& rows) SIMDNORM_INLINE {
      write_piece(op, {row, 0, n, op.y + row * n, n}, count, rows, write);
    });
  });
}

}  // namespace
}  // namespace simdnorm
