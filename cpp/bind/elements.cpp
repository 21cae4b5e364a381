#include "elements.hpp"

#include <atomic>

namespace simdnorm::bind {
namespace {

constexpr int kFirstUserType = 256;  // NPY_USERDEF: NumPy numbers the types of other packages from here on

std::atomic<int> bfloat16_number{-1};

/// Learnt when the first array of a foreign type comes by, and never imported: without ml_dtypes there is no bfloat16.
bool is_bfloat16(int type_number) {
  int known = bfloat16_number.load(std::memory_order_relaxed);
  if (known < 0) {
    const auto modules = py::reinterpret_borrow<py::dict>(PyImport_GetModuleDict());
    if (!modules.contains("ml_dtypes")) return false;
    const py::object scalar = py::getattr(modules["ml_dtypes"], "bfloat16", py::none());
    if (scalar.is_none()) return false;
    known = py::dtype::from_args(scalar).num();
    bfloat16_number.store(known, std::memory_order_relaxed);
  }
  return type_number == known;
}

}  // namespace

Element element_of(int type_number) {
  switch (type_number) {
    case kTypeNumber<float>:
      return Element::float32;
    case kTypeNumber<double>:
      return Element::float64;
    case kTypeNumber<float16>:
      return Element::float16;
    default:
      return type_number >= kFirstUserType && is_bfloat16(type_number) ? Element::bfloat16 : Element::other;
  }
}

int type_number_of(Element element) {
  switch (element) {
    case Element::float32:
      return kTypeNumber<float>;
    case Element::float64:
      return kTypeNumber<double>;
    case Element::float16:
      return kTypeNumber<float16>;
    default:
      return bfloat16_number.load(std::memory_order_relaxed);
  }
}

}  // namespace simdnorm::bind
