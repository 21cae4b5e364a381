#include "simdnorm/batch_norm.hpp"

#include "call.hpp"

namespace simdnorm::bind {
namespace {

struct Forward {
  static constexpr char name[] = "batch_norm_forward";
  using Sees = Channels;
  template <class E, class P>
  using Operation = BatchNormForward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.several_values();
    take.parameter("weight", op.weight);
    take.parameter("bias", op.bias);
    take.eps(op.eps);
    take.running(op.running_mean, op.running_var);
    take.momentum(op.momentum);
    take.flag(op.unbiased);
    take.mask(op.mask);
    take.elements("y", op.y);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
  }
  static Status run(const auto& op) { return batch_norm_forward(op); }
};

struct Inference {
  static constexpr char name[] = "batch_norm_inference";
  using Sees = Channels;
  template <class E, class P>
  using Operation = BatchNormInference<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.running(op.running_mean, op.running_var);
    take.parameter("weight", op.weight);
    take.parameter("bias", op.bias);
    take.eps(op.eps);
    take.mask(op.mask);
    take.elements("y", op.y);
  }
  static Status run(const auto& op) { return batch_norm_inference(op); }
};

struct Backward {
  static constexpr char name[] = "batch_norm_backward";
  using Sees = Channels;
  template <class E, class P>
  using Operation = BatchNormBackward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("x", op.x);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.flag(op.training);
    take.mask(op.mask);
    take.elements("dx", op.dx);
    take.gradient("dweight", op.dweight, op.weight);
    take.gradient("dbias", op.dbias, true);
  }
  static Status run(const auto& op) { return batch_norm_backward(op); }
};

}  // namespace

void register_batch_norm(const Entrances& entrances) {
  define<Forward>(entrances);
  define<Inference>(entrances);
  define<Backward>(entrances);
}

}  // namespace simdnorm::bind
