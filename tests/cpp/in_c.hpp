// The operations as the list of operations calls them: through the C++ header, or, where the manner of a call says so,
// through the C header.
#pragma once

#include <bit>

#include "simdnorm/simdnorm.h"
#include "simdnorm/simdnorm.hpp"

namespace simdnorm::test {

inline thread_local bool in_c = false;

template <class E, class P = E>
constexpr SimdnormTypes kTypesInC = SIMDNORM_FLOAT32;
template <>
inline constexpr SimdnormTypes kTypesInC<double> = SIMDNORM_FLOAT64;
template <>
inline constexpr SimdnormTypes kTypesInC<float16> = SIMDNORM_FLOAT16;
template <>
inline constexpr SimdnormTypes kTypesInC<bfloat16> = SIMDNORM_BFLOAT16;
template <>
inline constexpr SimdnormTypes kTypesInC<float16, float> = SIMDNORM_FLOAT16_FLOAT32;
template <>
inline constexpr SimdnormTypes kTypesInC<bfloat16, float> = SIMDNORM_BFLOAT16_FLOAT32;

// These hide the functions of the C++ header in simdnorm::test.
#define SIMDNORM_EITHER(operation, Operation)                                        \
  template <class... Types>                                                          \
  Status operation(const Operation<Types...>& op) {                                  \
    if (!in_c) return simdnorm::operation<Types...>(op);                             \
    const auto request = std::bit_cast<Simdnorm##Operation>(op);                     \
    return static_cast<Status>(simdnorm_##operation(kTypesInC<Types...>, &request)); \
  }
SIMDNORM_EITHER(layer_norm_forward, LayerNormForward)
SIMDNORM_EITHER(layer_norm_backward, LayerNormBackward)
SIMDNORM_EITHER(add_layer_norm_forward, AddLayerNormForward)
SIMDNORM_EITHER(add_layer_norm_backward, AddLayerNormBackward)
SIMDNORM_EITHER(rms_norm_forward, RmsNormForward)
SIMDNORM_EITHER(rms_norm_backward, RmsNormBackward)
SIMDNORM_EITHER(add_rms_norm_forward, AddRmsNormForward)
SIMDNORM_EITHER(add_rms_norm_backward, AddRmsNormBackward)
SIMDNORM_EITHER(group_norm_forward, GroupNormForward)
SIMDNORM_EITHER(group_norm_backward, GroupNormBackward)
SIMDNORM_EITHER(instance_norm_forward, InstanceNormForward)
SIMDNORM_EITHER(instance_norm_backward, GroupNormBackward)
SIMDNORM_EITHER(batch_norm_forward, BatchNormForward)
SIMDNORM_EITHER(batch_norm_inference, BatchNormInference)
SIMDNORM_EITHER(batch_norm_backward, BatchNormBackward)
SIMDNORM_EITHER(batch_norm_statistics, BatchNormStatistics)
SIMDNORM_EITHER(batch_norm_apply, BatchNormApply)
SIMDNORM_EITHER(batch_norm_backward_sums, BatchNormBackwardSums)
SIMDNORM_EITHER(batch_norm_backward_apply, BatchNormBackwardApply)
#undef SIMDNORM_EITHER

}  // namespace simdnorm::test
