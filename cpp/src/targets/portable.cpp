#define SIMDNORM_FEW_REGISTERS
#include "simd/portable.hpp"
// The backend first: the kernels are written over it.
#include "kernels/all.hpp"

namespace simdnorm {
extern const KernelTable kPortableKernels = all_kernels();
}  // namespace simdnorm
