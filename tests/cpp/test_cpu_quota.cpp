// A control group's limit is read as the kernel writes it, and anything else means no limit.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "runtime/cpu_quota.hpp"

using namespace simdnorm::detail;

TEST_CASE("cpu.max says how many processors' worth of time there is") {
  CHECK(parse_cpu_max("150000 100000\n") == 1.5);
  CHECK(parse_cpu_max("50000 100000\n") == 0.5);
  CHECK(parse_cpu_max("1 1000000\n") == 0.01);  // never none at all
  for (const char* none : {"max 100000\n", "", "nonsense", "100000", "0 100000", "-1 100000", "100000 0"}) {
    CAPTURE(none);
    CHECK(std::isinf(parse_cpu_max(none)));
  }
}

std::string path_of(const char* text, bool v2) {
  char path[64];
  return parse_cgroup_path(text, v2, path, sizeof path) ? path : "none";
}

TEST_CASE("the path of a process is that of its unified group, or of the controller cpu") {
  const char* both = "5:cpuset:/set\n4:cpu,cpuacct:/jobs/a\n0::/user.slice/b\n";
  CHECK(path_of(both, true) == "/user.slice/b");
  CHECK(path_of(both, false) == "/jobs/a");
  CHECK(path_of("0::/\n", true) == "");  // the mount point itself
  CHECK(path_of("3:cpuacct,cpu:/c", false) == "/c");
  CHECK(path_of("3:cpuset:/c\n2:cpuacct:/d\n", false) == "none");
  CHECK(path_of("3:cpu:/c\n", true) == "none");
  CHECK(path_of("", true) == "none");
  CHECK(path_of("no colons\n\n0::/after", true) == "/after");
}

TEST_CASE("a path longer than its room is refused, not cut") {
  const std::string longer = "0::/" + std::string(100, 'x');
  CHECK(path_of(longer.c_str(), true) == "none");
}
