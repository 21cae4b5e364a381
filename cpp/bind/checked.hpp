// Operands as the checks in Python give them. What users may get wrong has been refused there; what is refused here is
// a mistake of the caller in the package, and still never a wild write.
#pragma once

#include "arguments.hpp"
#include "elements.hpp"

namespace simdnorm::bind {

/// How many values there are of each kind.
struct Sizes {
  Index elements, parameters, statistics;
};

/// Reads a list of operands, and the layout that stands behind them.
class Checked {
 public:
  Checked(Arguments arguments, const Sizes& sizes, const ChannelLayout& channels)
      : arguments_(arguments), sizes_(sizes), channels_(channels) {}

  template <class T>
  void elements(const char* name, T*& p) {
    p = array<T>(name, sizes_.elements);
  }
  template <class T>
  void optional_elements(const char* name, T*& p) {
    p = array<T>(name, sizes_.elements);
  }
  template <class T>
  void parameter(const char* name, T*& p) {
    p = array<T>(name, sizes_.parameters);
  }
  template <class T>
  void gradient(const char* name, T*& p, bool) {
    p = array<T>(name, sizes_.parameters);
  }
  template <class T>
  void statistic(const char* name, T*& p) {
    p = array<T>(name, sizes_.statistics);
  }
  template <class T>
  void running(T*& mean, T*& var) {
    mean = array<T>("running_mean", sizes_.parameters);
    var = array<T>("running_var", sizes_.parameters);
  }
  void mask(Mask& mask);
  void groups(Index& groups) {
    groups = next().cast<Index>();
    sizes_.statistics = channels_.samples * groups;
  }
  void eps(double& eps, double = 0) { eps = next().cast<double>(); }
  void momentum(double& momentum) { momentum = next().cast<double>(); }
  void flag(bool& flag) { flag = next().cast<bool>(); }
  void several_values() {}  // the checks have counted them, under the mask too

 private:
  py::handle next() { return arguments_.next(); }

  /// `n` values, or null where the argument is None; ValueError naming it otherwise.
  template <class T>
  T* array(const char* name, Index n) {
    return static_cast<T*>(array(next(), name, kTypeNumber<std::remove_const_t<T>>, n, !std::is_const_v<T>));
  }
  static void* array(py::handle object, const char* name, int type_number, Index n, bool writeable);

  Arguments arguments_;
  Sizes sizes_;
  ChannelLayout channels_;
};

/// Of an array as it comes from the checks.
Element checked_element(py::handle array);

/// Sizes as the front counts them.
void read_layout(py::handle sizes, RowLayout& layout);
void read_layout(py::handle sizes, ChannelLayout& layout);

}  // namespace simdnorm::bind
