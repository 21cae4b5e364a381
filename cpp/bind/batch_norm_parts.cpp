#include "simdnorm/batch_norm.hpp"

#include "call.hpp"

namespace simdnorm::bind {
namespace {

struct Statistics {
  static constexpr char name[] = "batch_norm_statistics";
  using Sees = Channels;
  template <class E, class>
  using Operation = BatchNormStatistics<E>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.mask(op.mask);
    take.statistic("count", op.count);
    take.statistic("mean", op.mean);
    take.statistic("m2", op.m2);
  }
  static Status run(const auto& op) { return batch_norm_statistics(op); }
};

struct Apply {
  static constexpr char name[] = "batch_norm_apply";
  using Sees = Channels;
  template <class E, class P>
  using Operation = BatchNormApply<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.parameter("bias", op.bias);
    take.elements("y", op.y);
  }
  static Status run(const auto& op) { return batch_norm_apply(op); }
};

struct BackwardSums {
  static constexpr char name[] = "batch_norm_backward_sums";
  using Sees = Channels;
  template <class E, class>
  using Operation = BatchNormBackwardSums<E>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("x", op.x);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.mask(op.mask);
    take.statistic("sum_dy", op.sum_dy);
    take.statistic("sum_dy_xhat", op.sum_dy_xhat);
  }
  static Status run(const auto& op) { return batch_norm_backward_sums(op); }
};

struct BackwardApply {
  static constexpr char name[] = "batch_norm_backward_apply";
  using Sees = Channels;
  template <class E, class P>
  using Operation = BatchNormBackwardApply<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("x", op.x);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.statistic("sum_dy", op.sum_dy);
    take.statistic("sum_dy_xhat", op.sum_dy_xhat);
    take.statistic("count", op.count);
    take.mask(op.mask);
    take.elements("dx", op.dx);
  }
  static Status run(const auto& op) { return batch_norm_backward_apply(op); }
};

}  // namespace

void register_batch_norm_parts(py::module_& module) {
  define_checked<Statistics>(module);
  define_checked<Apply>(module);
  define_checked<BackwardSums>(module);
  define_checked<BackwardApply>(module);
}

}  // namespace simdnorm::bind
