// A first look at the arguments: the array that all others lie beside, and what the parameters are made of.
#pragma once

#include "arguments.hpp"
#include "elements.hpp"

namespace simdnorm::bind {

/// Reads a list of operands. Where they come from users, those that are written are no arguments.
class Outline {
 public:
  Outline(Arguments arguments, bool from_users) : rest(arguments), from_users_(from_users) {}

  template <class T>
  void elements(const char*, T*&) {
    if (!std::is_const_v<T> && from_users_) return;
    PyObject* object = rest.next();
    if (!first) first = object;
  }
  template <class T>
  void optional_elements(const char*, T*&) {
    rest.next();
  }
  template <class T>
  void parameter(const char*, T*&) {
    look(rest.next());
  }
  template <class T>
  void gradient(const char*, T*&, bool) {
    if (!from_users_) look(rest.next());
  }
  template <class T>
  void statistic(const char*, T*&) {
    if (std::is_const_v<T> || !from_users_) rest.next();
  }
  template <class T>
  void running(T*&, T*&) {
    rest.next();
    rest.next();
  }
  void mask(Mask&) {
    if (!from_users_) rest.next();
  }
  void groups(Index&) { rest.next(); }
  void eps(double&, double = 0) { rest.next(); }
  void momentum(double&) { rest.next(); }
  void flag(bool&) { rest.next(); }
  void several_values() {}

  /// Of the parameters; they have the type of the elements where there are none.
  PyObject* of_parameters() const { return parameter_ ? parameter_ : first; }
  bool has_parameter() const { return parameter_; }

  PyObject* first = nullptr;  // of full size
  Arguments rest;             // what stands behind the operands

 private:
  void look(PyObject* parameter) {
    if (!parameter_ && parameter != Py_None) parameter_ = parameter;
  }

  bool from_users_;
  PyObject* parameter_ = nullptr;
};

}  // namespace simdnorm::bind
