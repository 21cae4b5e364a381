#include "simd/portable.hpp"
// The backend first: the kernels are written over it.
#include "kernels/all.hpp"

namespace simdnorm {
extern const KernelTable kPortableKernels = {kernels_of<float>(), kernels_of<double>()};
}  // namespace simdnorm
