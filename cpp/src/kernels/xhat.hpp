// xhat of an item, on packs: the one formula that every kernel of both shapes and directions uses.
#pragma once

#include "kernels/arguments.hpp"
#include "kernels/sweep.hpp"

namespace simdnorm {
namespace {

template <class T>
struct Xhat {
  Pack<T> mean, rstd, shift;

  Xhat() = default;
  Xhat(Pack<T> mean_, Pack<T> rstd_, Pack<T> shift_) : mean(mean_), rstd(rstd_), shift(shift_) {}
  explicit Xhat(const Standardizer<T>& s) : Xhat(broadcast<T>(s.mean), broadcast<T>(s.rstd), broadcast<T>(s.shift)) {}
  SIMDNORM_INLINE Pack<T> operator()(Pack<T> x) const { return fma(x - mean, rstd, shift); }
};

/// Of rare items: x times a power of two, and rstd in two pieces.
template <class T>
struct PrescaledXhat {
  Xhat<T> of;
  Pack<T> prescale, rstd_low;

  PrescaledXhat(const Xhat<T>& of_, Pack<T> prescale_, Pack<T> rstd_low_)
      : of(of_), prescale(prescale_), rstd_low(rstd_low_) {}
  explicit PrescaledXhat(const Standardizer<T>& s)
      : PrescaledXhat(Xhat<T>(s), broadcast<T>(s.prescale), broadcast<T>(s.rstd_low)) {}
  SIMDNORM_INLINE Pack<T> operator()(Pack<T> x) const {
    const Pack<T> d = x * prescale - of.mean;
    return fma(d, of.rstd, fma(d, rstd_low, of.shift));
  }
};

}  // namespace
}  // namespace simdnorm
