// From how many bytes on large arrays are treated otherwise than small ones. Limits decide who does the work, when, and
// how memory is reached; never the bits. With SIMDNORM_SMALL_LIMITS small arrays go the ways of large ones: tests can
// try many more of them.
#pragma once

#include "simdnorm/types.hpp"

namespace simdnorm {

struct Limits {
  Index fork;         // from here on work is shared by a team
  Index far;          // what a pass reads beyond this comes from past the second cache
  Index stream;       // what a pass writes beyond this will have left the caches before it is read again
  Index row_slab;     // what stays in the second cache between two passes over rows,
  Index column_slab;  // and over columns
};

#ifdef SIMDNORM_SMALL_LIMITS
constexpr Limits kLimits = {.fork = 512, .far = 1024, .stream = 1024, .row_slab = 4096, .column_slab = 8192};
#else
// Fork and join of a warm team cost a few microseconds; a core moves 256 KiB in about five times as long.
constexpr Limits kLimits = {.fork = Index{256} << 10,
                            .far = Index{2} << 20,
                            .stream = Index{8} << 20,
                            .row_slab = Index{512} << 10,
                            .column_slab = Index{1} << 20};
#endif

}  // namespace simdnorm
