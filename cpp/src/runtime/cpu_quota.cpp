#include "runtime/cpu_quota.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace simdnorm {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

bool read_file(const char* path, char* text, std::size_t size) {
  std::FILE* file = std::fopen(path, "r");
  if (!file) return false;
  const std::size_t n = std::fread(text, 1, size - 1, file);
  std::fclose(file);
  text[n] = '\0';
  return true;
}

double quota_of(double quota, double period) {
  return quota > 0 && period > 0 ? std::max(quota / period, 0.01) : kNoLimit;
}

double quota_at(const char* folder, bool v2) {
  char path[4352], text[128];
  if (v2) {
    std::snprintf(path, sizeof path, "%s/cpu.max", folder);
    return read_file(path, text, sizeof text) ? detail::parse_cpu_max(text) : kNoLimit;
  }
  std::snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
  if (!read_file(path, text, sizeof text)) return kNoLimit;
  const double quota = std::atof(text);
  std::snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  if (!read_file(path, text, sizeof text)) return kNoLimit;
  return quota_of(quota, std::atof(text));
}

}  // namespace

namespace detail {

double parse_cpu_max(const char* text) noexcept {
  double quota = 0, period = 0;
  return std::sscanf(text, "%lf %lf", &quota, &period) == 2 ? quota_of(quota, period) : kNoLimit;
}

bool parse_cgroup_path(const char* text, bool v2, char* path, unsigned long size) noexcept {
  for (const char* line = text; line && *line; line = std::strchr(line, '\n')) {
    if (*line == '\n' && *++line == '\0') break;
    const char* controllers = std::strchr(line, ':');
    const char* where = controllers ? std::strchr(++controllers, ':') : nullptr;
    if (!where) continue;
    const std::size_t n = static_cast<std::size_t>(where - controllers);
    bool found = v2 && n == 0;
    for (const char* c = controllers; !v2 && c < where; ++c) {
      const bool starts = c == controllers || c[-1] == ',';
      found = found || (starts && std::strncmp(c, "cpu", 3) == 0 && (c[3] == ',' || c[3] == ':'));
    }
    if (!found) continue;
    const std::size_t length = std::strcspn(++where, "\n");
    if (length + 1 > size) return false;
    std::memcpy(path, where, length);
    path[length] = '\0';
    if (length == 1) path[0] = '\0';  // "/": the mount point itself
    return true;
  }
  return false;
}

double quota_below(const char* mount, const char* cgroups, bool v2) noexcept {
  char path[2048], folder[4224];
  if (!parse_cgroup_path(cgroups, v2, path, sizeof path)) return kNoLimit;
  double least = kNoLimit;
  for (;;) {
    std::snprintf(folder, sizeof folder, "%s%s", mount, path);
    least = std::min(least, quota_at(folder, v2));
    char* slash = std::strrchr(path, '/');
    if (!slash) return least;
    *slash = '\0';
  }
}

}  // namespace detail

double cpu_quota() noexcept {
  char cgroups[8192];
  if (!read_file("/proc/self/cgroup", cgroups, sizeof cgroups)) return kNoLimit;
  return std::min(detail::quota_below("/sys/fs/cgroup", cgroups, true),
                  detail::quota_below("/sys/fs/cgroup/cpu", cgroups, false));
}

}  // namespace simdnorm
