// A problem with its inputs, to be run in any manner.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "problem.hpp"
#include "room.hpp"
#include "simdnorm/runtime.hpp"

namespace simdnorm::test {

/// How a call is made. None of it may change a bit of what comes out.
struct Manner {
  Index offset = 0;            // of every array from a cache line, in elements
  Guard guard = Guard::none;   // at every array
  int over = 0;                // y, summed and dx are written over the first, second ... of the inputs that they may be
  std::uint64_t settings = 0;  // FloatSettings during the call
  std::set<std::string> without = {};             // arrays that are null
  std::function<void(Problem&)> spoil = nullptr;  // changes sizes and options that the call is told, not its arrays
  bool in_c = false;                              // through the C header
  bool before = false;                            // whether to look at the outputs before the call too
};

/// `before` is what stood in the outputs, if the manner says so; an array is required when the call is refused without
/// it.
struct Outcome {
  Status status;
  Outputs outputs, before;
  std::vector<std::string> required, optional;
};

class Trial {
 public:
  explicit Trial(Problem problem) : problem_(std::move(problem)), pattern_(problem_) {}

  const Problem& problem() const { return problem_; }
  const Pattern& pattern() const { return pattern_; }

  /// An input by its name in the public headers, made when it is first asked for.
  const Values& input(const std::string& name) const;

  Outcome outcome(const Manner& manner = {}) const;

  /// What the call wrote; it must succeed.
  Outputs run(const Manner& manner = {}) const;
  Outputs run(Isa isa, const Manner& manner = {}) const;

  /// The call says invalid_argument, and has written nothing.
  bool refused(Manner manner = {}) const;

 private:
  Problem problem_;
  Pattern pattern_;
  mutable std::map<std::string, Values> inputs_;
};

}  // namespace simdnorm::test
