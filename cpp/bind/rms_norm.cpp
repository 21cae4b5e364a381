#include "simdnorm/rms_norm.hpp"

#include "arguments.hpp"

namespace simdnorm::bind {
namespace {

void forward(const py::array& x, const py::object& weight, double eps, const py::object& y, const py::object& rstd,
             const py::tuple& layout) {
  with_types(x, {&weight}, [&]<class E, class P>(E, P) {
    RmsNormForward<E, P> op;
    op.layout = row_layout(layout);
    op.x = in<E>(x, "x", elements(op.layout));
    op.weight = in<P>(weight, "weight", reduced(op.layout));
    op.eps = eps;
    op.y = out<E>(y, "y", elements(op.layout));
    op.rstd = out<Compute<E>>(rstd, "rstd", kept(op.layout));
    released([&] { return rms_norm_forward(op); });
  });
}

void backward(const py::object& dy, const py::array& x, const py::object& rstd, const py::object& weight,
              const py::object& dx, const py::object& dweight, const py::tuple& layout) {
  with_types(x, {&weight, &dweight}, [&]<class E, class P>(E, P) {
    RmsNormBackward<E, P> op;
    op.layout = row_layout(layout);
    op.dy = in<E>(dy, "dy", elements(op.layout));
    op.x = in<E>(x, "x", elements(op.layout));
    op.rstd = in<Compute<E>>(rstd, "rstd", kept(op.layout));
    op.weight = in<P>(weight, "weight", reduced(op.layout));
    op.dx = out<E>(dx, "dx", elements(op.layout));
    op.dweight = out<P>(dweight, "dweight", reduced(op.layout));
    released([&] { return rms_norm_backward(op); });
  });
}

void add_forward(const py::array& x, const py::object& residual, const py::object& weight, double eps,
                 const py::object& y, const py::object& summed, const py::object& rstd, const py::tuple& layout) {
  with_types(x, {&weight}, [&]<class E, class P>(E, P) {
    AddRmsNormForward<E, P> op;
    op.layout = row_layout(layout);
    op.x = in<E>(x, "x", elements(op.layout));
    op.residual = in<E>(residual, "residual", elements(op.layout));
    op.weight = in<P>(weight, "weight", reduced(op.layout));
    op.eps = eps;
    op.y = out<E>(y, "y", elements(op.layout));
    op.summed = out<E>(summed, "summed", elements(op.layout));
    op.rstd = out<Compute<E>>(rstd, "rstd", kept(op.layout));
    released([&] { return add_rms_norm_forward(op); });
  });
}

void add_backward(const py::object& dy, const py::array& summed, const py::object& rstd, const py::object& weight,
                  const py::object& dsummed, const py::object& dx, const py::object& dweight, const py::tuple& layout) {
  with_types(summed, {&weight, &dweight}, [&]<class E, class P>(E, P) {
    AddRmsNormBackward<E, P> op;
    op.layout = row_layout(layout);
    op.dy = in<E>(dy, "dy", elements(op.layout));
    op.summed = in<E>(summed, "summed", elements(op.layout));
    op.rstd = in<Compute<E>>(rstd, "rstd", kept(op.layout));
    op.weight = in<P>(weight, "weight", reduced(op.layout));
    op.dsummed = in<E>(dsummed, "dsummed", elements(op.layout));
    op.dx = out<E>(dx, "dx", elements(op.layout));
    op.dweight = out<P>(dweight, "dweight", reduced(op.layout));
    released([&] { return add_rms_norm_backward(op); });
  });
}

}  // namespace

void register_rms_norm(py::module_& module) {
  module.def("rms_norm_forward", forward);
  module.def("rms_norm_backward", backward);
  module.def("add_rms_norm_forward", add_forward);
  module.def("add_rms_norm_backward", add_backward);
}

}  // namespace simdnorm::bind
