// Operands as users give them, where everything is plain: arrays or tensors of the right dtypes and shapes, dense and
// lying alike, apart from one another where something is written. A look or two at each; whatever is not plain goes to
// the checks in Python, which say what is wrong or make it right. Nothing has been written then.
#pragma once

#include "seen.hpp"

namespace simdnorm::bind {

/// What a call asks for: `need` is a bool, whether a forward pass returns its statistics too, or a tuple, which
/// gradients a backward pass returns; `out` receives the first result.
struct Wanted {
  PyObject *need, *out;
};

/// Reads a list of operands. Those that are read are arguments; those that are written are fresh, but for `out`.
class Express {
 public:
  template <class Layout>
  Express(const Kind& kind, Arguments arguments, const Seen<Layout>& seen, Wanted wanted)
      : kind_(kind),
        arguments_(arguments),
        wanted_(wanted),
        full_{seen.x.element, seen.x.shape, true},
        parameter_{seen.parameter.element, seen.parameters},
        statistic_shape_(seen.statistics()),
        strides_(seen.x.strides),
        last_(seen.last),
        values_(seen.values) {}

  template <class T>
  void elements(const char*, T*& p) {
    if constexpr (std::is_const_v<T>) {
      p = static_cast<T*>(given(next(), full_));
    } else {
      p = static_cast<T*>(output());
    }
  }
  template <class T>
  void optional_elements(const char*, T*& p) {
    p = static_cast<T*>(if_given(next(), full_));
  }
  template <class T>
  void parameter(const char*, T*& p) {
    p = static_cast<T*>(if_given(next(), parameter_));
  }
  template <class T>
  void gradient(const char*, T*& p, bool of_given) {
    plain_ &= of_gradients();
    const bool wanted = needed() && of_given;
    p = static_cast<T*>(wanted ? fresh_result(parameter_) : no_result());
  }
  template <class T>
  void statistic(const char*, T*& p) {
    const Operand operand = {kElement<std::remove_const_t<T>>, statistic_shape_};
    if constexpr (std::is_const_v<T>) {
      p = static_cast<T*>(given(next(), operand));
    } else if (wanted_.need == Py_True) {
      p = static_cast<T*>(fresh_result(operand));
    }
  }
  template <class T>
  void running(T*& mean, T*& var) {
    const Operand operand = {kElement<std::remove_const_t<T>>, parameter_.shape};
    constexpr bool moved = !std::is_const_v<T>;
    PyObject *first = next(), *second = next();
    if (moved && first == Py_None && second == Py_None) return;
    mean = static_cast<T*>(running(first, operand, moved));
    var = static_cast<T*>(running(second, operand, moved));
  }
  void mask(Mask&) {}  // there is none
  void groups(Index& groups);
  void eps(double& eps, double if_none = -1);
  void momentum(double& momentum);
  void flag(bool& flag);
  void several_values() { plain_ &= values_ >= 2; }

  /// Whether all operands are as they should be, and something is to be done with them.
  bool ready() const { return plain_ && written_ && needs_ == (of_gradients() ? PyTuple_GET_SIZE(wanted_.need) : 0); }

  /// One result alone, or several as a tuple.
  py::object results();

 private:
  struct Operand {
    Element element;
    Shape shape;
    bool full = false;  // of the shape of x, and lies as x does: a result may be this very array
  };
  struct Span {
    char *begin, *end;
    bool full;
  };

  PyObject* next() { return arguments_.next(); }
  bool of_gradients() const { return PyTuple_CheckExact(wanted_.need); }
  bool needed();

  void* given(PyObject* object, const Operand& operand);
  void* if_given(PyObject* object, const Operand& operand) {
    return object == Py_None ? nullptr : given(object, operand);
  }
  void* running(PyObject* object, const Operand& operand, bool moved);

  void* output();
  void* fresh_result(const Operand& operand);
  void* no_result();
  void* keep(py::object result, void* data);

  bool fits(PyObject* object, const Operand& operand, Span& span, bool written = false) const;
  /// Whether it shares nothing with what was given before; what is full may be the same array.
  bool apart(const Span& span) const;

  const Kind& kind_;
  Arguments arguments_;
  Wanted wanted_;
  Operand full_, parameter_;
  Shape statistic_shape_, strides_;
  bool last_;
  Extent statistics_of_groups_[2] = {};
  Index values_;

  bool plain_ = true, written_ = false;
  int spans_count_ = 0, results_count_ = 0;
  Py_ssize_t needs_ = 0;
  Span spans_[6];          // no operation reads more arrays,
  py::object results_[4];  // nor returns more
};

}  // namespace simdnorm::bind
