// After all that was measured, what a person wants to know of it: how near each operation is to what memory allows, and
// what the same bits cost.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>

namespace simdnorm::bench {

/// Google Benchmark's own report on the console, and a table at its end.
class Summary : public benchmark::ConsoleReporter {
 public:
  Summary() : ConsoleReporter(OO_Tabular) {}
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  /// Of the cases of one operation, a counter that is a ratio.
  struct Ratios {
    double sum_of_logarithms = 0, least = 0, most = 0;
    std::string least_of, most_of;
    int count = 0;
    void take(double ratio, const std::string& name);
  };
  void print(const char* title, const std::map<std::string, Ratios>& ratios);

  std::map<std::string, Ratios> of_stream_, cost_;
};

}  // namespace simdnorm::bench
