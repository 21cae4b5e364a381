// BatchNorm keeps the accuracy promise for every layout, alignment, ISA and choice of optional arguments.
#include "reference.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

template <class T>
struct Case {
  ChannelLayout layout;
  Index offset;
  double center;
  bool weighted, biased;

  Index size = layout.outer * layout.channels * layout.inner;
  Array<T> x = values<T>(1, size, center, 1, offset);
  Array<T> dy = values<T>(2, size, 0, 1, offset);
  Array<T> weight = values<T>(3, layout.channels, 1, 0.5, offset);
  Array<T> bias = values<T>(4, layout.channels, 0, 1, offset);
  Array<T> y{size, offset}, dx{size, offset};
  Array<T> mean{layout.channels}, rstd{layout.channels}, dweight{layout.channels}, dbias{layout.channels};

  const T* weight_or_null() const { return weighted ? weight.data() : nullptr; }
  const T* bias_or_null() const { return biased ? bias.data() : nullptr; }
  Reference<T> reference() const { return {channels(layout), x, weight_or_null(), bias_or_null()}; }

  Status forward() {
    return batch_norm_forward<T>({.x = x.data(),
                                  .layout = layout,
                                  .weight = weight_or_null(),
                                  .bias = bias_or_null(),
                                  .y = y.data(),
                                  .mean = mean.data(),
                                  .rstd = rstd.data()});
  }
  Status backward(bool training) {
    return batch_norm_backward<T>({.dy = dy.data(),
                                   .x = x.data(),
                                   .layout = layout,
                                   .mean = mean.data(),
                                   .rstd = rstd.data(),
                                   .weight = weight_or_null(),
                                   .training = training,
                                   .dx = dx.data(),
                                   .dweight = dweight.data(),
                                   .dbias = dbias.data()});
  }
  void check_gradients(const Reference<T>& expected, bool training) {
    REQUIRE(backward(training) == Status::ok);
    CHECK(worst(dx, expected.dx(dy, training)) <= 1);
    CHECK(worst(dweight, expected.dweight(dy)) <= 1);
    CHECK(worst(dbias, expected.dbias(dy)) <= 1);
  }

  void check_training() {
    INFO("outer ", layout.outer, ", channels ", layout.channels, ", inner ", layout.inner, ", offset ", offset,
         ", center ", center, ", weighted ", weighted, ", biased ", biased);
    const Reference<T> expected = reference().from_x(1e-5);
    for (const Isa isa : available_isas()) {
      CAPTURE(label(isa));
      const Setting setting(isa);
      REQUIRE(forward() == Status::ok);
      CHECK(worst(y, expected.y()) <= 1);
      CHECK(worst(mean, expected.mean) <= 1);
      CHECK(worst(rstd, expected.rstd) <= 1);
      check_gradients(expected, true);
    }
  }
};

}  // namespace

TEST_CASE_TEMPLATE("batch_norm is accurate for (N, C) and NHWC of every width", T, float, double) {
  for (const Index width : lengths<T>()) {
    for (const Index offset : {0, 1, 5}) Case<T>{{7, width, 1}, offset, 0.5, true, true}.check_training();
  }
}

TEST_CASE_TEMPLATE("batch_norm is accurate for (N, C) of every height", T, float, double) {
  for (const Index height : {2, 3, 8, 9, 64, 65, 1030}) {
    Case<T>{{height, 3, 1}, 0, 0.5, true, true}.check_training();
    Case<T>{{height, 21, 1}, 0, 0.5, true, true}.check_training();
  }
}

TEST_CASE_TEMPLATE("batch_norm is accurate for NCHW of every image size", T, float, double) {
  for (const Index inner : lengths<T>()) {
    if (inner == 0) continue;
    for (const Index offset : {0, 1}) Case<T>{{3, 4, inner}, offset, 0.5, true, true}.check_training();
  }
}

TEST_CASE_TEMPLATE("batch_norm takes weight and bias or does without", T, float, double) {
  for (const Index inner : {1, 50}) {
    for (const bool weighted : {false, true}) {
      for (const bool biased : {false, true}) Case<T>{{9, 5, inner}, 0, 0, weighted, biased}.check_training();
    }
  }
}

TEST_CASE_TEMPLATE("batch_norm is accurate when the mean dwarfs the spread", T, float, double) {
  for (const double center : {1e2, 1e4, 1e6}) {
    for (const Index inner : {1, 300}) Case<T>{{16, 6, inner}, 0, center, true, true}.check_training();
  }
}

TEST_CASE_TEMPLATE("batch_norm with frozen statistics treats them as constants", T, float, double) {
  for (const Index inner : {1, 37}) {
    Case<T> c{{6, 19, inner}, 0, 0.5, true, true};
    c.mean = values<T>(5, 19, 0.4, 0.1);
    c.rstd = values<T>(6, 19, 2, 0.5);
    const Reference<T> expected = c.reference().from(c.mean, c.rstd);
    for (const Isa isa : available_isas()) {
      CAPTURE(label(isa));
      const Setting setting(isa);
      c.check_gradients(expected, false);
    }
  }
}
