#include "summary.hpp"

#include <cmath>
#include <cstdio>
#include <ostream>

namespace simdnorm::bench {

void Summary::Ratios::take(double ratio, const std::string& name) {
  if (count == 0 || ratio < least) least = ratio, least_of = name;
  if (count == 0 || ratio > most) most = ratio, most_of = name;
  sum_of_logarithms += std::log(ratio);
  ++count;
}

void Summary::ReportRuns(const std::vector<Run>& runs) {
  ConsoleReporter::ReportRuns(runs);
  for (const Run& run : runs) {
    const std::string name = run.run_name.function_name;
    const std::size_t slash = name.find('/');
    const auto collect = [&](const char* counter, std::map<std::string, Ratios>& ratios) {
      const auto found = run.counters.find(counter);
      if (!run.error_occurred && found != run.counters.end() && found->second.value > 0) {
        ratios[name.substr(0, slash)].take(found->second.value, name.substr(slash + 1));
      }
    };
    collect("of_stream", of_stream_);
    collect("cost", cost_);
  }
}

void Summary::print(const char* title, const std::map<std::string, Ratios>& ratios) {
  if (ratios.empty()) return;
  GetOutputStream() << '\n' << title << '\n';
  char line[200];
  for (const auto& [operation, of] : ratios) {
    std::snprintf(line, sizeof line, "  %-32s %5.2f   %5.2f %-32s %5.2f %s\n", operation.c_str(),
                  std::exp(of.sum_of_logarithms / of.count), of.least, of.least_of.c_str(), of.most,
                  of.most_of.c_str());
    GetOutputStream() << line;
  }
}

void Summary::Finalize() {
  ConsoleReporter::Finalize();
  print("Rate over that of a stream of the same traffic (1 is what memory allows): geometric mean, least, most",
        of_stream_);
  print("What the same bits cost (1 is nothing): geometric mean, least, most", cost_);
}

}  // namespace simdnorm::bench
