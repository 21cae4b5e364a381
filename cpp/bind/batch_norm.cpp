#include "simdnorm/batch_norm.hpp"

#include "arguments.hpp"

namespace simdnorm::bind {
namespace {

void forward(const py::array& x, const py::object& weight, const py::object& bias, double eps,
             const py::object& running_mean, const py::object& running_var, double momentum, bool unbiased,
             const py::object& mask, const py::object& y, const py::object& mean, const py::object& rstd,
             const py::tuple& layout) {
  with_types(x, {&weight, &bias}, [&]<class E, class P>(E, P) {
    BatchNormForward<E, P> op;
    op.layout = channel_layout(layout);
    op.x = in<E>(x, "x", elements(op.layout));
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.bias = in<P>(bias, "bias", op.layout.channels);
    op.eps = eps;
    op.running_mean = out<Compute<E>>(running_mean, "running_mean", op.layout.channels);
    op.running_var = out<Compute<E>>(running_var, "running_var", op.layout.channels);
    op.momentum = momentum;
    op.unbiased = unbiased;
    op.mask = mask_of(mask, op.layout);
    op.y = out<E>(y, "y", elements(op.layout));
    op.mean = out<Compute<E>>(mean, "mean", op.layout.channels);
    op.rstd = out<Compute<E>>(rstd, "rstd", op.layout.channels);
    released([&] { return batch_norm_forward(op); });
  });
}

void inference(const py::array& x, const py::object& running_mean, const py::object& running_var,
               const py::object& weight, const py::object& bias, double eps, const py::object& mask,
               const py::object& y, const py::tuple& layout) {
  with_types(x, {&weight, &bias}, [&]<class E, class P>(E, P) {
    BatchNormInference<E, P> op;
    op.layout = channel_layout(layout);
    op.x = in<E>(x, "x", elements(op.layout));
    op.running_mean = in<Compute<E>>(running_mean, "running_mean", op.layout.channels);
    op.running_var = in<Compute<E>>(running_var, "running_var", op.layout.channels);
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.bias = in<P>(bias, "bias", op.layout.channels);
    op.eps = eps;
    op.mask = mask_of(mask, op.layout);
    op.y = out<E>(y, "y", elements(op.layout));
    released([&] { return batch_norm_inference(op); });
  });
}

void backward(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
              const py::object& weight, bool training, const py::object& mask, const py::object& dx,
              const py::object& dweight, const py::object& dbias, const py::tuple& layout) {
  with_types(x, {&weight, &dweight, &dbias}, [&]<class E, class P>(E, P) {
    BatchNormBackward<E, P> op;
    op.layout = channel_layout(layout);
    op.dy = in<E>(dy, "dy", elements(op.layout));
    op.x = in<E>(x, "x", elements(op.layout));
    op.mean = in<Compute<E>>(mean, "mean", op.layout.channels);
    op.rstd = in<Compute<E>>(rstd, "rstd", op.layout.channels);
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.training = training;
    op.mask = mask_of(mask, op.layout);
    op.dx = out<E>(dx, "dx", elements(op.layout));
    op.dweight = out<P>(dweight, "dweight", op.layout.channels);
    op.dbias = out<P>(dbias, "dbias", op.layout.channels);
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
