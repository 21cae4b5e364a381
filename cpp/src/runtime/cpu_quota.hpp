// The share of processors that a container may use, where a control group limits it.
#pragma once

namespace simdnorm {

/// Processors' worth of time, at least 0.01; infinity where there is no limit. Reads cgroup v2, then v1.
double cpu_quota() noexcept;

namespace detail {

/// "max 100000" or "150000 100000", as cpu.max has it; infinity where it says no limit or nothing sensible.
double parse_cpu_max(const char* text) noexcept;

/// The least quota of a process's group and of all that are above it, up to `mount`: the files of cgroup v2, or of the
/// v1 controller "cpu". `cgroups` is the text of /proc/self/cgroup.
double quota_below(const char* mount, const char* cgroups, bool v2) noexcept;

/// The path of this process below the mount point, from /proc/self/cgroup: the v2 line, or the one of the v1
/// controller "cpu". Writes at most `size` characters; false where there is none.
bool parse_cgroup_path(const char* text, bool v2, char* path, unsigned long size) noexcept;

}  // namespace detail
}  // namespace simdnorm
