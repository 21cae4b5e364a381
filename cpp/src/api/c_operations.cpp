// The operations of the C header. A request of C has the members of the C++ struct in the same order, pointers untyped
// (tests/test_c_header.py compares the headers): its bytes are those of the C++ struct.
#include <bit>

#include "simdnorm/simdnorm.h"
#include "simdnorm/simdnorm.hpp"

namespace simdnorm {
namespace {

template <class E, class P = E>
struct TypesOf {};

/// operation(TypesOf<E, P>{}); requests are optional to nobody.
template <class Request, class Operation>
SimdnormStatus with_types(SimdnormTypes types, const Request* request, Operation operation) noexcept {
  if (!request) return SIMDNORM_INVALID_ARGUMENT;
  const auto with = [&](auto types_of) { return static_cast<SimdnormStatus>(operation(types_of)); };
  switch (types) {
    case SIMDNORM_FLOAT32:
      return with(TypesOf<float>{});
    case SIMDNORM_FLOAT64:
      return with(TypesOf<double>{});
    case SIMDNORM_FLOAT16:
      return with(TypesOf<float16>{});
    case SIMDNORM_BFLOAT16:
      return with(TypesOf<bfloat16>{});
    case SIMDNORM_FLOAT16_FLOAT32:
      return with(TypesOf<float16, float>{});
    case SIMDNORM_BFLOAT16_FLOAT32:
      return with(TypesOf<bfloat16, float>{});
  }
  return SIMDNORM_INVALID_ARGUMENT;
}

/// What has no parameters is of E alone.
template <template <class...> class Operation, class E, class P, class Request>
auto typed(TypesOf<E, P>, const Request& request) {
  if constexpr (requires { typename Operation<E, P>; }) {
    return std::bit_cast<Operation<E, P>>(request);
  } else {
    return std::bit_cast<Operation<E>>(request);
  }
}

}  // namespace
}  // namespace simdnorm

#define SIMDNORM_IN_C(operation, Operation)                                                                \
  SimdnormStatus simdnorm_##operation(SimdnormTypes types, const Simdnorm##Operation* op) {                \
    using namespace simdnorm;                                                                              \
    return with_types(types, op, [&](auto of) { return simdnorm::operation(typed<Operation>(of, *op)); }); \
  }

extern "C" {
SIMDNORM_IN_C(layer_norm_forward, LayerNormForward)
SIMDNORM_IN_C(layer_norm_backward, LayerNormBackward)
SIMDNORM_IN_C(add_layer_norm_forward, AddLayerNormForward)
SIMDNORM_IN_C(add_layer_norm_backward, AddLayerNormBackward)
SIMDNORM_IN_C(rms_norm_forward, RmsNormForward)
SIMDNORM_IN_C(rms_norm_backward, RmsNormBackward)
SIMDNORM_IN_C(add_rms_norm_forward, AddRmsNormForward)
SIMDNORM_IN_C(add_rms_norm_backward, AddRmsNormBackward)
SIMDNORM_IN_C(group_norm_forward, GroupNormForward)
SIMDNORM_IN_C(group_norm_backward, GroupNormBackward)
SIMDNORM_IN_C(instance_norm_forward, InstanceNormForward)
SIMDNORM_IN_C(instance_norm_backward, GroupNormBackward)
SIMDNORM_IN_C(batch_norm_forward, BatchNormForward)
SIMDNORM_IN_C(batch_norm_inference, BatchNormInference)
SIMDNORM_IN_C(batch_norm_backward, BatchNormBackward)
SIMDNORM_IN_C(batch_norm_statistics, BatchNormStatistics)
SIMDNORM_IN_C(batch_norm_apply, BatchNormApply)
SIMDNORM_IN_C(batch_norm_backward_sums, BatchNormBackwardSums)
SIMDNORM_IN_C(batch_norm_backward_apply, BatchNormBackwardApply)
}
