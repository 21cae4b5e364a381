// A turn for every ISA.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "simdnorm/simdnorm.hpp"

namespace simdnorm::test {

/// A name that doctest prints; a const char* comes out as an address.
inline std::string label(Isa isa) { return name(isa); }

inline std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : kIsas) {
    if (available(isa)) isas.push_back(isa);
  }
  return isas;
}

/// Those whose fma() is one instruction, and whose bits therefore agree.
inline std::vector<Isa> fused_isas() {
  std::vector<Isa> isas = available_isas();
  std::erase(isas, Isa::portable);
  return isas;
}

/// Runs the rest of the scope on one ISA and number of threads, then goes back.
class Setting {
 public:
  explicit Setting(Isa isa, int threads = get_num_threads()) : isa_(active_isa()), threads_(get_num_threads()) {
    REQUIRE(use_isa(isa) == Status::ok);
    REQUIRE(set_num_threads(threads) == Status::ok);
  }
  ~Setting() {
    use_isa(isa_);
    set_num_threads(threads_);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  Isa isa_;
  int threads_;
};

}  // namespace simdnorm::test
