#include "simdnorm/group_norm.hpp"

#include "arguments.hpp"

namespace simdnorm::bind {
namespace {

void forward(const py::array& x, Index groups, const py::object& weight, const py::object& bias, double eps,
             const py::object& mask, const py::object& y, const py::object& mean, const py::object& rstd,
             const py::tuple& layout) {
  with_types(x, {&weight, &bias}, [&]<class E, class P>(E, P) {
    GroupNormForward<E, P> op;
    op.layout = channel_layout(layout);
    const Index statistics = op.layout.samples * groups;
    op.x = in<E>(x, "x", elements(op.layout));
    op.groups = groups;
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.bias = in<P>(bias, "bias", op.layout.channels);
    op.eps = eps;
    op.mask = mask_of(mask, op.layout);
    op.y = out<E>(y, "y", elements(op.layout));
    op.mean = out<Compute<E>>(mean, "mean", statistics);
    op.rstd = out<Compute<E>>(rstd, "rstd", statistics);
    released([&] { return group_norm_forward(op); });
  });
}

void backward(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd, Index groups,
              const py::object& weight, const py::object& mask, const py::object& dx, const py::object& dweight,
              const py::object& dbias, const py::tuple& layout) {
  with_types(x, {&weight, &dweight, &dbias}, [&]<class E, class P>(E, P) {
    GroupNormBackward<E, P> op;
    op.layout = channel_layout(layout);
    const Index statistics = op.layout.samples * groups;
    op.dy = in<E>(dy, "dy", elements(op.layout));
    op.x = in<E>(x, "x", elements(op.layout));
    op.mean = in<Compute<E>>(mean, "mean", statistics);
    op.rstd = in<Compute<E>>(rstd, "rstd", statistics);
    op.groups = groups;
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.mask = mask_of(mask, op.layout);
    op.dx = out<E>(dx, "dx", elements(op.layout));
    op.dweight = out<P>(dweight, "dweight", op.layout.channels);
    op.dbias = out<P>(dbias, "dbias", op.layout.channels);
    released([&] { return group_norm_backward(op); });
  });
}

void instance_forward(const py::array& x, const py::object& weight, const py::object& bias, double eps,
                      const py::object& running_mean, const py::object& running_var, double momentum,
                      const py::object& mask, const py::object& y, const py::object& mean, const py::object& rstd,
                      const py::tuple& layout) {
  with_types(x, {&weight, &bias}, [&]<class E, class P>(E, P) {
    InstanceNormForward<E, P> op;
    op.layout = channel_layout(layout);
    const Index statistics = op.layout.samples * op.layout.channels;
    op.x = in<E>(x, "x", elements(op.layout));
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.bias = in<P>(bias, "bias", op.layout.channels);
    op.eps = eps;
    op.running_mean = out<Compute<E>>(running_mean, "running_mean", op.layout.channels);
    op.running_var = out<Compute<E>>(running_var, "running_var", op.layout.channels);
    op.momentum = momentum;
    op.mask = mask_of(mask, op.layout);
    op.y = out<E>(y, "y", elements(op.layout));
    op.mean = out<Compute<E>>(mean, "mean", statistics);
    op.rstd = out<Compute<E>>(rstd, "rstd", statistics);
    released([&] { return instance_norm_forward(op); });
  });
}

void instance_backward(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
                       const py::object& weight, const py::object& mask, const py::object& dx,
                       const py::object& dweight, const py::object& dbias, const py::tuple& layout) {
  with_types(x, {&weight, &dweight, &dbias}, [&]<class E, class P>(E, P) {
    GroupNormBackward<E, P> op;
    op.layout = channel_layout(layout);
    const Index statistics = op.layout.samples * op.layout.channels;
    op.dy = in<E>(dy, "dy", elements(op.layout));
    op.x = in<E>(x, "x", elements(op.layout));
    op.mean = in<Compute<E>>(mean, "mean", statistics);
    op.rstd = in<Compute<E>>(rstd, "rstd", statistics);
    op.weight = in<P>(weight, "weight", op.layout.channels);
    op.mask = mask_of(mask, op.layout);
    op.dx = out<E>(dx, "dx", elements(op.layout));
    op.dweight = out<P>(dweight, "dweight", op.layout.channels);
    op.dbias = out<P>(dbias, "dbias", op.layout.channels);
    released([&] { return instance_norm_backward(op); });
  });
}

}  // namespace

void register_group_norm(py::module_& module) {
  module.def("group_norm_forward", forward);
  module.def("group_norm_backward", backward);
  module.def("instance_norm_forward", instance_forward);
  module.def("instance_norm_backward", instance_backward);
}

}  // namespace simdnorm::bind
