// The same bits: for any number of threads, any ISA with a hardware fma, any alignment, in place or not, any batch.
#include "operations.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

TEST_CASE_TEMPLATE("any number of threads gives the same bits", T, float, double) {
  for (const auto& [title, operation] : operations<T>()) {
    for (const Isa isa : available_isas()) {
      INFO("title ", title, ", isa ", label(isa));
      const Outputs<T> serial = on<T>(isa, operation, {}, 1);
      for (const int threads : {2, 3, 4, 7}) CHECK(on<T>(isa, operation, {}, threads) == serial);
    }
  }
}

TEST_CASE_TEMPLATE("every ISA with a hardware fma gives the same bits", T, float, double) {
  if (fused_isas().size() < 2) return;  // aarch64.sh compares with the other machine
  for (const auto& [title, operation] : operations<T>()) {
    CAPTURE(title);
    const Outputs<T> first = on<T>(fused_isas().front(), operation);
    for (const Isa isa : fused_isas()) CHECK(on<T>(isa, operation) == first);
  }
}

TEST_CASE_TEMPLATE("any alignment gives the same bits", T, float, double) {
  for (const auto& [title, operation] : operations<T>()) {
    for (const Isa isa : available_isas()) {
      INFO("title ", title, ", isa ", label(isa));
      const Outputs<T> aligned = on<T>(isa, operation);
      for (const Index offset : {1, 2, 4, 7}) CHECK(on<T>(isa, operation, {.offset = offset}) == aligned);
    }
  }
}

TEST_CASE_TEMPLATE("in place gives the same bits", T, float, double) {
  for (const auto& [title, operation] : operations<T>()) {
    for (const Isa isa : available_isas()) {
      INFO("title ", title, ", isa ", label(isa));
      CHECK(on<T>(isa, operation, {.in_place = true}) == on<T>(isa, operation));
    }
  }
}

TEST_CASE_TEMPLATE("outputs too large for the caches, and streamed past them, have the same bits", T, float, double) {
  const Operation<T> large[] = {
      [](Placement p) { return layer_norm<T>(900, 1300, p); },
      [](Placement p) { return batch_norm<T>({9400, 128, 1}, p); },
      [](Placement p) { return batch_norm<T>({40, 5, 6007}, p); },
  };
  for (const Operation<T> operation : large) {
    for (const Isa isa : available_isas()) {
      CAPTURE(label(isa));
      const Outputs<T> cached = on<T>(isa, operation, {.in_place = true});  // what is read again is never streamed
      for (const Index offset : {0, 1, 7}) CHECK(on<T>(isa, operation, {.offset = offset}) == cached);
    }
  }
}

TEST_CASE_TEMPLATE("what is not wanted changes no bit of the rest", T, float, double) {
  const Index rows = 37, length = 129;
  const Array<T> x = values<T>(1, rows * length, 0.5), dy = values<T>(2, rows * length),
                 weight = values<T>(3, length, 1);
  const Array<T> mean = values<T>(4, rows, 0.5, 0.01), rstd = values<T>(5, rows, 2, 0.1);
  const Array<T> channel_mean = values<T>(4, length, 0.5, 0.01), channel_rstd = values<T>(5, length, 2, 0.1);
  const Outputs<T> none{Array<T>(x.size()), Array<T>(length), Array<T>(length)};
  const auto by_row = [&](T* dx, T* dweight, T* dbias) {
    return layer_norm_backward<T>({dy.data(), x.data(), rows, length, mean.data(), rstd.data(), weight.data(), dx,
                                   dweight, dbias}) == Status::ok;
  };
  const auto by_channel = [&](T* dx, T* dweight, T* dbias) {
    return batch_norm_backward<T>({dy.data(),
                                   x.data(),
                                   {rows, length, 1},
                                   channel_mean.data(),
                                   channel_rstd.data(),
                                   weight.data(),
                                   true,
                                   dx,
                                   dweight,
                                   dbias}) == Status::ok;
  };
  const auto check = [&](const auto& backward) {
    Outputs<T> all = none;
    REQUIRE(backward(all[0].data(), all[1].data(), all[2].data()));
    for (unsigned wanted = 0; wanted < 8; ++wanted) {
      CAPTURE(wanted);
      Outputs<T> some = none;
      const auto pointer = [&](unsigned i) { return wanted >> i & 1 ? some[i].data() : nullptr; };
      REQUIRE(backward(pointer(0), pointer(1), pointer(2)));
      for (unsigned i = 0; i < 3; ++i) CHECK(some[i] == (wanted >> i & 1 ? all[i] : none[i]));
    }
  };
  for (const Isa isa : available_isas()) {
    CAPTURE(label(isa));
    const Setting setting(isa);
    check(by_row);
    check(by_channel);
  }
}

TEST_CASE_TEMPLATE("a row has the same bits in any batch", T, float, double) {
  const Index length = 771;
  const Array<T> x = values<T>(1, 50 * length, 0.5);
  Array<T> y(x.size());
  for (const Isa isa : available_isas()) {
    CAPTURE(label(isa));
    const Setting setting(isa);
    REQUIRE(layer_norm_forward<T>({.x = x.data(), .rows = 50, .length = length, .y = y.data()}) == Status::ok);
    for (const Index row : {0, 1, 7, 31, 49}) {
      Array<T> alone(length), in_batch(length);
      REQUIRE(layer_norm_forward<T>({.x = x.data() + row * length, .rows = 1, .length = length, .y = alone.data()}) ==
              Status::ok);
      std::copy_n(y.begin() + row * length, length, in_batch.begin());
      CHECK(alone == in_batch);
    }
  }
}
