#include "simdnorm/types.hpp"

namespace simdnorm {

const char* message(Status status) noexcept {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::out_of_memory:
      return "no memory for scratch; nothing has been written";
    default:
      return "invalid argument: a required pointer is null, a size negative or beyond counting, or a number out of its "
             "range";
  }
}

}  // namespace simdnorm
