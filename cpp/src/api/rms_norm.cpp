#include "simdnorm/rms_norm.hpp"

#include "api/parameters.hpp"
#include "api/row_norms.hpp"

namespace simdnorm {

template <class E, class P>
Status rms_norm_forward(const RmsNormForward<E, P>& op) noexcept {
  return row_norm_forward<E, P>(
      {About::zero, op.x, nullptr, op.layout, op.weight, nullptr, op.eps, op.y, nullptr, nullptr, op.rstd});
}

template <class E, class P>
Status rms_norm_backward(const RmsNormBackward<E, P>& op) noexcept {
  return row_norm_backward<E, P>(
      {About::zero, op.dy, op.x, op.layout, nullptr, op.rstd, op.weight, nullptr, op.dx, op.dweight, nullptr});
}

template <class E, class P>
Status add_rms_norm_forward(const AddRmsNormForward<E, P>& op) noexcept {
  const bool something = op.layout.outer > 0 && op.layout.length > 0;
  if (!trailing(op.layout) || (something && !(op.residual && op.summed))) return Status::invalid_argument;
  return row_norm_forward<E, P>(
      {About::zero, op.x, op.residual, op.layout, op.weight, nullptr, op.eps, op.y, op.summed, nullptr, op.rstd});
}

template <class E, class P>
Status add_rms_norm_backward(const AddRmsNormBackward<E, P>& op) noexcept {
  if (!trailing(op.layout)) return Status::invalid_argument;
  return row_norm_backward<E, P>(
      {About::zero, op.dy, op.summed, op.layout, nullptr, op.rstd, op.weight, op.dsummed, op.dx, op.dweight, nullptr});
}

#define SIMDNORM_INSTANTIATE(E, P)                                               \
  template Status rms_norm_forward(const RmsNormForward<E, P>&) noexcept;        \
  template Status rms_norm_backward(const RmsNormBackward<E, P>&) noexcept;      \
  template Status add_rms_norm_forward(const AddRmsNormForward<E, P>&) noexcept; \
  template Status add_rms_norm_backward(const AddRmsNormBackward<E, P>&) noexcept;
SIMDNORM_FOR_TYPES(SIMDNORM_INSTANTIATE)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
