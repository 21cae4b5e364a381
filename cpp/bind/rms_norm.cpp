#include "simdnorm/rms_norm.hpp"

#include "call.hpp"

namespace simdnorm::bind {
namespace {

/// What eps = None stands for: the distance from 1 to the next number.
template <class E>
constexpr double spacing_of(const E*) {
  if constexpr (std::is_same_v<E, float16>) return 0x1p-10;
  if constexpr (std::is_same_v<E, bfloat16>) return 0x1p-7;
  return std::is_same_v<E, double> ? 0x1p-52 : 0x1p-23;
}

struct Forward {
  static constexpr char name[] = "rms_norm_forward";
  using Sees = GivenRows;
  template <class E, class P>
  using Operation = RmsNormForward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.parameter("weight", op.weight);
    take.eps(op.eps, spacing_of(op.x));
    take.elements("y", op.y);
    take.statistic("rstd", op.rstd);
  }
  static Status run(const auto& op) { return rms_norm_forward(op); }
};

struct Backward {
  static constexpr char name[] = "rms_norm_backward";
  using Sees = FoundRows;
  template <class E, class P>
  using Operation = RmsNormBackward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("x", op.x);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.elements("dx", op.dx);
    take.gradient("dweight", op.dweight, op.weight);
  }
  static Status run(const auto& op) { return rms_norm_backward(op); }
};

struct AddForward {
  static constexpr char name[] = "add_rms_norm_forward";
  using Sees = GivenRows;
  template <class E, class P>
  using Operation = AddRmsNormForward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("x", op.x);
    take.elements("residual", op.residual);
    take.parameter("weight", op.weight);
    take.eps(op.eps, spacing_of(op.x));
    take.elements("y", op.y);
    take.elements("summed", op.summed);
    take.statistic("rstd", op.rstd);
  }
  static Status run(const auto& op) { return add_rms_norm_forward(op); }
};

struct AddBackward {
  static constexpr char name[] = "add_rms_norm_backward";
  using Sees = FoundRows;
  template <class E, class P>
  using Operation = AddRmsNormBackward<E, P>;
  static void operands(auto& op, auto& take) {
    take.elements("dy", op.dy);
    take.elements("summed", op.summed);
    take.statistic("rstd", op.rstd);
    take.parameter("weight", op.weight);
    take.optional_elements("dsummed", op.dsummed);
    take.elements("dx", op.dx);
    take.gradient("dweight", op.dweight, op.weight);
  }
  static Status run(const auto& op) { return add_rms_norm_backward(op); }
};

}  // namespace

void register_rms_norm(const Entrances& entrances) {
  define<Forward>(entrances);
  define<Backward>(entrances);
  define<AddForward>(entrances);
  define<AddBackward>(entrances);
}

}  // namespace simdnorm::bind
