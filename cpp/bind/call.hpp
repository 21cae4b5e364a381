// One list of operands per operation, and three entrances that read it. A call is a struct of
//
//     name        as Python calls it
//     Sees        how it sees x (seen.hpp)
//     Operation   the struct of operands of the C++ API
//     operands    the list: what is const is read, what is not is written
//     run         the operation
//
// An entrance of that name, simdnorm._core.<name>, takes all operands as the checks in Python prepared them, and the
// layout. Another, simdnorm._core.express.<name>, takes those that are read as users gave them, how to see x, and what
// is wanted; it returns the results, or None where a closer look is needed. The third, simdnorm._core.tensors.<name>,
// takes and returns tensors in place of arrays, and first of all the number of threads.
#pragma once

#include "blocks.hpp"
#include "chapters.hpp"
#include "express.hpp"
#include "gil.hpp"
#include "own_threads.hpp"

namespace simdnorm::bind {

constexpr Index kQuickBytes = 64 * 1024;  // a call of a few microseconds: not worth releasing the GIL for

/// Runs without the GIL, unless x is small. Where there is no room for scratch, there is after blocks were returned.
template <class Call, class E, class Operation>
void run(const Operation& op) {
  const Index bytes = Call::Sees::sizes(op.layout).elements * static_cast<Index>(sizeof(E));
  Status status;
  if (bytes <= kQuickBytes) {
    status = Call::run(op);
  } else {
    without_gil([&] {
      status = Call::run(op);
      if (status == Status::out_of_memory && return_blocks()) status = Call::run(op);
    });
  }
  if (status == Status::ok) return;
  if (status != Status::out_of_memory) throw py::value_error(message(status));  // the caller should have known
  PyErr_SetString(PyExc_MemoryError, message(status));
  throw py::error_already_set();
}

template <class Call>
Outline outline(Arguments arguments, bool from_users) {
  Outline seen(arguments, from_users);
  typename Call::template Operation<float, float> any;
  Call::operands(any, seen);
  return seen;
}

template <class Call>
py::object checked(Arguments arguments) {
  Outline given = outline<Call>(arguments, false);
  typename Call::Sees::Layout layout;
  read_layout(given.rest.next(), layout);
  const auto with = [&]<class E, class P>(E, P) {
    typename Call::template Operation<E, P> op;
    op.layout = layout;
    Checked take(arguments, Call::Sees::sizes(layout), Call::Sees::channels(layout));
    Call::operands(op, take);
    run<Call, E>(op);
    return true;
  };
  if (!with_types(checked_element(given.first), checked_element(given.of_parameters()), with)) {
    throw py::value_error(
        "x: expected float32, float64, float16, or uint16 for bfloat16, and parameters that go with it");
  }
  return py::none();
}

template <class Call>
py::object express(Arguments arguments, const Kind& kind) {
  Outline given = outline<Call>(arguments, true);
  Seen<typename Call::Sees::Layout> seen;
  if (!kind.see(given.first, seen.x) || !kind.see(given.of_parameters(), seen.parameter)) return py::none();
  if (!Call::Sees::see(given, seen)) return py::none();
  PyObject *need = given.rest.next(), *out = given.rest.next();
  py::object results = py::none();
  with_types(seen.x.element, seen.parameter.element, [&]<class E, class P>(E, P) {
    typename Call::template Operation<E, P> op;
    op.layout = seen.layout;
    Express take(kind, arguments, seen, {need, out});
    Call::operands(op, take);
    if (take.ready()) {
      run<Call, E>(op);
      results = take.results();
    }
    return true;
  });
  return results;
}

template <class Call>
py::object express_arrays(Arguments arguments) {
  return express<Call>(arguments, kArrays);
}

template <class Call>
py::object express_tensors(Arguments arguments) {
  const OwnThreads own(py::handle(arguments.next()).cast<Index>());
  return express<Call>(arguments, kTensors);
}

/// As Python calls: the fastest way there is, and what C++ throws becomes an exception.
template <py::object entrance(Arguments)>
PyObject* called(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  try {
    return entrance({arguments, count}).release().ptr();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

template <py::object entrance(Arguments)>
void define(const py::module_& module, const char* name) {
  static PyMethodDef methods[] = {
      {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(called<entrance>)), METH_FASTCALL, nullptr}, {}};
  if (PyModule_AddFunctions(module.ptr(), methods) != 0) throw py::error_already_set();
}

/// An operation that users reach through the checks alone.
template <class Call>
void define_checked(py::module_& module) {
  define<checked<Call>>(module, Call::name);
}

template <class Call>
void define(const Entrances& entrances) {
  define<checked<Call>>(entrances.checked, Call::name);
  define<express_arrays<Call>>(entrances.arrays, Call::name);
  define<express_tensors<Call>>(entrances.tensors, Call::name);
}

}  // namespace simdnorm::bind
