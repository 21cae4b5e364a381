// Rows, forward:
//
//   rstd = 1 / sqrt(m2 / n + eps)
//   y = ((x - mean) * rstd) * weight + bias
//
// Rows that are items go together, from x to y (rows_together.hpp). Of all others first the moments are taken, item by
// item, then y is written in the order of memory. An item whose squares overflow or vanish is taken again, in double.
#pragma once

#include "kernels/row_outputs.hpp"
#include "kernels/row_walk.hpp"
#include "kernels/rows_merge.hpp"
#include "kernels/rows_together.hpp"

namespace simdnorm {
namespace {

/// use(xhat), as the item's standardizer wants it.
template <class T, class Use>
SIMDNORM_INLINE inline void with_xhat(const Standardizer<T>& s, Use use) {
  if (s.prescale == T(1)) [[likely]] {
    use(Xhat<T>(s));
  } else {
    use(PrescaledXhat<T>(s));
  }
}

/// y of elements [begin, end).
template <class E, class Output>
SIMDNORM_INLINE inline void write_strip(const RowsForward<E>& op, Index begin, Index end, Index ahead,
                                        const Standardizer<Compute<E>>* standardizers, Output& output) {
  using T = Compute<E>;
  const E* all_x = op.x;  // local, as are the others: what is written may overlap anything
  const Index group = op.group;
  const Affine<T> affine = op.affine;
  const auto write = [&](const RowPart& row, auto affinely) SIMDNORM_INLINE {
    const E* x = all_x + row.at;
    with_xhat(standardizers[group == 1 ? row.item : row.item / group], [&](auto xhat) SIMDNORM_INLINE {
      output.row(row.at, row.length, [&](Index i, auto lanes) SIMDNORM_INLINE {
        if constexpr (Output::kFar) prefetch(x + i, ahead);
        return affinely(i, lanes)(xhat(load(x + i, lanes)));
      });
    });
  };
  if (op.along == Along::reduced && affine.weight) {
    for_rows(op.rows, begin, end,
             [&](const RowPart& row) SIMDNORM_INLINE { write(row, affine_along(affine, row.position)); });
  } else {
    for_rows(op.rows, begin, end, [&](const RowPart& row) SIMDNORM_INLINE {
      const Affinely<T> of_item = affine_of(affine, row.kept);
      write(row, [&](Index, auto) SIMDNORM_INLINE { return of_item; });
    });
  }
}

/// At most kRowsAbreast of them side by side, if all are ordinary.
template <class E>
inline void finish_abreast(const RowsForward<E>& op, Index first, Index n, const Moments* moments,
                           Standardizer<Compute<E>>* standardizers) {
  using T = Compute<E>;
  T mean[kRowsAbreast], rstd[kRowsAbreast], shift[kRowsAbreast];
  RowsAbreast groups;
  const MomentEntries entries = groups.whole;
  const Index count = op.group * op.rows.segments * op.rows.length, chunks = op.group * op.chunks.per_item;
  if (op.chunks.pieces == 1) {
    groups.merge(moments, n, chunks, [&](Index c) SIMDNORM_INLINE {
      return chunk_at<T>(op.rows, op.chunks, 0, c % op.chunks.per_item).count;
    });
  } else {
    for (Index i = 0; i < n; ++i) entries.set(i, merged(op, first + i, moments + i * chunks).moments);
  }
  const bool ordinary = standardize<T>(entries, 0, n, count, op.eps, {mean, rstd, shift}) == 0;
  for (Index i = 0; i < n; ++i) {
    const Index g = first + i;
    if (!ordinary) {
      standardizers[g] = finish(op, g, {entries.at(i), count});
      continue;
    }
    standardizers[g] = {T(1), mean[i], rstd[i], shift[i], T(0)};
    if (op.saved.mean) op.saved.mean[g] = mean[i];
    if (op.saved.rstd) op.saved.rstd[g] = rstd[i];
  }
}

// What the drivers call. Items that share statistics are counted as one, by `g`; chunks are counted through all items.

/// Of chunks [begin, end), for which there is room from `moments` on.
template <class E>
void rows_moments(const RowsForward<E>& op, Index begin, Index end, Moments* moments) {
  if (are_chunks(op.rows, op.chunks)) {
    const Index n = op.rows.length, abreast = forward_together<E>(n);
    for (Index row = begin; row < end; row += abreast) {
      const Index count = smaller(abreast, end - row);
      MomentLanes lanes = moments_of(op, row, count);
      for (Index r = 0; r < count; ++r) moments[row - begin + r] = lanes.entries().at(r);
    }
    return;
  }
  for (Index q = begin; q < end; ++q) {
    const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, q / op.chunks.per_item, q % op.chunks.per_item);
    if (chunk.count > 0) moments[q - begin] = chunk_moments(op, chunk);
  }
}

/// From the moments of all chunks of [begin, end) to how they are standardized.
template <class E>
void rows_finish(const RowsForward<E>& op, Index begin, Index end, const Moments* moments,
                 Standardizer<Compute<E>>* standardizers) {
  const Index chunks = op.group * op.chunks.per_item;
  if (op.rows.list || op.saved.statistics) {
    for (Index g = begin; g < end; ++g) {
      standardizers[g] = finish(op, g, merged(op, g, moments + (g - begin) * chunks));
    }
    return;
  }
  for (Index g = begin; g < end; g += kRowsAbreast) {
    finish_abreast(op, g, smaller(kRowsAbreast, end - g), moments + (g - begin) * chunks, standardizers);
  }
}

template <class E>
void rows_apply(const RowsForward<E>& op, const Strips& strips, const Standardizer<Compute<E>>* standardizers) {
  with_output(op.y, op.stream, op.far, op.rows.length, [&](auto& output) {
    for (Index s = 0; s < strips.count; ++s) {
      const Index begin = strips.begin + s * strips.stride;
      write_strip(op, begin, begin + strips.length, strips.ahead, standardizers, output);
    }
  });
}

/// The same of chunks [begin, end), which are lists of runs.
template <class E>
void rows_apply_runs(const RowsForward<E>& op, Index begin, Index end, const Standardizer<Compute<E>>* standardizers) {
  with_direct_output(op.y, op.stream, op.far, [&](auto& output) {
    for (Index q = begin; q < end; ++q) {
      const Index item = q / op.chunks.per_item;
      const Chunk chunk = chunk_at<Compute<E>>(op.rows, op.chunks, item, q % op.chunks.per_item);
      const Affinely<Compute<E>> affinely = affine_of(op.affine, item % op.rows.kept);
      with_xhat(standardizers[item / op.group], [&](auto xhat) SIMDNORM_INLINE {
        for (Index s = 0; s < chunk.segments; ++s) {
          const auto [at, length] = chunk.run(s);
          const E* x = op.x + at;
          output.row(at, length,
                     [&](Index i, auto lanes) SIMDNORM_INLINE { return affinely(xhat(load(x + i, lanes))); });
        }
      });
    }
  });
}

}  // namespace
}  // namespace simdnorm
