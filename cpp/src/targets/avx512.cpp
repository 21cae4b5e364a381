#include "simd/avx512.hpp"
// The backend first: the kernels are written over it.
#include "kernels/all.hpp"

namespace simdnorm {
extern const KernelTable kAvx512Kernels = all_kernels();
}  // namespace simdnorm
