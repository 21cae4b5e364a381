// From the moments and sums of columns to how they are standardized and projected: the scalar mathematics, written so
// that the compiler carries it out on vectors of columns.
#pragma once

#include "kernels/columns_arguments.hpp"
#include "kernels/rare_items.hpp"

namespace simdnorm {
namespace {

/// Moments of `nb` rows join those of `na`, in columns [begin, end).
inline void columns_join_moments(const ColumnMoments& a, const ColumnMoments& b, Index begin, Index end, Index na,
                                 Index nb) {
  const MergeWeights weights = merge_weights(na, nb);
  SIMDNORM_COLUMNWISE
  for (Index c = begin; c < end; ++c) {
    Moments joined = a.at(c);
    merge(joined, b.at(c), weights);
    a.set(c, joined);
  }
}

inline void columns_join_sums(const ColumnSums& a, const ColumnSums& b, Index begin, Index end) {
  SIMDNORM_COLUMNWISE
  for (Index c = begin; c < end; ++c) {
    GradientSums joined = a.at(c);
    add(joined, b.at(c));
    a.set(c, joined);
  }
}

/// Of columns that have their statistics for themselves: entry c of the result belongs to column c. Returns how many
/// are rare: these come out as if they were ordinary, and have to be taken again.
template <class T>
inline Index columns_standardize(const ColumnMoments& moments, Index begin, Index end, Index count, double eps,
                                 const StandardizerEntries<T>& to) {
  const double least = eps > 0.0 && eps < DBL_MIN ? DBL_MIN : eps;
  Index rare = 0;
  SIMDNORM_COLUMNWISE
  for (Index c = begin; c < end; ++c) {
    const Moments m = moments.at(c);
    const Standardizer<T> s = standardizer<T>(mean_of<T>(m), rstd_of<T>(m.m2, count, least), 1.0);
    to.mean[c] = s.mean;
    to.rstd[c] = s.rstd;
    to.shift[c] = s.shift;
    rare += ordinary<T>(m, count, eps) ? 0 : 1;
  }
  return rare;
}

/// From the sums of such columns, taken with their saved statistics, to all that their dx needs: recentred
/// standardizers and a projection.
template <class T>
inline void columns_project(const ColumnSums& sums, Index begin, Index end, Index count, const Backward& pass,
                            const T* weight, const StandardizerEntries<T>& standardizers,
                            const ProjectionEntries<T>& to) {
  const auto all = [&](const Backward& known) SIMDNORM_INLINE {
    SIMDNORM_COLUMNWISE
    for (Index c = begin; c < end; ++c) {
      GradientSums own = sums.at(c);
      const Standardizer<T> saved = {T(1), standardizers.mean[c], standardizers.rstd[c], standardizers.shift[c], T(0)};
      const Gradients<T> g = gradients_of(own, count, saved, known, static_cast<double>(weight[c]));
      sums.set(c, own);
      standardizers.shift[c] = g.standardizer.shift;
      to.weight[c] = g.projection.weight;
      to.scale[c] = g.projection.scale;
      to.dy_mean[c] = g.projection.dy_mean;
      to.dy_xhat_mean[c] = g.projection.dy_xhat_mean;
    }
  };
  if (pass.frozen) {
    all({About::mean, false, true});
  } else if (pass.about == About::zero) {
    all({About::zero, false, false});
  } else if (pass.rounded) {
    all({About::mean, true, false});
  } else {
    all({About::mean, false, false});
  }
}

}  // namespace
}  // namespace simdnorm
