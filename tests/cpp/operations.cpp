#include "operations.hpp"

#include <doctest/doctest.h>

namespace simdnorm::test {

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> list = row_norms();
    for (const auto& more : {group_norms(), batch_norms()}) list.insert(list.end(), more.begin(), more.end());
    return list;
  }();
  return all;
}

const Operation& operation(const std::string& name) {
  for (const Operation& candidate : operations()) {
    if (candidate.name == name) return candidate;
  }
  FAIL("no operation " << name);
  return operations().front();
}

}  // namespace simdnorm::test
