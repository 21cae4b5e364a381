#include "simdnorm/layer_norm.hpp"

#include "api/parameters.hpp"
#include "api/row_norms.hpp"

namespace simdnorm {

template <class E, class P>
Status layer_norm_forward(const LayerNormForward<E, P>& op) noexcept {
  return row_norm_forward<E, P>(
      {About::mean, op.x, nullptr, op.layout, op.weight, op.bias, op.eps, op.y, nullptr, op.mean, op.rstd});
}

template <class E, class P>
Status layer_norm_backward(const LayerNormBackward<E, P>& op) noexcept {
  return row_norm_backward<E, P>(
      {About::mean, op.dy, op.x, op.layout, op.mean, op.rstd, op.weight, nullptr, op.dx, op.dweight, op.dbias});
}

template <class E, class P>
Status add_layer_norm_forward(const AddLayerNormForward<E, P>& op) noexcept {
  const bool something = op.layout.outer > 0 && op.layout.length > 0;
  if (!trailing(op.layout) || (something && !(op.residual && op.summed))) return Status::invalid_argument;
  return row_norm_forward<E, P>(
      {About::mean, op.x, op.residual, op.layout, op.weight, op.bias, op.eps, op.y, op.summed, op.mean, op.rstd});
}

template <class E, class P>
Status add_layer_norm_backward(const AddLayerNormBackward<E, P>& op) noexcept {
  if (!trailing(op.layout)) return Status::invalid_argument;
  return row_norm_backward<E, P>(
      {About::mean, op.dy, op.summed, op.layout, op.mean, op.rstd, op.weight, op.dsummed, op.dx, op.dweight, op.dbias});
}

#define SIMDNORM_INSTANTIATE(E, P)                                                   \
  template Status layer_norm_forward(const LayerNormForward<E, P>&) noexcept;        \
  template Status layer_norm_backward(const LayerNormBackward<E, P>&) noexcept;      \
  template Status add_layer_norm_forward(const AddLayerNormForward<E, P>&) noexcept; \
  template Status add_layer_norm_backward(const AddLayerNormBackward<E, P>&) noexcept;
SIMDNORM_FOR_TYPES(SIMDNORM_INSTANTIATE)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
