// What is called through the C header is what is called through the C++ header.
#include "in_c.hpp"
#include "shapes.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

const std::vector<Shape> small = {RowLayout{3, 1, 1, 40, 1},
                                  RowLayout{2, 3, 2, 5, 3},
                                  {ChannelLayout{4, 1, 6, 5}, 2},
                                  {ChannelLayout{4, 3, 6, 1}, 3}};

}  // namespace

TEST_CASE("every operation in every type gives the same bits in C") {
  on_each_isa(problems(small), {active_isa()},
              [](const Trial& trial) { CHECK(difference(trial.run({.in_c = true}), trial.run()) == ""); });
}

TEST_CASE("C refuses what C++ refuses, and a request or types that are none") {
  on_each_isa(problems(small), {active_isa()}, [](const Trial& trial) {
    CHECK(trial.refused(
        {.spoil = [](Problem& told) { told.shape.channels.inner = told.shape.rows.inner = -1; }, .in_c = true}));
  });
  const SimdnormLayerNormForward empty = {};
  CHECK(simdnorm_layer_norm_forward(SIMDNORM_FLOAT32, &empty) == SIMDNORM_OK);
  CHECK(simdnorm_layer_norm_forward(SIMDNORM_FLOAT32, nullptr) == SIMDNORM_INVALID_ARGUMENT);
  for (const int none : {-1, 6, 7}) {
    CHECK(simdnorm_layer_norm_forward(static_cast<SimdnormTypes>(none), &empty) == SIMDNORM_INVALID_ARGUMENT);
  }
}

TEST_CASE("the runtime answers in C as in C++") {
  CHECK(simdnorm_build_info().version == build_info().version);
  CHECK(simdnorm_build_info().flags == build_info().flags);
  CHECK(simdnorm_build_info().openmp == build_info().openmp);
  CHECK(simdnorm_name(simdnorm_active_isa()) == name(active_isa()));
  CHECK(simdnorm_isa_reason() == isa_reason());
  CHECK(simdnorm_refused_isa() == refused_isa());
  CHECK(simdnorm_threads_reason() == threads_reason());
  CHECK(simdnorm_openmp_library() == openmp_library());
  CHECK(simdnorm_message(SIMDNORM_OUT_OF_MEMORY) == message(Status::out_of_memory));
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::neon}) {
    CHECK(simdnorm_available(static_cast<SimdnormIsa>(isa)) == available(isa));
  }
}

TEST_CASE("what is set in C is set") {
  const Setting back(active_isa());
  CHECK(simdnorm_use_isa(SIMDNORM_PORTABLE) == SIMDNORM_OK);
  CHECK(active_isa() == Isa::portable);
  for (const int none : {-1, 4}) {
    CHECK(!simdnorm_available(static_cast<SimdnormIsa>(none)));
    CHECK(simdnorm_use_isa(static_cast<SimdnormIsa>(none)) == SIMDNORM_INVALID_ARGUMENT);
  }
  CHECK(active_isa() == Isa::portable);
  CHECK(simdnorm_set_num_threads(1) == SIMDNORM_OK);
  CHECK(get_num_threads() == 1);
  CHECK(simdnorm_set_num_threads(0) == SIMDNORM_INVALID_ARGUMENT);
  CHECK(simdnorm_set_own_threads(2) == 0);
  CHECK(simdnorm_get_num_threads() == get_num_threads());
  CHECK(simdnorm_set_own_threads(0) == 2);
}
