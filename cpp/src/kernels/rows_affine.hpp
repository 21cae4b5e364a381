// Rows: y = xhat * weight + bias, the parameters running along what is reduced, or one of each for an item.
#pragma once

#include "kernels/rows_arguments.hpp"
#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

template <class T>
struct Affinely {
  Pack<T> weight, bias;
  SIMDNORM_INLINE Pack<T> operator()(Pack<T> xhat) const { return fma(xhat, weight, bias); }
};

/// Of an item, by its place on the kept axis.
template <class T>
SIMDNORM_INLINE inline Affinely<T> affine_of(const Affine<T>& affine, Index k) {
  return {broadcast<T>(affine.weight ? affine.weight[k] : T(1)), broadcast<T>(affine.bias ? affine.bias[k] : T(0))};
}

/// Of the elements from `position` of an item on, where the parameters run along it.
template <class T>
SIMDNORM_INLINE inline auto affine_along(const Affine<T>& affine, Index position) {
  return [weight = affine.weight + position, bias = affine.bias + position](Index i, auto lanes) SIMDNORM_INLINE {
    const Affinely<T> affinely = {load(weight + i, lanes), load(bias + i, lanes)};
    return affinely;
  };
}

/// use(affine) where affine(i, lanes) is for the elements from `position + i` of the item on.
template <class E, class Use>
SIMDNORM_INLINE inline void with_affine(const RowsForward<E>& op, Index item, Index position, Use use) {
  if (op.along == Along::reduced && op.affine.weight) {
    use(affine_along(op.affine, position));
  } else {
    const Affinely<Compute<E>> of_item = affine_of(op.affine, item % op.rows.kept);
    use([=](Index, auto) SIMDNORM_INLINE { return of_item; });
  }
}

}  // namespace
}  // namespace simdnorm
