// LayerNorm and RMSNorm, alone and with a residual.
#include "call.hpp"
#include "operations.hpp"

namespace simdnorm::test {

std::vector<Operation> row_norms() {
  using enum Family;
  using enum Statistics;
  return {
      entry("layer_norm_forward", rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return layer_norm_forward<E, P>({.x = c.x(),
                                               .layout = c.rows(),
                                               .weight = c.weight(),
                                               .bias = c.bias(),
                                               .eps = c.eps(),
                                               .y = c.y(),
                                               .mean = c.new_mean(),
                                               .rstd = c.new_rstd()});
            }),
      entry("layer_norm_backward", rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return layer_norm_backward<E, P>({.dy = c.dy(),
                                                .x = c.x(),
                                                .layout = c.rows(),
                                                .mean = c.mean(),
                                                .rstd = c.rstd(),
                                                .weight = c.weight(),
                                                .dx = c.dx(),
                                                .dweight = c.dweight(),
                                                .dbias = c.dbias()});
            }),
      entry("rms_norm_forward", rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return rms_norm_forward<E, P>({.x = c.x(),
                                             .layout = c.rows(),
                                             .weight = c.weight(),
                                             .eps = c.eps(),
                                             .y = c.y(),
                                             .rstd = c.new_rstd()});
            }),
      entry("rms_norm_backward", rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return rms_norm_backward<E, P>({.dy = c.dy(),
                                              .x = c.x(),
                                              .layout = c.rows(),
                                              .rstd = c.rstd(),
                                              .weight = c.weight(),
                                              .dx = c.dx(),
                                              .dweight = c.dweight()});
            }),
      entry("add_layer_norm_forward", trailing_rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return add_layer_norm_forward<E, P>({.x = c.x(),
                                                   .residual = c.residual(),
                                                   .layout = c.rows(),
                                                   .weight = c.weight(),
                                                   .bias = c.bias(),
                                                   .eps = c.eps(),
                                                   .y = c.y(),
                                                   .summed = c.summed(),
                                                   .mean = c.new_mean(),
                                                   .rstd = c.new_rstd()});
            }),
      entry("add_layer_norm_backward", trailing_rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return add_layer_norm_backward<E, P>({.dy = c.dy(),
                                                    .summed = c.x(),
                                                    .layout = c.rows(),
                                                    .mean = c.mean(),
                                                    .rstd = c.rstd(),
                                                    .weight = c.weight(),
                                                    .dsummed = c.dsummed(),
                                                    .dx = c.dx(),
                                                    .dweight = c.dweight(),
                                                    .dbias = c.dbias()});
            }),
      entry("add_rms_norm_forward", trailing_rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return add_rms_norm_forward<E, P>({.x = c.x(),
                                                 .residual = c.residual(),
                                                 .layout = c.rows(),
                                                 .weight = c.weight(),
                                                 .eps = c.eps(),
                                                 .y = c.y(),
                                                 .summed = c.summed(),
                                                 .rstd = c.new_rstd()});
            }),
      entry("add_rms_norm_backward", trailing_rows, of_x,
            []<class E, class P>(Call<E, P>& c) {
              return add_rms_norm_backward<E, P>({.dy = c.dy(),
                                                  .summed = c.x(),
                                                  .layout = c.rows(),
                                                  .rstd = c.rstd(),
                                                  .weight = c.weight(),
                                                  .dsummed = c.dsummed(),
                                                  .dx = c.dx(),
                                                  .dweight = c.dweight()});
            }),
  };
}

}  // namespace simdnorm::test
