// Prints hashes of results, for different processors to be compared.
//
//   simdnorm-fingerprint         the ISAs here whose bits must agree
//   simdnorm-fingerprint ISA     one hash per operation, types and shape, and the same on extreme numbers
//   simdnorm-fingerprint golden  the golden file
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <cstdlib>

#include "golden.hpp"
#include "shapes.hpp"

namespace simdnorm::test {
namespace {

void print_hash(const Problem& problem, const std::string& numbers = "") {
  std::printf("%-80s %016llx\n", (problem.title() + numbers).c_str(),
              static_cast<unsigned long long>(hash(Trial(problem).run())));
}

void print_cases(Isa isa) {
  const Setting setting(isa);
  for (const Problem& problem : problems(shapes())) print_hash(problem);
  for (const Operation& operation : operations()) {
    for (const Problem& problem : extreme_problems(operation)) {
      print_hash(problem, " of " + std::to_string(problem.change(0, 1)) + " and eps " + std::to_string(problem.eps));
    }
  }
}

constexpr const char* kAboutGolden =
    "# Hashes of what every operation gives, in all types, on inputs made by rule: the same on every machine with a\n"
    "# hardware fma, and compared there by the test `golden`. To change them is a decision that CHANGELOG.md records:\n"
    "#   build/release/tests/cpp/simdnorm-fingerprint golden >tests/golden.txt\n";

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
  const std::string wish = count > 1 ? arguments[1] : "";
  for (const Isa isa : available_isas()) {
    if (label(isa) == wish) return print_cases(isa), 0;
  }
  const std::vector<Isa> fused = fused_isas();
  if (wish.empty()) {
    for (const Isa isa : fused) std::puts(name(isa));
    return 0;
  }
  if (wish == "golden" && !fused.empty()) {
    std::fputs(kAboutGolden, stdout);
    for (const std::string& result : golden_results(fused.front())) std::puts(result.c_str());
    return 0;
  }
  std::fprintf(stderr, "no '%s' here\n", wish.c_str());
  return 1;
}
