#include "simdnorm/group_norm.hpp"

#include "call.hpp"

namespace simdnorm::bind {
namespace {

struct Forward {
  static constexpr char name[] = "group_norm_forward";
  using Sees = ChannelsOfSamples;
  template <class E, class P>
  using Operation = GroupNormForward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.groups(op.groups);
    take.parameter("weight", op.weight);
    take.parameter("bias", op.bias);
    take.eps(op.eps);
    take.mask(op.mask);
    take.elements("y", op.y);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
  }
  static Status run(const auto& op) { return group_norm_forward(op); }
};

struct Backward {
  static constexpr char name[] = "group_norm_backward";
  using Sees = ChannelsOfSamples;
  template <class E, class P>
  using Operation = GroupNormBackward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("x", op.x);
    take.groups(op.groups);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.mask(op.mask);
    take.elements("dx", op.dx);
    take.gradient("dweight", op.dweight, op.weight);
    take.gradient("dbias", op.dbias, true);
  }
  static Status run(const auto& op) { return group_norm_backward(op); }
};

struct InstanceForward {
  static constexpr char name[] = "instance_norm_forward";
  using Sees = ChannelsOfSamples;
  template <class E, class P>
  using Operation = InstanceNormForward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.several_values();
    take.parameter("weight", op.weight);
    take.parameter("bias", op.bias);
    take.eps(op.eps);
    take.running(op.running_mean, op.running_var);
    take.momentum(op.momentum);
    take.mask(op.mask);
    take.elements("y", op.y);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
  }
  static Status run(const auto& op) { return instance_norm_forward(op); }
};

struct InstanceBackward {
  static constexpr char name[] = "instance_norm_backward";
  using Sees = ChannelsOfSamples;
  template <class E, class P>
  using Operation = GroupNormBackward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("x", op.x);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.mask(op.mask);
    take.elements("dx", op.dx);
    take.gradient("dweight", op.dweight, op.weight);
    take.gradient("dbias", op.dbias, true);
  }
  static Status run(const auto& op) { return instance_norm_backward(op); }
};

}  // namespace

void register_group_norm(const Entrances& entrances) {
  define<Forward>(entrances);
  define<Backward>(entrances);
  define<InstanceForward>(entrances);
  define<InstanceBackward>(entrances);
}

}  // namespace simdnorm::bind
