// LayerNorm keeps the accuracy promise for every length, alignment, ISA and choice of optional arguments.
#include "reference.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

template <class T>
struct Case {
  Index rows, length, offset;
  double center;
  bool weighted, biased;

  Array<T> x = values<T>(1, rows* length, center, 1, offset);
  Array<T> dy = values<T>(2, rows* length, 0, 1, offset);
  Array<T> weight = values<T>(3, length, 1, 0.5, offset);
  Array<T> bias = values<T>(4, length, 0, 1, offset);
  Array<T> y{rows * length, offset}, dx{rows * length, offset};
  Array<T> mean{rows}, rstd{rows}, dweight{length, offset}, dbias{length, offset};

  const T* weight_or_null() const { return weighted ? weight.data() : nullptr; }
  const T* bias_or_null() const { return biased ? bias.data() : nullptr; }

  void run() {
    REQUIRE(layer_norm_forward<T>({.x = x.data(),
                                   .rows = rows,
                                   .length = length,
                                   .weight = weight_or_null(),
                                   .bias = bias_or_null(),
                                   .y = y.data(),
                                   .mean = mean.data(),
                                   .rstd = rstd.data()}) == Status::ok);
    REQUIRE(layer_norm_backward<T>({.dy = dy.data(),
                                    .x = x.data(),
                                    .rows = rows,
                                    .length = length,
                                    .mean = mean.data(),
                                    .rstd = rstd.data(),
                                    .weight = weight_or_null(),
                                    .dx = dx.data(),
                                    .dweight = dweight.data(),
                                    .dbias = dbias.data()}) == Status::ok);
  }

  void check() {
    INFO("rows ", rows, ", length ", length, ", offset ", offset, ", center ", center, ", weighted ", weighted,
         ", biased ", biased);
    const auto expected = Reference<T>(test::rows(rows, length), x, weight_or_null(), bias_or_null()).from_x(1e-5);
    for (const Isa isa : available_isas()) {
      CAPTURE(label(isa));
      const Setting setting(isa);
      run();
      CHECK(worst(y, expected.y()) <= 1);
      CHECK(worst(dx, expected.dx(dy)) <= 1);
      CHECK(worst(dweight, expected.dweight(dy)) <= 1);
      CHECK(worst(dbias, expected.dbias(dy)) <= 1);
      if (length > 0) CHECK(worst(mean, expected.mean) <= 1);
      if (length > 0) CHECK(worst(rstd, expected.rstd) <= 1);
    }
  }
};

}  // namespace

TEST_CASE_TEMPLATE("layer_norm is accurate at every length and alignment", T, float, double) {
  for (const Index length : lengths<T>()) {
    for (const Index offset : {0, 1, 5}) Case<T>{5, length, offset, 0.5, true, true}.check();
  }
}

TEST_CASE_TEMPLATE("layer_norm is accurate for any number of rows", T, float, double) {
  for (const Index rows : {0, 1, 2, 3, 4, 7, 8, 9, 33, 130}) Case<T>{rows, 40, 0, 0, true, true}.check();
}

TEST_CASE_TEMPLATE("layer_norm takes weight and bias or does without", T, float, double) {
  for (const bool weighted : {false, true}) {
    for (const bool biased : {false, true}) Case<T>{6, 100, 0, 0, weighted, biased}.check();
  }
}

TEST_CASE_TEMPLATE("layer_norm is accurate when the mean dwarfs the spread", T, float, double) {
  for (const double center : {1e2, 1e4, 1e6}) {
    for (const Index length : {8, 100, 2000}) Case<T>{6, length, 0, center, true, true}.check();
  }
}

TEST_CASE_TEMPLATE("layer_norm gives a constant row the bias exactly and no gradient", T, float, double) {
  for (const double constant : {0.0, 0.1, 14.0, 1e30}) {
    for (const Index length : lengths<T>()) {
      Case<T> c{3, length, 0, constant, true, true};
      std::fill(c.x.begin(), c.x.end(), static_cast<T>(constant));
      for (const Isa isa : available_isas()) {
        INFO("constant ", constant, ", length ", length, ", isa ", label(isa));
        const Setting setting(isa);
        c.run();
        bool exact = true;
        for (Index e = 0; e < c.y.size(); ++e) exact &= c.y[e] == c.bias[e % length];
        CHECK(exact);
        CHECK(std::all_of(c.dweight.begin(), c.dweight.end(), [](T value) { return value == 0; }));
      }
    }
  }
}
