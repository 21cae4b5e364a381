// Running statistics: updated in training as promised, used in inference, and parts that add up to the whole.
#include "reference.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

constexpr double eps = 1e-5;
const ChannelLayout layouts[] = {{40, 21, 1}, {5, 7, 50}};

template <class T>
Array<T> input(const ChannelLayout& layout) {
  return values<T>(1, layout.outer * layout.channels * layout.inner, 0.5);
}

}  // namespace

TEST_CASE_TEMPLATE("batch_norm_forward moves running statistics towards the batch", T, float, double) {
  for (const ChannelLayout& layout : layouts) {
    for (const bool unbiased : {false, true}) {
      const Array<T> x = input<T>(layout);
      const Reference<T> batch = Reference<T>(channels(layout), x, nullptr, nullptr).from_x(eps);
      const Array<T> old_mean = values<T>(7, layout.channels), old_var = values<T>(8, layout.channels, 2);
      const long double momentum = 0.3, n = layout.outer * layout.inner, u = std::numeric_limits<T>::epsilon() / 2;
      Expected mean, var;
      for (std::size_t c = 0; c < batch.mean.size(); ++c) {
        // Each product and the sum round once, on top of what the batch's own statistic carries: 4 u of the terms.
        const auto blend = [&](long double previous, Bounded statistic) {
          const long double a = (1 - momentum) * previous, b = momentum * statistic.value;
          return Bounded{a + b, momentum * statistic.bound + 4 * u * (std::fabs(a) + std::fabs(b))};
        };
        const long double correction = unbiased ? n / (n - 1) : 1;
        mean.push_back(blend(old_mean[static_cast<Index>(c)], batch.mean[c]));
        var.push_back(blend(old_var[static_cast<Index>(c)],
                            {batch.variance[c].value * correction, batch.variance[c].bound * correction}));
      }
      for (const Isa isa : available_isas()) {
        INFO("isa ", label(isa), ", inner ", layout.inner, ", unbiased ", unbiased);
        const Setting setting(isa);
        Array<T> y(x.size()), running_mean = old_mean, running_var = old_var;
        REQUIRE(batch_norm_forward<T>({.x = x.data(),
                                       .layout = layout,
                                       .running_mean = running_mean.data(),
                                       .running_var = running_var.data(),
                                       .momentum = 0.3,
                                       .unbiased = unbiased,
                                       .y = y.data()}) == Status::ok);
        CHECK(worst(running_mean, mean) <= 1);
        CHECK(worst(running_var, var) <= 1);
      }
    }
  }
}

TEST_CASE_TEMPLATE("batch_norm_inference normalizes with the running statistics", T, float, double) {
  for (const ChannelLayout& layout : layouts) {
    const Array<T> x = input<T>(layout);
    const Array<T> weight = values<T>(3, layout.channels, 1, 0.5), bias = values<T>(4, layout.channels);
    const Array<T> running_mean = values<T>(5, layout.channels, 0.4, 0.1);
    const Array<T> running_var = values<T>(6, layout.channels, 2, 0.5);
    Array<long double> mean(layout.channels), rstd(layout.channels);
    for (Index c = 0; c < layout.channels; ++c) {
      mean[c] = running_mean[c], rstd[c] = 1 / std::sqrt(running_var[c] + static_cast<long double>(eps));
    }
    const auto expected = Reference<T>(channels(layout), x, weight.data(), bias.data()).from(mean, rstd).y();
    for (const Isa isa : available_isas()) {
      INFO("isa ", label(isa), ", inner ", layout.inner);
      const Setting setting(isa);
      Array<T> y(x.size());
      REQUIRE(batch_norm_inference<T>({.x = x.data(),
                                       .layout = layout,
                                       .running_mean = running_mean.data(),
                                       .running_var = running_var.data(),
                                       .weight = weight.data(),
                                       .bias = bias.data(),
                                       .eps = eps,
                                       .y = y.data()}) == Status::ok);
      CHECK(worst(y, expected) <= 1);
    }
  }
}
