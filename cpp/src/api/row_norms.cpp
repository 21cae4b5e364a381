#include "api/row_norms.hpp"

#include <algorithm>

#include "api/checks.hpp"
#include "api/lower.hpp"
#include "api/parameters.hpp"
#include "drive/drive.hpp"

namespace simdnorm {

template <class E, class P>
Status row_norm_forward(const RowNormForward<E, P>& op) noexcept {
  if (!usable(op.layout) || !usable(op.eps)) return Status::invalid_argument;
  const Index n = reduced(op.layout);
  if (n == 0) return of_nothing(kept(op.layout), op.eps, op.mean, op.rstd);
  if (kept(op.layout) == 0) return Status::ok;
  if (!given(op.x, op.y)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    ForwardTask<E> task = {.x = op.x,
                           .y = op.y,
                           .weight = widened(op.weight, n, scratch),
                           .bias = widened(op.bias, n, scratch),
                           .along = Along::reduced,
                           .about = op.about,
                           .eps = op.eps,
                           .saved = {op.mean, op.rstd, nullptr}};
    if (op.residual) {
      task.residual = {op.x, op.residual, op.summed};
      task.x = op.summed;
    }
    std::visit([&](const auto& problem) { drive_forward(problem, task, scratch); }, lower_rows(op.layout, scratch));
    return Status::ok;
  });
}

template <class E, class P>
Status row_norm_backward(const RowNormBackward<E, P>& op) noexcept {
  if (!usable(op.layout)) return Status::invalid_argument;
  const Index n = reduced(op.layout);
  if (kept(op.layout) == 0 || n == 0) {
    fill_zero(op.dweight, n);
    fill_zero(op.dbias, n);
    return Status::ok;
  }
  if (!(op.dx || op.dweight || op.dbias)) return Status::ok;
  if (!given(op.dy, op.x, op.rstd) || (op.about == About::mean && !op.mean)) return Status::invalid_argument;
  return run([&] {
    Scratch scratch;
    const ReducedBackwardTask<E> task = {.dy = op.dy,
                                         .x = op.x,
                                         .dsummed = op.dsummed,
                                         .dx = op.dx,
                                         .weight = widened(op.weight, n, scratch),
                                         .mean = op.mean,
                                         .rstd = op.rstd,
                                         .about = op.about,
                                         .dweight = room_for(op.dweight, n, scratch),
                                         .dbias = room_for(op.dbias, n, scratch)};
    std::visit([&](const auto& problem) { drive_backward(problem, task, scratch); }, lower_rows(op.layout, scratch));
    deliver(task.dweight, n, op.dweight);
    deliver(task.dbias, n, op.dbias);
    return Status::ok;
  });
}

#define SIMDNORM_INSTANTIATE(E, P)                                        \
  template Status row_norm_forward(const RowNormForward<E, P>&) noexcept; \
  template Status row_norm_backward(const RowNormBackward<E, P>&) noexcept;
SIMDNORM_FOR_TYPES(SIMDNORM_INSTANTIATE)
#undef SIMDNORM_INSTANTIATE

}  // namespace simdnorm
