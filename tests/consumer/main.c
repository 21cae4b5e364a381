// GroupNorm of an image of four channels in two groups, and back: exit status 0 when all is as it should be.
#include <simdnorm/simdnorm.h>
#include <stdio.h>

int main(void) {
  const float x[] = {1, 2, 3, 4, 10, 20, 30, 40}, dy[] = {1, 0, 0, 0, 0, 0, 0, 0};
  float y[8], dx[8], mean[2], rstd[2], dweight[4], dbias[4];
  const SimdnormChannelLayout layout = {.samples = 1, .outer = 1, .channels = 4, .inner = 2};

  const SimdnormGroupNormForward forward = {
      .x = x, .layout = layout, .groups = 2, .eps = 1e-5, .y = y, .mean = mean, .rstd = rstd};
  SimdnormStatus status = simdnorm_group_norm_forward(SIMDNORM_FLOAT32, &forward);
  printf("simdnorm %s, %s, %d thread(s): %s\n", simdnorm_build_info().version, simdnorm_name(simdnorm_active_isa()),
         simdnorm_get_num_threads(), simdnorm_message(status));
  if (status != SIMDNORM_OK) return 1;
  printf("means %g, %g; y %g %g %g %g\n", mean[0], mean[1], y[0], y[1], y[2], y[3]);

  const SimdnormGroupNormBackward backward = {.dy = dy,
                                              .x = x,
                                              .layout = layout,
                                              .groups = 2,
                                              .mean = mean,
                                              .rstd = rstd,
                                              .dx = dx,
                                              .dweight = dweight,
                                              .dbias = dbias};
  status = simdnorm_group_norm_backward(SIMDNORM_FLOAT32, &backward);
  if (status != SIMDNORM_OK) return 1;
  printf("dx %g %g %g %g; dbias %g\n", dx[0], dx[1], dx[2], dx[3], dbias[0]);

  const int forward_is_right = mean[0] == 2.5f && mean[1] == 25 && y[0] == -y[3] && y[3] > 1.34f && y[3] < 1.35f;
  const int backward_is_right = dbias[0] == 1 && dbias[1] == 0 && dweight[0] == y[0] && dx[0] > 0 && dx[4] == 0;
  return forward_is_right && backward_is_right ? 0 : 1;
}
