// A control group's limit is read as the kernel writes it, and anything else means no limit.
#include <doctest/doctest.h>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
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

namespace {

/// A mount point of control groups, as long as it lives.
class Mount {
 public:
  Mount() { std::filesystem::create_directories(root_); }
  ~Mount() { std::filesystem::remove_all(root_); }
  void write(const char* path, const char* text) const {
    const auto file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  double quota(const char* cgroups, bool v2) const { return quota_below(root_.c_str(), cgroups, v2); }

 private:
  std::filesystem::path root_ = std::filesystem::temp_directory_path() / ("cgroup-" + std::to_string(getpid()));
};

}  // namespace

TEST_CASE("of the groups around a process the one with the least quota decides (cgroup v2)") {
  const Mount mount;
  CHECK(std::isinf(mount.quota("0::/a/b\n", true)));  // no files at all
  mount.write("a/b/cpu.max", "max 100000\n");
  CHECK(std::isinf(mount.quota("0::/a/b\n", true)));
  mount.write("a/cpu.max", "200000 100000\n");
  CHECK(mount.quota("0::/a/b\n", true) == 2);
  mount.write("a/b/cpu.max", "50000 100000\n");
  CHECK(mount.quota("0::/a/b\n", true) == 0.5);
  CHECK(mount.quota("0::/a\n", true) == 2);
  CHECK(std::isinf(mount.quota("0::/\n", true)));
  mount.write("cpu.max", "300000 100000\n");  // a container whose group is the root of what it sees,
  CHECK(mount.quota("0::/\n", true) == 3);
  CHECK(mount.quota("0::/docker/somewhere/else\n", true) == 3);  // or which is told a path that it does not see
  CHECK(std::isinf(mount.quota("4:cpu:/a\n", true)));
}

TEST_CASE("quota and period are two files, and -1 is no limit (cgroup v1)") {
  const Mount mount;
  const char* cgroups = "5:cpuset:/x\n4:cpu,cpuacct:/jobs/a\n0::/\n";
  CHECK(std::isinf(mount.quota(cgroups, false)));
  mount.write("jobs/a/cpu.cfs_quota_us", "-1\n");
  mount.write("jobs/a/cpu.cfs_period_us", "100000\n");
  CHECK(std::isinf(mount.quota(cgroups, false)));
  mount.write("jobs/cpu.cfs_quota_us", "150000\n");
  CHECK(std::isinf(mount.quota(cgroups, false)));  // without its period it says nothing
  mount.write("jobs/cpu.cfs_period_us", "100000\n");
  CHECK(mount.quota(cgroups, false) == 1.5);
  mount.write("jobs/a/cpu.cfs_quota_us", "25000\n");
  CHECK(mount.quota(cgroups, false) == 0.25);
}
