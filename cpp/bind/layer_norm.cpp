#include "simdnorm/layer_norm.hpp"

#include "call.hpp"

namespace simdnorm::bind {
namespace {

struct Forward {
  static constexpr char name[] = "layer_norm_forward";
  using Sees = GivenRows;
  template <class E, class P>
  using Operation = LayerNormForward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.parameter("weight", op.weight);
    take.parameter("bias", op.bias);
    take.eps(op.eps);
    take.elements("y", op.y);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
  }
  static Status run(const auto& op) { return layer_norm_forward(op); }
};

struct Backward {
  static constexpr char name[] = "layer_norm_backward";
  using Sees = FoundRows;
  template <class E, class P>
  using Operation = LayerNormBackward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("x", op.x);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.elements("dx", op.dx);
    take.gradient("dweight", op.dweight, op.weight);
    take.gradient("dbias", op.dbias, true);
  }
  static Status run(const auto& op) { return layer_norm_backward(op); }
};

struct AddForward {
  static constexpr char name[] = "add_layer_norm_forward";
  using Sees = GivenRows;
  template <class E, class P>
  using Operation = AddLayerNormForward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.elements("residual", op.residual);
    take.parameter("weight", op.weight);
    take.parameter("bias", op.bias);
    take.eps(op.eps);
    take.elements("y", op.y);
    take.elements("summed", op.summed);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
  }
  static Status run(const auto& op) { return add_layer_norm_forward(op); }
};

struct AddBackward {
  static constexpr char name[] = "add_layer_norm_backward";
  using Sees = FoundRows;
  template <class E, class P>
  using Operation = AddLayerNormBackward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("summed", op.summed);
    take.statistic("mean", op.mean);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.optional_elements("dsummed", op.dsummed);
    take.elements("dx", op.dx);
    take.gradient("dweight", op.dweight, op.weight);
    take.gradient("dbias", op.dbias, true);
  }
  static Status run(const auto& op) { return add_layer_norm_backward(op); }
};

}  // namespace

void register_layer_norm(const Entrances& entrances) {
  define<Forward>(entrances);
  define<Backward>(entrances);
  define<AddForward>(entrances);
  define<AddBackward>(entrances);
}

}  // namespace simdnorm::bind
