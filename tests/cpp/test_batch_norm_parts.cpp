// The parts of BatchNorm (statistics, apply, backward sums, backward apply) do together what the whole does.
#include "reference.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

TEST_CASE_TEMPLATE("batch_norm in parts is as accurate as in one piece", T, float, double) {
  for (const ChannelLayout layout : {ChannelLayout{40, 21, 1}, ChannelLayout{5, 7, 50}}) {
    const Index size = layout.outer * layout.channels * layout.inner, count = layout.outer * layout.inner;
    const Array<T> x = values<T>(1, size, 0.5), dy = values<T>(2, size);
    const Array<T> weight = values<T>(3, layout.channels, 1, 0.5), bias = values<T>(4, layout.channels);
    const auto expected = Reference<T>(channels(layout), x, weight.data(), bias.data()).from_x(1e-5);

    for (const Isa isa : available_isas()) {
      INFO("isa ", label(isa), ", inner ", layout.inner);
      const Setting setting(isa);
      Array<double> mean(layout.channels), rstd(layout.channels), m2(layout.channels);
      REQUIRE(batch_norm_statistics<T>({x.data(), layout, mean.data(), m2.data()}) == Status::ok);
      for (Index c = 0; c < layout.channels; ++c) rstd[c] = 1 / std::sqrt(m2[c] / static_cast<double>(count) + 1e-5);
      CHECK(worst(mean, expected.mean) <= 1);
      CHECK(worst(rstd, expected.rstd) <= 1);

      Array<T> y(size);
      REQUIRE(batch_norm_apply<T>({x.data(), layout, mean.data(), rstd.data(), weight.data(), bias.data(), y.data()}) ==
              Status::ok);
      CHECK(worst(y, expected.y()) <= 1);

      Array<double> sum_dy(layout.channels), sum_dy_xhat(layout.channels);
      REQUIRE(batch_norm_backward_sums<T>({dy.data(), x.data(), layout, mean.data(), rstd.data(), sum_dy.data(),
                                           sum_dy_xhat.data()}) == Status::ok);
      CHECK(worst(sum_dy, expected.dbias(dy)) <= 1);
      CHECK(worst(sum_dy_xhat, expected.dweight(dy)) <= 1);

      const std::vector<Index> counts(static_cast<std::size_t>(layout.channels), count);
      Array<T> dx(size);
      REQUIRE(batch_norm_backward_apply<T>({dy.data(), x.data(), layout, mean.data(), rstd.data(), weight.data(),
                                            sum_dy.data(), sum_dy_xhat.data(), counts.data(), dx.data()}) ==
              Status::ok);
      CHECK(worst(dx, expected.dx(dy)) <= 1);
    }
  }
}
