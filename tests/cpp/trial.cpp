#include "trial.hpp"

#include "inputs.hpp"
#include "isas.hpp"
#include "operations.hpp"

namespace simdnorm::test {

const Values& Trial::input(const std::string& name) const {
  const auto found = inputs_.find(name);
  return found != inputs_.end() ? found->second : inputs_.emplace(name, make_input(*this, name)).first->second;
}

Outcome Trial::outcome(const Manner& manner) const {
  std::size_t types = 0;
  while (kTypes[types] != problem_.types) ++types;
  return problem_.operation->run[types](*this, manner);
}

Outputs Trial::run(const Manner& manner) const {
  Outcome result = outcome(manner);
  REQUIRE(result.status == Status::ok);
  return std::move(result.outputs);
}

Outputs Trial::run(Isa isa, const Manner& manner) const {
  const Setting setting(isa);
  return run(manner);
}

bool Trial::refused(Manner manner) const {
  manner.before = true;
  const Outcome result = outcome(manner);
  return result.status == Status::invalid_argument && result.outputs == result.before;
}

}  // namespace simdnorm::test
