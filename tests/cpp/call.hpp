// The arrays of one call of the public API, by the words of its headers.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <map>

#include "float_settings.hpp"
#include "in_c.hpp"
#include "operations.hpp"

namespace simdnorm::test {

class Arrays {
 public:
  Arrays(const Trial& trial, const Manner& manner);

  /// Copies an input to memory of its own; null where the call is to do without it.
  void* input(const std::string& name, Kind kind, bool required);
  void* output(const std::string& name, Kind kind, Index size, bool required);
  /// An output of the size of x, which may take the place of one of these inputs.
  void* output_over(const std::string& name, std::initializer_list<const char*> inputs, bool required);
  void* updated(const std::string& name, Kind kind);

  Outcome outcome(Status status) const;
  const Trial& trial() const { return trial_; }
  const Problem& told() const { return told_; }

 private:
  bool wanted(const std::string& name, bool required);
  Room& room(const std::string& name, std::size_t bytes, Kind kind);
  void* watch(const std::string& name, Kind kind, Room& room);
  Outputs snapshot() const;

  struct Watched {
    std::string name;
    Kind kind;
    Room* room;
  };
  const Trial& trial_;
  const Manner& manner_;
  Problem told_;
  std::map<std::string, Room> rooms_;
  std::vector<Watched> watched_;
  Outcome notes_;
};

template <class E, class P>
class Call {
 public:
  Call(const Trial& trial, const Manner& manner) : arrays_(trial, manner) {}

  RowLayout rows() const { return arrays_.told().shape.rows; }
  ChannelLayout channels() const { return arrays_.told().shape.channels; }
  Index groups() const { return arrays_.told().shape.groups; }
  double eps() const { return arrays_.told().eps; }
  double momentum() const { return arrays_.told().momentum; }
  bool unbiased() const { return arrays_.told().unbiased; }

  template <class T>
  T* input(const char* name, bool required = true) {
    return static_cast<T*>(arrays_.input(name, kind_of<T>, required));
  }
  E* x() { return input<E>("x"); }
  E* dy() { return input<E>("dy"); }
  E* residual() { return input<E>("residual"); }
  E* dsummed() { return input<E>("dsummed", false); }
  P* weight() { return problem().weighted ? input<P>("weight", false) : nullptr; }
  P* bias() { return problem().biased ? input<P>("bias", false) : nullptr; }
  Compute<E>* mean() { return input<Compute<E>>("mean"); }
  Compute<E>* rstd() { return input<Compute<E>>("rstd"); }
  Mask mask() {
    Mask result = problem().shape.mask.along;
    if (problem().shape.mask.counts) result.values = input<bool>("mask", false);
    return result;
  }

  template <class T>
  T* output(const char* name, bool required = true) {  // by group
    return static_cast<T*>(arrays_.output(name, kind_of<T>, pattern().groups, required));
  }
  E* y() { return over("y", {"x", "residual"}); }
  E* summed() { return over("summed", {"residual", "x"}); }
  E* dx() { return over("dx", {"dy", "x", "dsummed"}, false); }
  E* required_dx() { return over("dx", {"dy", "x"}); }
  Compute<E>* new_mean() { return output<Compute<E>>("mean", false); }
  Compute<E>* new_rstd() { return output<Compute<E>>("rstd", false); }
  P* dweight() { return of_parameter("dweight"); }
  P* dbias() { return of_parameter("dbias"); }
  Compute<E>* running_mean() { return running("running_mean"); }
  Compute<E>* running_var() { return running("running_var"); }

  Outcome outcome(Status status) const { return arrays_.outcome(status); }

 private:
  const Problem& problem() const { return arrays_.trial().problem(); }
  const Pattern& pattern() const { return arrays_.trial().pattern(); }
  E* over(const char* name, std::initializer_list<const char*> inputs, bool required = true) {
    return static_cast<E*>(arrays_.output_over(name, inputs, required));
  }
  P* of_parameter(const char* name) {
    return static_cast<P*>(arrays_.output(name, kind_of<P>, pattern().parameters, false));
  }
  Compute<E>* running(const char* name) { return static_cast<Compute<E>*>(arrays_.updated(name, kind_of<Compute<E>>)); }

  Arrays arrays_;
};

template <class E, class P, class F>
auto typed(F function) {
  return [function](const Trial& trial, const Manner& manner) {
    Call<E, P> call(trial, manner);
    Status status;
    {
      const FloatSettings settings(manner.settings);
      in_c = manner.in_c;
      status = function(call);
    }
    return call.outcome(status);
  };
}

/// `function` makes the call, for each of kTypes.
template <class F>
Operation entry(const char* name, Family family, Statistics statistics, F function) {
  return {name,
          family,
          statistics,
          {typed<float, float>(function), typed<double, double>(function), typed<float16, float16>(function),
           typed<float16, float>(function), typed<bfloat16, bfloat16>(function), typed<bfloat16, float>(function)}};
}

}  // namespace simdnorm::test
