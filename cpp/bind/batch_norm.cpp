#include "simdnorm/batch_norm.hpp"

#include "arguments.hpp"

namespace simdnorm::bind {
namespace {

void forward(const py::array& x, const py::object& weight, const py::object& bias, double eps,
             const py::object& running_mean, const py::object& running_var, double momentum, bool unbiased,
             const py::object& y, const py::object& mean, const py::object& rstd, Index outer, Index channels,
             Index inner) {
  with_type_of(x, [&]<class T>(T) {
    const Index n = outer * channels * inner;
    BatchNormForward<T> op;
    op.x = in<T>(x, "x", n);
    op.layout = {outer, channels, inner};
    op.weight = in<T>(weight, "weight", channels);
    op.bias = in<T>(bias, "bias", channels);
    op.eps = eps;
    op.running_mean = out<T>(running_mean, "running_mean", channels);
    op.running_var = out<T>(running_var, "running_var", channels);
    op.momentum = momentum;
    op.unbiased = unbiased;
    op.y = out<T>(y, "y", n);
    op.mean = out<T>(mean, "mean", channels);
    op.rstd = out<T>(rstd, "rstd", channels);
    released([&] { return batch_norm_forward(op); });
  });
}

void inference(const py::array& x, const py::object& running_mean, const py::object& running_var,
               const py::object& weight, const py::object& bias, double eps, const py::object& y, Index outer,
               Index channels, Index inner) {
  with_type_of(x, [&]<class T>(T) {
    const Index n = outer * channels * inner;
    BatchNormInference<T> op;
    op.x = in<T>(x, "x", n);
    op.layout = {outer, channels, inner};
    op.running_mean = in<T>(running_mean, "running_mean", channels);
    op.running_var = in<T>(running_var, "running_var", channels);
    op.weight = in<T>(weight, "weight", channels);
    op.bias = in<T>(bias, "bias", channels);
    op.eps = eps;
    op.y = out<T>(y, "y", n);
    released([&] { return batch_norm_inference(op); });
  });
}

void backward(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
              const py::object& weight, bool training, const py::object& dx, const py::object& dweight,
              const py::object& dbias, Index outer, Index channels, Index inner) {
  with_type_of(x, [&]<class T>(T) {
    const Index n = outer * channels * inner;
    BatchNormBackward<T> op;
    op.dy = in<T>(dy, "dy", n);
    op.x = in<T>(x, "x", n);
    op.layout = {outer, channels, inner};
    op.mean = in<T>(mean, "mean", channels);
    op.rstd = in<T>(rstd, "rstd", channels);
    op.weight = in<T>(weight, "weight", channels);
    op.training = training;
    op.dx = out<T>(dx, "dx", n);
    op.dweight = out<T>(dweight, "dweight", channels);
    op.dbias = out<T>(dbias, "dbias", channels);
    released([&] { return batch_norm_backward(op); });
  });
}

}  // namespace

void register_batch_norm(py::module_& module) {
  module.def("batch_norm_forward", forward);
  module.def("batch_norm_inference", inference);
  module.def("batch_norm_backward", backward);
}

}  // namespace simdnorm::bind
