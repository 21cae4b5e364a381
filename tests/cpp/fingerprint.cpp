// Prints one hash per operation, dtype and shape, for one ISA; without one, the ISAs here whose bits must agree.
// aarch64.sh compares what different processors print.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <cstdlib>

#include "operations.hpp"

namespace simdnorm::test {
namespace {

/// FNV-1a over the bytes of every output.
template <class T>
std::uint64_t hash(const Outputs<T>& outputs) {
  std::uint64_t state = 0xCBF29CE484222325u;
  for (const Array<T>& output : outputs) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(output.data());
    for (std::size_t i = 0; i < static_cast<std::size_t>(output.size()) * sizeof(T); ++i) {
      state = (state ^ bytes[i]) * 0x100000001B3u;
    }
  }
  return state;
}

template <class T>
void print(const char* dtype) {
  for (const auto& [title, operation] : operations<T>()) {
    std::printf("%-24s %s %016llx\n", title.c_str(), dtype, static_cast<unsigned long long>(hash(operation({}))));
  }
}

}  // namespace
}  // namespace simdnorm::test

int main(int count, char** arguments) {
  using namespace simdnorm;
  doctest::Context context;  // the operations assert that they succeed, here outside of a test case
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& assertion) {
    if (!assertion.m_failed) return;
    std::fprintf(stderr, "%s:%d: %s\n", assertion.m_file, assertion.m_line, assertion.m_expr);
    std::abort();
  });
  if (count == 1) {
    for (const Isa isa : test::fused_isas()) std::puts(name(isa));
    return 0;
  }
  for (const Isa isa : test::available_isas()) {
    if (std::string(name(isa)) != arguments[1]) continue;
    use_isa(isa);
    test::print<float>("float32");
    test::print<double>("float64");
    return 0;
  }
  std::fprintf(stderr, "no ISA '%s' here\n", arguments[1]);
  return 1;
}
