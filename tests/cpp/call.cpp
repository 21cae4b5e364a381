#include "call.hpp"

#include <algorithm>

namespace simdnorm::test {

Arrays::Arrays(const Trial& trial, const Manner& manner) : trial_(trial), manner_(manner), told_(trial.problem()) {
  if (manner.spoil) manner.spoil(told_);
}

bool Arrays::wanted(const std::string& name, bool required) {
  (required ? notes_.required : notes_.optional).push_back(name);
  return !manner_.without.contains(name);
}

Room& Arrays::room(const std::string& name, std::size_t bytes, Kind kind) {
  const auto offset = static_cast<std::size_t>(manner_.offset * format(kind).bytes);
  return rooms_.try_emplace(name, bytes, offset, manner_.guard).first->second;
}

void* Arrays::watch(const std::string& name, Kind kind, Room& at) {
  watched_.push_back({name, kind, &at});
  if (manner_.before) notes_.before = snapshot();
  return at.data();
}

void* Arrays::input(const std::string& name, Kind kind, bool required) {
  if (!wanted(name, required)) return nullptr;
  const Values& values = trial_.input(name);
  REQUIRE(values.kind == kind);
  Room& at = room(name, values.bytes.size(), kind);
  std::copy(values.bytes.begin(), values.bytes.end(), at.data());
  return at.data();
}

void* Arrays::output(const std::string& name, Kind kind, Index size, bool required) {
  if (!wanted(name, required)) return nullptr;
  const auto bytes = static_cast<std::size_t>(size * format(kind).bytes);
  Room& at = room("new " + name, bytes, kind);
  std::fill_n(at.data(), bytes, std::byte{0xFF});  // a NaN: what is not written is not right
  return watch(name, kind, at);
}

void* Arrays::output_over(const std::string& name, std::initializer_list<const char*> inputs, bool required) {
  const Kind kind = trial_.problem().types.elements;
  std::vector<Room*> given;
  for (const char* input : inputs) {
    if (const auto found = rooms_.find(input); found != rooms_.end()) given.push_back(&found->second);
  }
  if (manner_.over == 0 || given.empty()) return output(name, kind, trial_.problem().shape.size(), required);
  if (!wanted(name, required)) return nullptr;
  return watch(name, kind, *given[static_cast<std::size_t>(manner_.over - 1) % given.size()]);
}

void* Arrays::updated(const std::string& name, Kind kind) {
  void* values = input(name, kind, true);
  return values ? watch(name, kind, rooms_.at(name)) : nullptr;
}

Outputs Arrays::snapshot() const {
  Outputs result;
  for (const auto& [name, kind, at] : watched_) {
    Values& values = result.emplace_back(name, kind, static_cast<Index>(at->size()) / format(kind).bytes);
    std::copy_n(at->data(), at->size(), values.bytes.begin());
  }
  return result;
}

Outcome Arrays::outcome(Status status) const {
  Outcome result = notes_;
  result.status = status;
  result.outputs = snapshot();
  return result;
}

}  // namespace simdnorm::test
