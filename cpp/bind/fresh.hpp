// Fresh arrays for results; the memory of large ones comes from `blocks.hpp`.
#pragma once

#include "views.hpp"

namespace simdnorm::bind {

/// C-contiguous, of values yet unknown; the type by its number, and the size of an item.
py::object fresh(Shape shape, int type_number, std::size_t item);

}  // namespace simdnorm::bind
