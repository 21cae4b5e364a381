// From the moments and sums of items side by side to how they are standardized and projected: the scalar mathematics of
// moments.hpp and standardizers.hpp, written so that the compiler carries it out on vectors of items.
#pragma once

#include "kernels/item_entries.hpp"
#include "kernels/rare_items.hpp"

namespace simdnorm {
namespace {

/// Moments of `nb` values each join those of `na`, of items [begin, end).
SIMDNORM_INLINE inline void join_moments(const MomentEntries& a, const MomentEntries& b, Index begin, Index end,
                                         Index na, Index nb) {
  const MergeWeights weights = merge_weights(na, nb);
  SIMDNORM_SIDE_BY_SIDE
  for (Index i = begin; i < end; ++i) {
    Moments joined = a.at(i);
    merge(joined, b.at(i), weights);
    a.set(i, joined);
  }
}

SIMDNORM_INLINE inline void join_sums(const GradientSumEntries& a, const GradientSumEntries& b, Index begin,
                                      Index end) {
  SIMDNORM_SIDE_BY_SIDE
  for (Index i = begin; i < end; ++i) {
    GradientSums joined = a.at(i);
    add(joined, b.at(i));
    a.set(i, joined);
  }
}

/// Of items that have their statistics for themselves. Returns how many are rare: these come out as if they were
/// ordinary, and have to be taken again.
template <class T>
SIMDNORM_INLINE inline Index standardize(const MomentEntries& moments, Index begin, Index end, Index count, double eps,
                                         const StandardizerEntries<T>& to) {
  Index rare = 0;
  SIMDNORM_SIDE_BY_SIDE
  for (Index i = begin; i < end; ++i) {
    const Moments m = moments.at(i);
    const Standardizer<T> s = ordinary_standardizer<T>(m, count, eps);
    to.mean[i] = s.mean;
    to.rstd[i] = s.rstd;
    to.shift[i] = s.shift;
    rare += ordinary<T>(m, count, eps) ? 0 : 1;
  }
  return rare;
}

/// From the sums of such items, taken with their saved statistics, to all that their dx needs: recentred standardizers
/// and a projection.
template <class T>
SIMDNORM_INLINE inline void project(const GradientSumEntries& sums, Index begin, Index end, Index count,
                                    const Backward& pass, const T* weight, const StandardizerEntries<T>& standardizers,
                                    const ProjectionEntries<T>& to) {
  const auto all = [&](const Backward& known) SIMDNORM_INLINE {
    SIMDNORM_SIDE_BY_SIDE
    for (Index i = begin; i < end; ++i) {
      GradientSums own = sums.at(i);
      const Standardizer<T> saved = {T(1), standardizers.mean[i], standardizers.rstd[i], standardizers.shift[i], T(0)};
      const Gradients<T> g = gradients_of(own, count, saved, known, static_cast<double>(weight[i]));
      sums.set(i, own);
      standardizers.shift[i] = g.standardizer.shift;
      to.weight[i] = g.projection.weight;
      to.scale[i] = g.projection.scale;
      to.dy_mean[i] = g.projection.dy_mean;
      to.dy_xhat_mean[i] = g.projection.dy_xhat_mean;
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
