#include "fresh.hpp"
#include "views.hpp"

namespace simdnorm::bind {
namespace {

bool see(PyObject* object, View& view) {
  if (Py_TYPE(object) != py::detail::npy_api::get().PyArray_Type_) return false;
  const ArrayProxy* array = as_array(object);
  constexpr int needed = kContiguous | kAligned;
  if ((array->flags & needed) != needed || !native(array)) return false;
  view.data = array->data;
  view.element = element_of(type_number(array));
  view.writeable = (array->flags & kWriteable) != 0;
  view.shape = {array->dimensions, static_cast<std::size_t>(array->nd)};
  return view.element != Element::other;
}

py::object make(View& view) {
  py::object array = fresh(view.shape, type_number_of(view.element), item_of(view.element));
  view.data = as_array(array.ptr())->data;
  return array;
}

}  // namespace

const Kind kArrays = {see, make};

}  // namespace simdnorm::bind
