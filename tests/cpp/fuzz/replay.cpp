// Runs the fuzz target without libFuzzer: on files, or on as many random inputs as asked for, from a seed.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "inputs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kLongest = 64;  // more bytes decide nothing

std::vector<std::uint8_t> random_bytes(std::uint64_t seed) {
  std::vector<std::uint8_t> bytes(kLongest);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>((simdnorm::test::random_number(seed, i) + 1) * 128);
  }
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 4 && std::strcmp(arguments[1], "--random") == 0) {  // <inputs> <first seed>
    const std::uint64_t inputs = std::strtoull(arguments[2], nullptr, 10);
    const std::uint64_t first = std::strtoull(arguments[3], nullptr, 10);
    // Said before each block: a crash leaves the last line as the command that repeats it.
    for (std::uint64_t seed = first; seed < first + inputs; ++seed) {
      if (seed % 100 == first % 100) {
        std::printf("repeat from here: %s --random 100 %llu\n", arguments[0], static_cast<unsigned long long>(seed));
        std::fflush(stdout);
      }
      const std::vector<std::uint8_t> bytes = random_bytes(seed);
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    return 0;
  }
  std::size_t replayed = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
      std::printf("%s\n", entry.path().c_str());
      std::fflush(stdout);
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      ++replayed;
    }
  }
  return replayed > 0 ? 0 : 1;
}
