// Normalizes one row and prints it: exit status 0 when the row has mean 0.
#include <cstdio>
#include <simdnorm/simdnorm.hpp>

int main() {
  const float x[] = {1, 2, 3, 4};
  float y[4];
  const auto status = simdnorm::layer_norm_forward<float>({.x = x, .layout = simdnorm::rows_of(1, 4), .y = y});
  std::printf("simdnorm %s, %s: %s: %g %g %g %g\n", simdnorm::build_info().version,
              simdnorm::name(simdnorm::active_isa()), simdnorm::message(status), y[0], y[1], y[2], y[3]);
  const bool symmetric = y[0] == -y[3] && y[1] == -y[2] && y[3] > 1.34f && y[3] < 1.35f;
  return status == simdnorm::Status::ok && symmetric ? 0 : 1;
}
