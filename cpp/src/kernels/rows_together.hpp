// Rows, forward, where an item is one row of neighbours: several rows together, each step for all of them. Between the
// steps they stay in the first cache; what is scalar in a row runs in lanes; and in the last step four rows share what
// they load of weight and bias.
#pragma once

#include "kernels/row_sender.hpp"
#include "kernels/rows_affine.hpp"
#include "kernels/rows_standards.hpp"

namespace simdnorm {
namespace {

/// Rows that are taken together; of the longest, four would leave the second cache between the steps.
template <class E>
inline Index forward_together(Index n) {
  constexpr Index most = 12 * 1024 / static_cast<Index>(sizeof(E));
  return n <= 4 * most ? together(n, most) : 1;
}

/// By value, so that all of it can stay in registers whatever y overlaps.
template <int M, class XhatOf>
struct SideBySide {
  XhatOf of[M];
};

/// y = xhat * weight + bias of M rows from `row` on. Only rows that share their parameters go together. Rows of y are
/// as far apart as those of x.
template <int M, class E, class Write, class XhatOf>
SIMDNORM_INLINE inline void write_rows(const RowsForward<E>& op, Index row, E* y, Write write,
                                       SideBySide<M, XhatOf> xhats) {
  const Index n = op.rows.length, ahead = forward_together<E>(n) * n;
  const E* x = op.x + row * n;
  with_affine(op, row, 0, [&](auto affine) SIMDNORM_INLINE {
    map_to(write, y, n, [=](Index i, auto lanes) SIMDNORM_INLINE {
      const Affinely<Compute<E>> affinely = affine(i, lanes);
      SIMDNORM_UNROLL
      for (int r = 0; r < M; ++r) {
        const Index k = r * n + i;
        if constexpr (Write::kFar) prefetch(x + k, ahead);
        write(y + k, affinely(xhats.of[r](load(x + k, lanes))), lanes);
      }
    });
  });
}

/// Rows [begin, end) of those in `rows`, to y.
template <class E, class Write>
SIMDNORM_INLINE inline void write_rows(const RowsForward<E>& op, const RowStandards<E>& rows, Index begin, Index end,
                                       E* y, Write write) {
  using T = Compute<E>;
  constexpr Index abreast = kSideBySide;
  const Index n = op.rows.length;
  const bool in_lines = !Write::kPast || in_step<E>(n);  // else each row has lines of its own
  const bool share = op.along == Along::reduced && in_lines;
  for (Index r = begin; r < end;) {
    const auto write_from_r = [&](auto xhats) SIMDNORM_INLINE {
      write_rows(op, rows.first + r, y + (r - begin) * n, write, xhats);
    };
    if (share && r + abreast <= end && rows.are_ordinary(r, r + abreast)) {
      write_from_r(SideBySide<abreast, Xhat<T>>{{rows.xhat(r), rows.xhat(r + 1), rows.xhat(r + 2), rows.xhat(r + 3)}});
      r += abreast;
      continue;
    }
    if (rows.are_ordinary(r, r + 1)) {
      write_from_r(SideBySide<1, Xhat<T>>{{rows.xhat(r)}});
    } else {
      write_from_r(SideBySide<1, PrescaledXhat<T>>{{PrescaledXhat<T>(rows.of_rare[r])}});
    }
    ++r;
  }
}

/// Rows [begin, end) from x to y.
template <class E>
void plain_rows_forward(const RowsForward<E>& op, Index begin, Index end) {
  const Index n = op.rows.length;
  const auto each = [&](auto write) SIMDNORM_INLINE {
    for (Index row = begin; row < end; row += forward_together<E>(n)) {
      const Index count = smaller(forward_together<E>(n), end - row);
      write(RowStandards<E>(op, row, count), count);
    }
  };
  if constexpr (kStreams) {
    if (op.stream && sends_rows(op.y, n)) {
      RowSender<E> sender(op.y + begin * n);
      each([&](const RowStandards<E>& rows, Index count) SIMDNORM_INLINE {
        for (Index r = 0; r < count; r += kSideBySide) {
          const Index until = smaller(r + kSideBySide, count);
          write_rows(op, rows, r, until, sender.room(), IntoBuffer{});
          sender.send((until - r) * n);
        }
      });
      return;
    }
  }
  with_writer(op.stream, op.far, [&](auto write) {
    each([&](const RowStandards<E>& rows, Index count) SIMDNORM_INLINE {
      write_rows(op, rows, 0, count, op.y + rows.first * n, write);
      if constexpr (write.kPast) prefetch_ends(op.y + (rows.first + count) * n, n, forward_together<E>(n));
    });
  });
}

}  // namespace
}  // namespace simdnorm
