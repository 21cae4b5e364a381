#include "arguments.hpp"
#include "simdnorm/batch_norm.hpp"

namespace simdnorm::bind {
namespace {

void statistics(const py::array& x, const py::object& mean, const py::object& m2, Index outer, Index channels,
                Index inner) {
  with_type_of(x, [&]<class T>(T) {
    BatchNormStatistics<T> op;
    op.x = in<T>(x, "x", outer * channels * inner);
    op.layout = {outer, channels, inner};
    op.mean = out<double>(mean, "mean", channels);
    op.m2 = out<double>(m2, "m2", channels);
    released([&] { return batch_norm_statistics(op); });
  });
}

void apply(const py::array& x, const py::object& mean, const py::object& rstd, const py::object& weight,
           const py::object& bias, const py::object& y, Index outer, Index channels, Index inner) {
  with_type_of(x, [&]<class T>(T) {
    const Index n = outer * channels * inner;
    BatchNormApply<T> op;
    op.x = in<T>(x, "x", n);
    op.layout = {outer, channels, inner};
    op.mean = in<double>(mean, "mean", channels);
    op.rstd = in<double>(rstd, "rstd", channels);
    op.weight = in<T>(weight, "weight", channels);
    op.bias = in<T>(bias, "bias", channels);
    op.y = out<T>(y, "y", n);
    released([&] { return batch_norm_apply(op); });
  });
}

void backward_sums(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
                   const py::object& sum_dy, const py::object& sum_dy_xhat, Index outer, Index channels, Index inner) {
  with_type_of(x, [&]<class T>(T) {
    const Index n = outer * channels * inner;
    BatchNormBackwardSums<T> op;
    op.dy = in<T>(dy, "dy", n);
    op.x = in<T>(x, "x", n);
    op.layout = {outer, channels, inner};
    op.mean = in<double>(mean, "mean", channels);
    op.rstd = in<double>(rstd, "rstd", channels);
    op.sum_dy = out<double>(sum_dy, "sum_dy", channels);
    op.sum_dy_xhat = out<double>(sum_dy_xhat, "sum_dy_xhat", channels);
    released([&] { return batch_norm_backward_sums(op); });
  });
}

void backward_apply(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
                    const py::object& weight, const py::object& sum_dy, const py::object& sum_dy_xhat,
                    const py::object& count, const py::object& dx, Index outer, Index channels, Index inner) {
  with_type_of(x, [&]<class T>(T) {
    const Index n = outer * channels * inner;
    BatchNormBackwardApply<T> op;
    op.dy = in<T>(dy, "dy", n);
    op.x = in<T>(x, "x", n);
    op.layout = {outer, channels, inner};
    op.mean = in<double>(mean, "mean", channels);
    op.rstd = in<double>(rstd, "rstd", channels);
    op.weight = in<T>(weight, "weight", channels);
    op.sum_dy = in<double>(sum_dy, "sum_dy", channels);
    op.sum_dy_xhat = in<double>(sum_dy_xhat, "sum_dy_xhat", channels);
    op.count = in<Index>(count, "count", channels);
    op.dx = out<T>(dx, "dx", n);
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
