// GroupNorm and InstanceNorm.
#include "call.hpp"
#include "operations.hpp"

namespace simdnorm::test {
namespace {

template <class E, class P>
GroupNormBackward<E, P> group_norm_gradients(Call<E, P>& c) {
  return {.dy = c.dy(),
          .x = c.x(),
          .layout = c.channels(),
          .groups = c.groups(),
          .mean = c.mean(),
          .rstd = c.rstd(),
          .weight = c.weight(),
          .mask = c.mask(),
          .dx = c.dx(),
          .dweight = c.dweight(),
          .dbias = c.dbias()};
}

}  // namespace

std::vector<Operation> group_norms() {
  using enum Family;
  using enum Statistics;
  return {
      entry("group_norm_forward", groups, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return group_norm_forward<E, P>({.x = c.x(),
                                               .layout = c.channels(),
                                               .groups = c.groups(),
                                               .weight = c.weight(),
                                               .bias = c.bias(),
                                               .eps = c.eps(),
                                               .mask = c.mask(),
                                               .y = c.y(),
                                               .mean = c.new_mean(),
                                               .rstd = c.new_rstd()});
            }),
      entry("group_norm_backward", groups, of_x,
            []<class E, class P>(Call<E, P>& c) { return group_norm_backward(group_norm_gradients(c)); }),
      entry("instance_norm_forward", instances, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return instance_norm_forward<E, P>({.x = c.x(),
                                                  .layout = c.channels(),
                                                  .weight = c.weight(),
                                                  .bias = c.bias(),
                                                  .eps = c.eps(),
                                                  .running_mean = c.running_mean(),
                                                  .running_var = c.running_var(),
                                                  .momentum = c.momentum(),
                                                  .mask = c.mask(),
                                                  .y = c.y(),
                                                  .mean = c.new_mean(),
                                                  .rstd = c.new_rstd()});
            }),
      entry("instance_norm_backward", instances, of_x,
            []<class E, class P>(Call<E, P>& c) { return instance_norm_backward(group_norm_gradients(c)); }),
  };
}

}  // namespace simdnorm::test
