// BatchNorm, whole and in parts.
#include "call.hpp"
#include "operations.hpp"

namespace simdnorm::test {
namespace {

template <class E, class P>
Status batch_norm_gradients(Call<E, P>& c, bool training) {
  return batch_norm_backward<E, P>({.dy = c.dy(),
                                    .x = c.x(),
                                    .layout = c.channels(),
                                    .mean = c.mean(),
                                    .rstd = c.rstd(),
                                    .weight = c.weight(),
                                    .training = training,
                                    .mask = c.mask(),
                                    .dx = c.dx(),
                                    .dweight = c.dweight(),
                                    .dbias = c.dbias()});
}

}  // namespace

std::vector<Operation> batch_norms() {
  using enum Family;
  using enum Statistics;
  return {
      entry("batch_norm_forward", batch, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return batch_norm_forward<E, P>({.x = c.x(),
                                               .layout = c.channels(),
                                               .weight = c.weight(),
                                               .bias = c.bias(),
                                               .eps = c.eps(),
                                               .running_mean = c.running_mean(),
                                               .running_var = c.running_var(),
                                               .momentum = c.momentum(),
                                               .unbiased = c.unbiased(),
                                               .mask = c.mask(),
                                               .y = c.y(),
                                               .mean = c.new_mean(),
                                               .rstd = c.new_rstd()});
            }),
      entry("batch_norm_inference", batch, given,
            []<class E, class P>(Call<E, P>& c) {
              return batch_norm_inference<E, P>({.x = c.x(),
                                                 .layout = c.channels(),
                                                 .running_mean = c.template input<Compute<E>>("running_mean"),
                                                 .running_var = c.template input<Compute<E>>("running_var"),
                                                 .weight = c.weight(),
                                                 .bias = c.bias(),
                                                 .eps = c.eps(),
                                                 .mask = c.mask(),
                                                 .y = c.y()});
            }),
      entry("batch_norm_backward", batch, of_x,
            []<class E, class P>(Call<E, P>& c) { return batch_norm_gradients(c, true); }),
      entry("batch_norm_backward frozen", batch, given,
            []<class E, class P>(Call<E, P>& c) { return batch_norm_gradients(c, false); }),
      entry("batch_norm_statistics", batch, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return batch_norm_statistics<E>({.x = c.x(),
                                               .layout = c.channels(),
                                               .mask = c.mask(),
                                               .count = c.template output<Index>("count"),
                                               .mean = c.template output<double>("mean"),
                                               .m2 = c.template output<double>("m2")});
            }),
      entry("batch_norm_apply", batch, given,
            []<class E, class P>(Call<E, P>& c) {
              return batch_norm_apply<E, P>({.x = c.x(),
                                             .layout = c.channels(),
                                             .mean = c.template input<double>("mean"),
                                             .rstd = c.template input<double>("rstd"),
                                             .weight = c.weight(),
                                             .bias = c.bias(),
                                             .y = c.y()});
            }),
      entry("batch_norm_backward_sums", batch, given,
            []<class E, class P>(Call<E, P>& c) {
              return batch_norm_backward_sums<E>({.dy = c.dy(),
                                                  .x = c.x(),
                                                  .layout = c.channels(),
                                                  .mean = c.template input<double>("mean"),
                                                  .rstd = c.template input<double>("rstd"),
                                                  .mask = c.mask(),
                                                  .sum_dy = c.template output<double>("sum_dy"),
                                                  .sum_dy_xhat = c.template output<double>("sum_dy_xhat")});
            }),
      entry("batch_norm_backward_apply", batch, given,
            []<class E, class P>(Call<E, P>& c) {
              return batch_norm_backward_apply<E, P>({.dy = c.dy(),
                                                      .x = c.x(),
                                                      .layout = c.channels(),
                                                      .mean = c.template input<double>("mean"),
                                                      .rstd = c.template input<double>("rstd"),
                                                      .weight = c.weight(),
                                                      .sum_dy = c.template input<double>("sum_dy"),
                                                      .sum_dy_xhat = c.template input<double>("sum_dy_xhat"),
                                                      .count = c.template input<Index>("count"),
                                                      .mask = c.mask(),
                                                      .dx = c.required_dx()});
            }),
  };
}

}  // namespace simdnorm::test
