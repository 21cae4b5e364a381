#include "simd/avx2.hpp"
// The backend first: the kernels are written over it.
#include "kernels/all.hpp"

namespace simdnorm {
extern const KernelTable kAvx2Kernels = {kernels_of<float>(), kernels_of<double>()};
}  // namespace simdnorm
