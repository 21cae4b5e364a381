// Items side by side: structures of arrays, one entry an item, for what is scalar in an item to be computed for several
// of them at once.
#pragma once

#include "kernels/arguments.hpp"

namespace simdnorm {

struct MomentEntries {
  double *pivot, *offset, *offset_error, *m2, *m2_error;

  SIMDNORM_INLINE Moments at(Index i) const { return {pivot[i], {offset[i], offset_error[i]}, {m2[i], m2_error[i]}}; }
  SIMDNORM_INLINE void set(Index i, const Moments& m) const {
    pivot[i] = m.pivot;
    offset[i] = m.offset.value;
    offset_error[i] = m.offset.error;
    m2[i] = m.m2.value;
    m2_error[i] = m.m2.error;
  }
};

struct GradientSumEntries {
  double *dy, *dy_error, *dy_xhat, *dy_xhat_error, *xhat, *xhat_error;

  SIMDNORM_INLINE GradientSums at(Index i) const {
    return {{dy[i], dy_error[i]}, {dy_xhat[i], dy_xhat_error[i]}, {xhat[i], xhat_error[i]}};
  }
  SIMDNORM_INLINE void set(Index i, const GradientSums& s) const {
    dy[i] = s.dy.value;
    dy_error[i] = s.dy.error;
    dy_xhat[i] = s.dy_xhat.value;
    dy_xhat_error[i] = s.dy_xhat.error;
    xhat[i] = s.xhat.value;
    xhat_error[i] = s.xhat.error;
  }
};

/// What concerns all items, rare ones or not.
template <class T>
struct StandardizerEntries {
  T *mean, *rstd, *shift;
};

template <class T>
struct ProjectionEntries {
  T *weight, *scale, *dy_mean, *dy_xhat_mean;
};

}  // namespace simdnorm
