// The golden results: the same on every machine, as long as nobody has decided otherwise.
#include <doctest/doctest.h>

#include <fstream>

#include "golden.hpp"
#include "isas.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

std::vector<std::string> read_golden_file() {
  std::ifstream file(SIMDNORM_GOLDEN_FILE);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("every ISA with a hardware fma gives the golden results") {
  const std::vector<std::string> golden = read_golden_file();
  for (const Isa isa : fused_isas()) {
    const std::vector<std::string> actual = golden_results(isa);
    REQUIRE_MESSAGE(actual.size() == golden.size(), "another list of operations: rewrite ", SIMDNORM_GOLDEN_FILE);
    for (std::size_t i = 0; i < golden.size(); ++i) {
      CHECK_MESSAGE(actual[i] == golden[i], "on ", label(isa), " (simdnorm-fingerprint ", label(isa),
                    " has the cases; if they are to change: ", SIMDNORM_GOLDEN_FILE, ")");
    }
  }
}
