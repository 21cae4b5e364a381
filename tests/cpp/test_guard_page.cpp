// No byte before or after an array is touched: every length from 0 to 130 against pages that may not be read or
// written.
#include "shapes.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

TEST_CASE("no operation touches a byte outside its arrays") {
  if (!guards_exist()) return;
  for (Index length = 0; length <= 130; ++length) {
    on_each_isa(problems(shapes_of_length(length)), available_isas(), [](const Trial& trial) {
      const Setting serial(active_isa(), 1);
      for (const Guard guard : {Guard::before, Guard::after}) trial.run({.guard = guard});
    });
  }
}
