#include "views.hpp"

namespace simdnorm::bind {
namespace {

/// Steps through memory from the innermost axis on: whether an axis is the next one. Of size 1, it is anywhere.
class Dense {
 public:
  explicit Dense(const View& view) : view_(view) {}

  bool next_is(std::size_t axis) {
    const bool fits = view_.shape[axis] == 1 || view_.strides[axis] == stride_;
    stride_ *= view_.shape[axis];
    return fits;
  }

 private:
  const View& view_;
  Extent stride_ = 1;
};

}  // namespace

bool in_order(const View& view) {
  if (view.strides.empty()) return true;
  Dense dense(view);
  for (std::size_t axis = view.shape.size(); axis-- > 0;) {
    if (!dense.next_is(axis)) return false;
  }
  return true;
}

bool channels_last(const View& view) {
  if (view.strides.empty() || view.shape.size() < 4 || view.shape.size() > 5) return false;  // as PyTorch knows them
  Dense dense(view);
  bool holds = dense.next_is(1);
  for (std::size_t axis = view.shape.size() - 1; axis > 1; --axis) holds = holds && dense.next_is(axis);
  return holds && dense.next_is(0);
}

}  // namespace simdnorm::bind
