// Fresh arrays for results; the memory of large ones comes from `blocks.hpp`.
#pragma once

#include <span>

#include "elements.hpp"

namespace simdnorm::bind {

using Extent = Py_intptr_t;  // NumPy's word for a size
using Shape = std::span<const Extent>;

/// C-contiguous, of values yet unknown; the type by its number, and the size of an item.
py::object fresh(Shape shape, int type_number, std::size_t item);

}  // namespace simdnorm::bind
