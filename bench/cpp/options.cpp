#include "options.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>
#include <string_view>

#include "simdnorm/simdnorm.hpp"

namespace simdnorm::bench {
namespace {

constexpr const char* kUsage =
    "simdnorm-bench [--threads=1,2] [--isa=NAME] [--benchmark_filter=REGEX] [--benchmark_format=json] ...\n"
    "  --threads   numbers of threads, one after the other; 1 and all if not given\n"
    "  --isa       portable, avx2, avx512 or neon; the widest here if not given\n"
    "  names are operation/shape/dtype/threads:N; the other options are Google Benchmark's:\n\n";

/// Takes "--name=value" out of the arguments; null if it is not there.
const char* option(const std::string& name, int& count, char** arguments) {
  const std::string start = "--" + name + "=";
  for (int i = 1; i < count; ++i) {
    if (!std::string_view(arguments[i]).starts_with(start)) continue;
    const char* value = arguments[i] + start.size();
    std::copy(arguments + i + 1, arguments + count, arguments + i);
    --count;
    return value;
  }
  return nullptr;
}

bool use_isa_named(const char* isa) {
  for (const Isa known : kIsas) {
    if (std::strcmp(isa, name(known)) == 0) return use_isa(known) == Status::ok;
  }
  return false;
}

std::string available_isas() {
  std::string names;
  for (const Isa known : kIsas) {
    if (available(known)) names += (names.empty() ? "" : ", ") + std::string(name(known));
  }
  return names;
}

/// Empty where the text is no list of numbers.
std::vector<int> numbers(const char* text) {
  std::vector<int> result;
  for (std::istringstream list(text); list;) {
    std::string number;
    if (!std::getline(list, number, ',')) return result;
    if (number.empty() || number.size() > 4 || number.find_first_not_of("0123456789") != std::string::npos) return {};
    result.push_back(std::stoi(number));
  }
  return result;
}

std::nullopt_t refuse(const char* option, const char* value, const std::string& why) {
  std::fprintf(stderr, "simdnorm-bench: %s=%s %s\n", option, value, why.c_str());
  return std::nullopt;
}

}  // namespace

std::optional<Options> take_options(int& count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help") std::fputs(kUsage, stdout);
    if (argument.starts_with("--benchmark_format=")) options.for_people = argument.ends_with("=console");
  }
  if (const char* isa = option("isa", count, arguments); isa && !use_isa_named(isa)) {
    return refuse("--isa", isa, "is not available here; what is: " + available_isas());
  }
  options.threads = {1};
  if (get_num_threads() > 1) options.threads.push_back(get_num_threads());
  if (const char* threads = option("threads", count, arguments)) {
    options.threads = numbers(threads);
    if (options.threads.empty() || *std::ranges::min_element(options.threads) < 1) {
      return refuse("--threads", threads, "is no list of numbers above 0");
    }
  }
  return options;
}

}  // namespace simdnorm::bench
