// The inference call when everything is plain: exact NumPy arrays, contiguous, of one dtype. One look at each
// argument and away; whatever is not plain goes to the checks in Python, which say what is wrong or make it right.
#include <cmath>

#include "arguments.hpp"
#include "simdnorm/layer_norm.hpp"

namespace simdnorm::bind {
namespace {

constexpr Index kQuickBytes = 64 * 1024;  // a call of a few microseconds: not worth releasing the GIL for

/// An exact ndarray, C-contiguous, aligned and of native byte order; else null.
const py::detail::PyArray_Proxy* plain(py::handle object) {
  const auto& api = py::detail::npy_api::get();
  if (Py_TYPE(object.ptr()) != api.PyArray_Type_) return nullptr;
  const auto* array = py::detail::array_proxy(object.ptr());
  constexpr int needed = kContiguous | kAligned;
  if ((array->flags & needed) != needed) return nullptr;
  return py::detail::array_descriptor_proxy(array->descr)->byteorder == '=' ? array : nullptr;
}

int type_number(const py::detail::PyArray_Proxy* array) {
  return py::detail::array_descriptor_proxy(array->descr)->type_num;
}

bool integer(PyObject* object, Index& value) {
  if (!PyLong_CheckExact(object)) return false;
  int overflow = 0;
  value = PyLong_AsLongLongAndOverflow(object, &overflow);
  return overflow == 0;
}

/// How many trailing axes of x `normalized_shape` (an int or a tuple) names; 0 where it does not fit.
int trailing_axes(py::handle normalized_shape, const py::detail::PyArray_Proxy* x) {
  Index size = 0;
  if (integer(normalized_shape.ptr(), size)) return x->nd >= 1 && x->dimensions[x->nd - 1] == size ? 1 : 0;
  if (!PyTuple_CheckExact(normalized_shape.ptr())) return 0;
  const auto axes = static_cast<int>(PyTuple_GET_SIZE(normalized_shape.ptr()));
  if (axes > x->nd) return 0;
  for (int a = 0; a < axes; ++a) {
    if (!integer(PyTuple_GET_ITEM(normalized_shape.ptr(), a), size)) return 0;
    if (size != x->dimensions[x->nd - axes + a]) return 0;
  }
  return axes;
}

struct Span {
  const char* begin = nullptr;
  Index bytes = 0;
  bool overlaps(const Span& other) const { return begin < other.begin + other.bytes && other.begin < begin + bytes; }
};

/// Fills `span` from None or from a plain array of x's dtype whose shape is that of x's last `axes` axes.
bool like_trailing(py::handle object, const py::detail::PyArray_Proxy* x, int axes, Index bytes, Span& span) {
  if (object.is_none()) return true;
  const auto* array = plain(object);
  if (!array || array->nd != axes || type_number(array) != type_number(x)) return false;
  for (int a = 0; a < axes; ++a) {
    if (array->dimensions[a] != x->dimensions[x->nd - axes + a]) return false;
  }
  span = {array->data, bytes};
  return true;
}

template <class T>
Status call(const Span& x, const Span& weight, const Span& bias, double eps, char* y, Index rows, Index length) {
  LayerNormForward<T> op;
  op.x = reinterpret_cast<const T*>(x.begin);
  op.layout = rows_of(rows, length);
  op.weight = reinterpret_cast<const T*>(weight.begin);
  op.bias = reinterpret_cast<const T*>(bias.begin);
  op.eps = eps;
  op.y = reinterpret_cast<T*>(y);
  if (x.bytes <= kQuickBytes) return layer_norm_forward(op);
  const py::gil_scoped_release release;
  return layer_norm_forward(op);
}

py::object express(const py::handle& x_, const py::handle& normalized_shape, const py::handle& weight_,
                   const py::handle& bias_, const py::handle& eps_, const py::handle& out_) {
  const auto* x = plain(x_);
  if (!x || !PyFloat_CheckExact(eps_.ptr())) return py::none();
  const double eps = PyFloat_AS_DOUBLE(eps_.ptr());
  const bool single = type_number(x) == kTypeNumber<float>;
  if (!(single || type_number(x) == kTypeNumber<double>) || !(eps >= 0.0 && std::isfinite(eps))) return py::none();
  const int axes = trailing_axes(normalized_shape, x);
  if (axes == 0) return py::none();

  Index rows = 1, length = 1;
  for (int a = 0; a < x->nd; ++a) (a < x->nd - axes ? rows : length) *= x->dimensions[a];
  if (rows * length == 0) return py::none();
  const Index item = single ? sizeof(float) : sizeof(double);
  const Span input = {x->data, rows * length * item};
  Span weight, bias, output;
  if (!like_trailing(weight_, x, axes, length * item, weight)) return py::none();
  if (!like_trailing(bias_, x, axes, length * item, bias)) return py::none();
  if (!like_trailing(out_, x, x->nd, input.bytes, output)) return py::none();

  py::object y;
  if (output.begin) {
    y = py::reinterpret_borrow<py::object>(out_);
    const bool apart = output.begin == input.begin || !output.overlaps(input);
    if (!(py::detail::array_proxy(y.ptr())->flags & kWriteable) || !apart || output.overlaps(weight) ||
        output.overlaps(bias)) {
      return py::none();
    }
  } else {
    const auto dtype = py::reinterpret_borrow<py::dtype>(x->descr);
    y = py::array(dtype, std::vector<py::ssize_t>(x->dimensions, x->dimensions + x->nd));
  }
  char* data = py::detail::array_proxy(y.ptr())->data;
  const Status status = single ? call<float>(input, weight, bias, eps, data, rows, length)
                               : call<double>(input, weight, bias, eps, data, rows, length);
  raise_unless_ok(status);
  return y;
}

}  // namespace

void register_layer_norm_express(py::module_& module) { module.def("layer_norm_express", express); }

}  // namespace simdnorm::bind
