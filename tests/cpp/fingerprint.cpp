// Prints one hash per operation, types and shape, for one ISA; without one, the ISAs here whose bits must agree.
// aarch64.sh compares what different processors print.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <cstdlib>

#include "shapes.hpp"

namespace simdnorm::test {
namespace {

/// FNV-1a over the bytes of every output.
std::uint64_t hash(const Outputs& outputs) {
  std::uint64_t state = 0xCBF29CE484222325u;
  for (const Values& output : outputs) {
    for (const std::byte byte : output.bytes) state = (state ^ static_cast<unsigned>(byte)) * 0x100000001B3u;
  }
  return state;
}

}  // namespace
}  // namespace simdnorm::test

int main(int count, char** arguments) {
  using namespace simdnorm;
  using namespace simdnorm::test;
  doctest::Context context;  // the trials assert that they succeed, here outside of a test case
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& assertion) {
    if (!assertion.m_failed) return;
    std::fprintf(stderr, "%s:%d: %s\n", assertion.m_file, assertion.m_line, assertion.m_expr);
    std::abort();
  });
  if (count == 1) {
    for (const Isa isa : fused_isas()) std::puts(name(isa));
    return 0;
  }
  for (const Isa isa : available_isas()) {
    if (label(isa) != arguments[1]) continue;
    use_isa(isa);
    for (const Problem& problem : problems(shapes())) {
      std::printf("%-80s %016llx\n", problem.title().c_str(),
                  static_cast<unsigned long long>(hash(Trial(problem).run())));
    }
    return 0;
  }
  std::fprintf(stderr, "no ISA '%s' here\n", arguments[1]);
  return 1;
}
