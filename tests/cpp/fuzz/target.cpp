// Bytes to a call of the public API. libFuzzer drives this, and replay.cpp, where there is no libFuzzer.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <cstdlib>

#include "fuzz/promises.hpp"
#include "operations.hpp"

namespace {

/// The trials assert, here outside of a test case.
const bool asserting = [] {
  static doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& assertion) {
    if (!assertion.m_failed) return;
    std::fprintf(stderr, "%s:%d: %s\n", assertion.m_file, assertion.m_line, assertion.m_expr);
    std::abort();
  });
  return true;
}();

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace simdnorm::test;
  const Described described = describe({data, size});
  const std::string broken = broken_promise(described);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "BROKEN PROMISE: %s\n  %s\n", broken.c_str(), described.title().c_str());
  std::abort();
}
