// Every operation as one function from inputs to the bytes it wrote: for tests that compare runs bit for bit.
#pragma once

#include <array>
#include <string>

#include "float_settings.hpp"
#include "support.hpp"

namespace simdnorm::test {

/// Where inputs begin, counted in elements after a cache line, whether outputs overwrite them, and what the caller
/// has set: during the calls alone, for inputs must not depend on it.
struct Placement {
  Index offset = 0;
  bool in_place = false;
  std::uint64_t settings = 0;  // FloatSettings
};

template <class T>
using Outputs = std::vector<Array<T>>;

template <class T>
Outputs<T> layer_norm(Index rows, Index length, Placement place = {}) {
  Array<T> x = values<T>(1, rows * length, 0.5, 1, place.offset), dy = values<T>(2, rows * length, 0, 1, place.offset);
  const Array<T> weight = values<T>(3, length, 1, 0.5, place.offset), bias = values<T>(4, length, 0, 1, place.offset);
  const Array<T> saved = x;
  Array<T> y(x.size(), place.offset), dx(x.size(), place.offset);
  Array<T> mean(rows), rstd(rows), dweight(length), dbias(length);
  Array<T>& forward = place.in_place ? x : y;
  Array<T>& backward = place.in_place ? dy : dx;
  const FloatSettings settings(place.settings);
  REQUIRE(layer_norm_forward<T>({x.data(), rows, length, weight.data(), bias.data(), 1e-5, forward.data(), mean.data(),
                                 rstd.data()}) == Status::ok);
  REQUIRE(layer_norm_backward<T>({dy.data(), saved.data(), rows, length, mean.data(), rstd.data(), weight.data(),
                                  backward.data(), dweight.data(), dbias.data()}) == Status::ok);
  return {forward, mean, rstd, backward, dweight, dbias};
}

template <class T>
Outputs<T> batch_norm(ChannelLayout layout, Placement place = {}) {
  const Index size = layout.outer * layout.channels * layout.inner, c = layout.channels;
  Array<T> x = values<T>(1, size, 0.5, 1, place.offset), dy = values<T>(2, size, 0, 1, place.offset);
  const Array<T> weight = values<T>(3, c, 1, 0.5, place.offset), bias = values<T>(4, c, 0, 1, place.offset);
  const Array<T> saved = x;
  Array<T> y(size, place.offset), dx(size, place.offset), inference(size), frozen(size);
  Array<T> mean(c), rstd(c), dweight(c), dbias(c), running_mean(c), running_var(c);
  std::fill(running_var.begin(), running_var.end(), T{1});
  Array<T>& forward = place.in_place ? x : y;
  Array<T>& backward = place.in_place ? dy : dx;
  const FloatSettings settings(place.settings);
  REQUIRE(batch_norm_forward<T>({x.data(), layout, weight.data(), bias.data(), 1e-5, running_mean.data(),
                                 running_var.data(), 0.1, true, forward.data(), mean.data(), rstd.data()}) ==
          Status::ok);
  REQUIRE(batch_norm_backward<T>({dy.data(), saved.data(), layout, mean.data(), rstd.data(), weight.data(), false,
                                  frozen.data(), nullptr, nullptr}) == Status::ok);
  REQUIRE(batch_norm_backward<T>({dy.data(), saved.data(), layout, mean.data(), rstd.data(), weight.data(), true,
                                  backward.data(), dweight.data(), dbias.data()}) == Status::ok);
  REQUIRE(batch_norm_inference<T>({saved.data(), layout, running_mean.data(), running_var.data(), weight.data(),
                                   bias.data(), 1e-5, inference.data()}) == Status::ok);
  return {forward, mean, rstd, backward, dweight, dbias, running_mean, running_var, inference, frozen};
}

/// The bytes of float64 results, seen as T.
template <class T>
Array<T> bytes_as(const Array<double>& results) {
  Array<T> bytes(results.size() * static_cast<Index>(sizeof(double) / sizeof(T)));
  std::memcpy(bytes.data(), results.data(), static_cast<std::size_t>(results.size()) * sizeof(double));
  return bytes;
}

template <class T>
Outputs<T> batch_norm_parts(ChannelLayout layout, Placement place = {}) {
  const Index size = layout.outer * layout.channels * layout.inner, c = layout.channels;
  Array<T> x = values<T>(1, size, 0.5, 1, place.offset), dy = values<T>(2, size, 0, 1, place.offset);
  const Array<T> weight = values<T>(3, c, 1, 0.5, place.offset), bias = values<T>(4, c, 0, 1, place.offset);
  const Array<double> rstd = values<double>(5, c, 2, 0.5);
  const std::vector<Index> counts(static_cast<std::size_t>(c), layout.outer * layout.inner);
  const Array<T> saved = x;
  Array<T> y(size, place.offset), dx(size, place.offset);
  Array<double> mean(c), m2(c), sum_dy(c), sum_dy_xhat(c);
  Array<T>& forward = place.in_place ? x : y;
  Array<T>& backward = place.in_place ? dy : dx;
  const FloatSettings settings(place.settings);
  REQUIRE(batch_norm_statistics<T>({x.data(), layout, mean.data(), m2.data()}) == Status::ok);
  REQUIRE(batch_norm_apply<T>(
              {x.data(), layout, mean.data(), rstd.data(), weight.data(), bias.data(), forward.data()}) == Status::ok);
  REQUIRE(batch_norm_backward_sums<T>({dy.data(), saved.data(), layout, mean.data(), rstd.data(), sum_dy.data(),
                                       sum_dy_xhat.data()}) == Status::ok);
  REQUIRE(batch_norm_backward_apply<T>({dy.data(), saved.data(), layout, mean.data(), rstd.data(), weight.data(),
                                        sum_dy.data(), sum_dy_xhat.data(), counts.data(), backward.data()}) ==
          Status::ok);
  return {bytes_as<T>(mean), bytes_as<T>(m2), forward, bytes_as<T>(sum_dy), bytes_as<T>(sum_dy_xhat), backward};
}

template <class T>
using Operation = Outputs<T> (*)(Placement);

template <class T>
Outputs<T> on(Isa isa, Operation<T> operation, Placement place = {}, int threads = get_num_threads()) {
  const Setting setting(isa, threads);
  return operation(place);
}

/// One shape for each way of the data: short and long rows, many and few; the three channel layouts.
template <class T>
std::vector<std::pair<std::string, Operation<T>>> operations() {
  return {
      {"layer_norm 3x1", [](Placement p) { return layer_norm<T>(3, 1, p); }},
      {"layer_norm 37x65", [](Placement p) { return layer_norm<T>(37, 65, p); }},
      {"layer_norm 600x96", [](Placement p) { return layer_norm<T>(600, 96, p); }},
      {"layer_norm 130x1027", [](Placement p) { return layer_norm<T>(130, 1027, p); }},
      {"layer_norm 2x70001", [](Placement p) { return layer_norm<T>(2, 70001, p); }},
      {"batch_norm 1030x3",
       [](Placement p) {
         return batch_norm<T>({1030, 3, 1}, p);
       }},
      {"batch_norm 700x129",
       [](Placement p) {
         return batch_norm<T>({700, 129, 1}, p);
       }},
      {"batch_norm 4x2051",
       [](Placement p) {
         return batch_norm<T>({4, 2051, 1}, p);
       }},
      {"batch_norm 9x17x49",
       [](Placement p) {
         return batch_norm<T>({9, 17, 49}, p);
       }},
      {"batch_norm 6x5x3137",
       [](Placement p) {
         return batch_norm<T>({6, 5, 3137}, p);
       }},
      {"batch_norm_parts 700x129",
       [](Placement p) {
         return batch_norm_parts<T>({700, 129, 1}, p);
       }},
      {"batch_norm_parts 9x17x49",
       [](Placement p) {
         return batch_norm_parts<T>({9, 17, 49}, p);
       }},
  };
}

}  // namespace simdnorm::test
