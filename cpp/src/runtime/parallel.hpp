// Threads. A driver runs as a team: every member executes the same code and takes its share of each phase.
// What is computed must not depend on the team; only who computes it does.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

class Team {
 public:
  Team(int rank, int size) : rank_(rank), size_(size) {}

  int rank() const { return rank_; }
  int size() const { return size_; }

  /// share(begin, end) with this member's part of [0, n).
  template <class Share>
  void each(Index n, Share share) const {
    const Index begin = n / size_ * rank_ + n % size_ * rank_ / size_;
    const Index end = n / size_ * (rank_ + 1) + n % size_ * (rank_ + 1) / size_;
    if (begin < end) share(begin, end);
  }

  /// Until every member has come here.
  void wait() const;

 private:
  int rank_, size_;
};

/// How many members an operation that moves `bytes` deserves: 1, or the full team. Never a size in between, for
/// changing the size of a team costs more than idle members do.
int team_size(Index bytes) noexcept;

/// Whether this build can use more than one thread.
bool has_openmp() noexcept;

namespace detail {
void run(int size, void (*body)(const Team&, void*), void* context);
}

/// body(team), by every member of a team of at most `size`; returns when all are done. The body must not throw.
template <class Body>
void parallel(int size, Body body) {
  detail::run(size, [](const Team& team, void* context) { (*static_cast<Body*>(context))(team); }, &body);
}

}  // namespace simdnorm
