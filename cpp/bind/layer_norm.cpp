#include "simdnorm/layer_norm.hpp"

#include "arguments.hpp"

namespace simdnorm::bind {
namespace {

void forward(const py::array& x, const py::object& weight, const py::object& bias, double eps, const py::object& y,
             const py::object& mean, const py::object& rstd, Index rows, Index length) {
  with_type_of(x, [&]<class T>(T) {
    LayerNormForward<T> op;
    op.x = in<T>(x, "x", rows * length);
    op.rows = rows;
    op.length = length;
    op.weight = in<T>(weight, "weight", length);
    op.bias = in<T>(bias, "bias", length);
    op.eps = eps;
    op.y = out<T>(y, "y", rows * length);
    op.mean = out<T>(mean, "mean", rows);
    op.rstd = out<T>(rstd, "rstd", rows);
    released([&] { return layer_norm_forward(op); });
  });
}

void backward(const py::object& dy, const py::array& x, const py::object& mean, const py::object& rstd,
              const py::object& weight, const py::object& dx, const py::object& dweight, const py::object& dbias,
              Index rows, Index length) {
  with_type_of(x, [&]<class T>(T) {
    LayerNormBackward<T> op;
    op.dy = in<T>(dy, "dy", rows * length);
    op.x = in<T>(x, "x", rows * length);
    op.rows = rows;
    op.length = length;
    op.mean = in<T>(mean, "mean", rows);
    op.rstd = in<T>(rstd, "rstd", rows);
    op.weight = in<T>(weight, "weight", length);
    op.dx = out<T>(dx, "dx", rows * length);
    op.dweight = out<T>(dweight, "dweight", length);
    op.dbias = out<T>(dbias, "dbias", length);
    released([&] { return layer_norm_backward(op); });
  });
}

}  // namespace

void register_layer_norm(py::module_& module) {
  module.def("layer_norm_forward", forward);
  module.def("layer_norm_backward", backward);
}

}  // namespace simdnorm::bind
