#include "operations.hpp"

namespace simdnorm::bench {
namespace {

constexpr Traffic kForward = {1, 1}, kBackward = {2, 1}, kAddForward = {2, 2}, kAddBackward = {3, 1};

template <class E>
std::vector<Operation<E>> row_norms() {
  using A = Arrays<E>;
  using enum Takes;
  return {
      {"layer_norm_forward", rows, kForward,
       [](A& a) {
         return layer_norm_forward<E, E>({a.x.data(), a.shape.rows, a.weight.data(), a.bias.data(), 1e-5, a.y.data(),
                                          a.mean.data(), a.rstd.data()});
       }},
      {"layer_norm_backward", rows, kBackward,
       [](A& a) {
         return layer_norm_backward<E, E>({a.other.data(), a.x.data(), a.shape.rows, a.mean.data(), a.rstd.data(),
                                           a.weight.data(), a.y.data(), a.dweight.data(), a.dbias.data()});
       }},
      {"rms_norm_forward", rows, kForward,
       [](A& a) {
         return rms_norm_forward<E, E>({a.x.data(), a.shape.rows, a.weight.data(), 1e-5, a.y.data(), a.rstd.data()});
       }},
      {"rms_norm_backward", rows, kBackward,
       [](A& a) {
         return rms_norm_backward<E, E>(
             {a.other.data(), a.x.data(), a.shape.rows, a.rstd.data(), a.weight.data(), a.y.data(), a.dweight.data()});
       }},
      {"add_layer_norm_forward", trailing_rows, kAddForward,
       [](A& a) {
         return add_layer_norm_forward<E, E>({a.x.data(), a.other.data(), a.shape.rows, a.weight.data(), a.bias.data(),
                                              1e-5, a.y.data(), a.more.data(), a.mean.data(), a.rstd.data()});
       }},
      {"add_layer_norm_backward", trailing_rows, kAddBackward,
       [](A& a) {
         return add_layer_norm_backward<E, E>({a.other.data(), a.x.data(), a.shape.rows, a.mean.data(), a.rstd.data(),
                                               a.weight.data(), a.third.data(), a.y.data(), a.dweight.data(),
                                               a.dbias.data()});
       }},
      {"add_rms_norm_forward", trailing_rows, kAddForward,
       [](A& a) {
         return add_rms_norm_forward<E, E>({a.x.data(), a.other.data(), a.shape.rows, a.weight.data(), 1e-5, a.y.data(),
                                            a.more.data(), a.rstd.data()});
       }},
      {"add_rms_norm_backward", trailing_rows, kAddBackward,
       [](A& a) {
         return add_rms_norm_backward<E, E>({a.other.data(), a.x.data(), a.shape.rows, a.rstd.data(), a.weight.data(),
                                             a.third.data(), a.y.data(), a.dweight.data()});
       }},
  };
}

template <class E>
Status group_norm_forward_under(Arrays<E>& a, Mask mask) {
  return group_norm_forward<E, E>({a.x.data(), a.shape.channels, a.shape.groups, a.weight.data(), a.bias.data(), 1e-5,
                                   mask, a.y.data(), a.mean.data(), a.rstd.data()});
}
template <class E>
Status group_norm_backward_under(Arrays<E>& a, Mask mask) {
  return group_norm_backward<E, E>({a.other.data(), a.x.data(), a.shape.channels, a.shape.groups, a.mean.data(),
                                    a.rstd.data(), a.weight.data(), mask, a.y.data(), a.dweight.data(),
                                    a.dbias.data()});
}
template <class E>
Status batch_norm_forward_under(Arrays<E>& a, Mask mask) {
  return batch_norm_forward<E, E>({a.x.data(), a.shape.channels, a.weight.data(), a.bias.data(), 1e-5,
                                   a.running_mean.data(), a.running_var.data(), 0.1, true, mask, a.y.data(),
                                   a.mean.data(), a.rstd.data()});
}
template <class E>
Status batch_norm_backward_under(Arrays<E>& a, Mask mask) {
  return batch_norm_backward<E, E>({a.other.data(), a.x.data(), a.shape.channels, a.mean.data(), a.rstd.data(),
                                    a.weight.data(), true, mask, a.y.data(), a.dweight.data(), a.dbias.data()});
}

template <class E>
std::vector<Operation<E>> group_norms() {
  using A = Arrays<E>;
  using enum Takes;
  return {
      {"group_norm_forward", channels, kForward, [](A& a) { return group_norm_forward_under(a, {}); }},
      {"group_norm_forward_masked", channels, kForward, [](A& a) { return group_norm_forward_under(a, a.mask()); }},
      {"group_norm_backward", channels, kBackward, [](A& a) { return group_norm_backward_under(a, {}); }},
      {"group_norm_backward_masked", channels, kBackward, [](A& a) { return group_norm_backward_under(a, a.mask()); }},
      {"instance_norm_forward", channels, kForward,
       [](A& a) {
         return instance_norm_forward<E, E>({a.x.data(),
                                             a.shape.channels,
                                             a.weight.data(),
                                             a.bias.data(),
                                             1e-5,
                                             a.running_mean.data(),
                                             a.running_var.data(),
                                             0.1,
                                             {},
                                             a.y.data(),
                                             a.mean.data(),
                                             a.rstd.data()});
       }},
      {"instance_norm_backward", channels, kBackward,
       [](A& a) {
         return instance_norm_backward<E, E>({a.other.data(),
                                              a.x.data(),
                                              a.shape.channels,
                                              1,
                                              a.mean.data(),
                                              a.rstd.data(),
                                              a.weight.data(),
                                              {},
                                              a.y.data(),
                                              a.dweight.data(),
                                              a.dbias.data()});
       }},
  };
}

template <class E>
std::vector<Operation<E>> batch_norms() {
  using A = Arrays<E>;
  using enum Takes;
  return {
      {"batch_norm_forward", channels, kForward, [](A& a) { return batch_norm_forward_under(a, {}); }},
      {"batch_norm_forward_masked", channels, kForward, [](A& a) { return batch_norm_forward_under(a, a.mask()); }},
      {"batch_norm_inference", channels, kForward,
       [](A& a) {
         return batch_norm_inference<E, E>({a.x.data(),
                                            a.shape.channels,
                                            a.running_mean.data(),
                                            a.running_var.data(),
                                            a.weight.data(),
                                            a.bias.data(),
                                            1e-5,
                                            {},
                                            a.y.data()});
       }},
      {"batch_norm_backward", channels, kBackward, [](A& a) { return batch_norm_backward_under(a, {}); }},
      {"batch_norm_backward_masked", channels, kBackward, [](A& a) { return batch_norm_backward_under(a, a.mask()); }},
      {"batch_norm_statistics",
       channels,
       {1, 0},
       [](A& a) {
         return batch_norm_statistics<E>(
             {a.x.data(), a.shape.channels, {}, a.counts.data(), a.sums.data(), a.more_sums.data()});
       }},
      {"batch_norm_apply", channels, kForward,
       [](A& a) {
         return batch_norm_apply<E, E>({a.x.data(), a.shape.channels, a.means.data(), a.rstds.data(), a.weight.data(),
                                        a.bias.data(), a.y.data()});
       }},
      {"batch_norm_backward_sums",
       channels,
       {2, 0},
       [](A& a) {
         return batch_norm_backward_sums<E>({a.other.data(),
                                             a.x.data(),
                                             a.shape.channels,
                                             a.means.data(),
                                             a.rstds.data(),
                                             {},
                                             a.sums.data(),
                                             a.more_sums.data()});
       }},
      {"batch_norm_backward_apply", channels, kBackward,
       [](A& a) {
         return batch_norm_backward_apply<E, E>({a.other.data(),
                                                 a.x.data(),
                                                 a.shape.channels,
                                                 a.means.data(),
                                                 a.rstds.data(),
                                                 a.weight.data(),
                                                 a.means.data(),
                                                 a.rstds.data(),
                                                 a.counts.data(),
                                                 {},
                                                 a.y.data()});
       }},
  };
}

}  // namespace

template <class E>
std::vector<Operation<E>> operations() {
  std::vector<Operation<E>> list = row_norms<E>();
  for (const auto& more : {group_norms<E>(), batch_norms<E>()}) list.insert(list.end(), more.begin(), more.end());
  return list;
}
template std::vector<Operation<float>> operations();
template std::vector<Operation<bfloat16>> operations();

}  // namespace simdnorm::bench
