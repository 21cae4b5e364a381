#include "simd/neon.hpp"
// The backend first: the kernels are written over it.
#include "kernels/all.hpp"

namespace simdnorm {
extern const KernelTable kNeonKernels = all_kernels();
}  // namespace simdnorm
