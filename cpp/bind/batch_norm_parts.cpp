#include "simdnorm/batch_norm.hpp"

#include "arguments.hpp"

namespace simdnorm::bind {
namespace {

void statistics(const py::array& x, const py::object& mask, const py::object& count, const py::object& mean,
                const py::object& m2, const py::tuple& layout) {
  with_types(x, {}, [&]<class E, class P>(E, P) {
    BatchNormStatistics<E> op;
    op.layout = channel_layout(layout);
    op.x = in<E>(x, "x", elements(op.layout));
    op.mask = mask_of(mask, op.layout);
    op.count = out<Index>(count, "count", op.layout.channels);
    op.mean = out<double>(mean, "mean", op.layout.channels);
    op.m2 = out<double>(m2, "m2", op.layout.channels);
    released([&] { return batch_norm_statistics(op); });
  });
}

void apply(const py::array& x, const py::object& mean, const py::object& rstd, const py::object& weight,
           const py::object& bias, const py::object& y, const py::tuple& layout) {
  with_types(x, {&weight, &bias}, [&]<class E, class P>(E, P) {
    BatchNormApply<E, P> op;
    op.layout = channel_layout(layout);
    op.x = in<E>(x, "x", elements(op.layout));
    op.mean = in<double>(mean, "mean", op.layout.channels);
    op.rstd = in<double>(rstd, "rstd", op.layout.channels);
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.bias = in<P>(bias, "bias", op.layout.channels);
    op.y = out<E>(y, "y", elements(op.layout));
    released([&] { return batch_norm_apply(op); });
  });
}

void backward_sums(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
                   const py::object& mask, const py::object& sum_dy, const py::object& sum_dy_xhat,
                   const py::tuple& layout) {
  with_types(x, {}, [&]<class E, class P>(E, P) {
    BatchNormBackwardSums<E> op;
    op.layout = channel_layout(layout);
    op.dy = in<E>(dy, "dy", elements(op.layout));
    op.x = in<E>(x, "x", elements(op.layout));
    op.mean = in<double>(mean, "mean", op.layout.channels);
    op.rstd = in<double>(rstd, "rstd", op.layout.channels);
    op.mask = mask_of(mask, op.layout);
    op.sum_dy = out<double>(sum_dy, "sum_dy", op.layout.channels);
    op.sum_dy_xhat = out<double>(sum_dy_xhat, "sum_dy_xhat", op.layout.channels);
    released([&] { return batch_norm_backward_sums(op); });
  });
}

void backward_apply(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
                    const py::object& weight, const py::object& sum_dy, const py::object& sum_dy_xhat,
                    const py::object& count, const py::object& mask, const py::object& dx, const py::tuple& layout) {
  with_types(x, {&weight}, [&]<class E, class P>(E, P) {
    BatchNormBackwardApply<E, P> op;
    op.layout = channel_layout(layout);
    op.dy = in<E>(dy, "dy", elements(op.layout));
    op.x = in<E>(x, "x", elements(op.layout));
    op.mean = in<double>(mean, "mean", op.layout.channels);
    op.rstd = in<double>(rstd, "rstd", op.layout.channels);
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.sum_dy = in<double>(sum_dy, "sum_dy", op.layout.channels);
    op.sum_dy_xhat = in<double>(sum_dy_xhat, "sum_dy_xhat", op.layout.channels);
    op.count = in<Index>(count, "count", op.layout.channels);
    op.mask = mask_of(mask, op.layout);
    op.dx = out<E>(dx, "dx", elements(op.layout));
    released([&] { return batch_norm_backward_apply(op); });
  });
}

}  // namespace

void register_batch_norm_parts(py::module_& module) {
  module.def("batch_norm_statistics", statistics);
  module.def("batch_norm_apply", apply);
  module.def("batch_norm_backward_sums", backward_sums);
  module.def("batch_norm_backward_apply", backward_apply);
}

}  // namespace simdnorm::bind
