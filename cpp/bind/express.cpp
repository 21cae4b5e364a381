#include "express.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace simdnorm::bind {
namespace {

/// A float from 0 to `most`.
bool real(PyObject* object, double most, double& value) {
  if (!PyFloat_CheckExact(object)) return false;
  value = PyFloat_AS_DOUBLE(object);
  return value >= 0 && value <= most;
}

}  // namespace

void Express::groups(Index& groups) {
  const Index channels = parameter_.shape[0];
  plain_ &= integer(next(), groups) && groups >= 1 && channels % groups == 0;
  statistics_of_groups_[0] = full_.shape[0];
  statistics_of_groups_[1] = groups;
  statistic_shape_ = statistics_of_groups_;
}

void Express::eps(double& eps, double if_none) {
  PyObject* object = next();
  if (object == Py_None && if_none >= 0) {
    eps = if_none;
  } else {
    plain_ &= real(object, std::numeric_limits<double>::max(), eps);
  }
}

void Express::momentum(double& momentum) { plain_ &= real(next(), 1, momentum); }

void Express::flag(bool& flag) {
  PyObject* object = next();
  flag = object == Py_True;
  plain_ &= flag || object == Py_False;
}

bool Express::needed() {
  if (!of_gradients()) return true;
  if (needs_ == PyTuple_GET_SIZE(wanted_.need)) return plain_ = false;
  PyObject* need = PyTuple_GET_ITEM(wanted_.need, needs_++);
  plain_ &= need == Py_True || need == Py_False;
  return need == Py_True;
}

bool Express::fits(PyObject* object, const Operand& operand, Span& span, bool written) const {
  View view;
  if (!kind_.see(object, view) || view.element != operand.element || (written && !view.writeable)) return false;
  if (!std::ranges::equal(view.shape, operand.shape)) return false;
  if (operand.full && last_ ? !channels_last(view) : !in_order(view)) return false;
  const std::size_t bytes = static_cast<std::size_t>(values_in(view.shape)) * item_of(view.element);
  span = {view.data, view.data + bytes, operand.full};
  return true;
}

bool Express::apart(const Span& span) const {
  return std::all_of(spans_, spans_ + spans_count_, [&](const Span& other) {
    const bool same = span.full && other.full && span.begin == other.begin;
    return same || span.end <= other.begin || other.end <= span.begin;
  });
}

void* Express::given(PyObject* object, const Operand& operand) {
  plain_ = plain_ && fits(object, operand, spans_[spans_count_]);
  return plain_ ? spans_[spans_count_++].begin : nullptr;
}

void* Express::running(PyObject* object, const Operand& operand, bool moved) {
  Span& span = spans_[spans_count_];
  plain_ = plain_ && fits(object, operand, span, moved) && apart(span);
  return plain_ ? spans_[spans_count_++].begin : nullptr;
}

void* Express::output() {
  if (!needed()) {
    plain_ &= wanted_.out == Py_None;
    return no_result();
  }
  PyObject* out = std::exchange(wanted_.out, Py_None);  // what else is written is fresh
  if (out == Py_None) return fresh_result(full_);
  Span span;
  plain_ = plain_ && fits(out, full_, span, true) && apart(span);
  return plain_ ? keep(py::reinterpret_borrow<py::object>(out), span.begin) : nullptr;
}

void* Express::fresh_result(const Operand& operand) {
  if (!plain_) return nullptr;
  View view;
  view.element = operand.element;
  view.shape = operand.shape;
  if (operand.full) view.strides = strides_;
  py::object result = kind_.fresh(view);
  return keep(std::move(result), view.data);
}

void* Express::no_result() {
  results_[results_count_++] = py::none();
  return nullptr;
}

void* Express::keep(py::object result, void* data) {
  results_[results_count_++] = std::move(result);
  written_ = true;
  return data;
}

py::object Express::results() {
  if (results_count_ == 1) return std::move(results_[0]);
  const auto n = static_cast<std::size_t>(results_count_);
  py::tuple tuple(n);
  for (std::size_t i = 0; i < n; ++i) {
    PyTuple_SET_ITEM(tuple.ptr(), static_cast<Py_ssize_t>(i), results_[i].release().ptr());
  }
  return tuple;
}

}  // namespace simdnorm::bind
