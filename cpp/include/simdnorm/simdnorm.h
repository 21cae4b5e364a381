// The whole public API of simdnorm in C, for C11 and for what calls C. The C++ headers say what each operation is.
//
// Every function is the C++ one with simdnorm_ in front, every struct the C++ one with Simdnorm in front, member by
// member. Pointers to what has a type of its own are void*; behind them stand, as `types` says,
//
//     E    elements
//     P    parameters
//     T    statistics: float64 for float64, else float32
//
// A null optional pointer means: not given (inputs) or not wanted (outputs). C has no defaults: a member left out of an
// initializer is zero, sizes, eps and momentum too, and training, unbiased and what a mask runs along are then false.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "simdnorm/export.h"
#include "simdnorm/version.h"

#ifdef __cplusplus
extern "C" {
#endif

// A caller can pass any int, which is then refused; C++ must be told that an enumeration may hold it.
#ifdef __cplusplus
#define SIMDNORM_INT : int
#else
#define SIMDNORM_INT
#endif

typedef enum SimdnormStatus SIMDNORM_INT {
  SIMDNORM_OK,
  SIMDNORM_INVALID_ARGUMENT,  // a required pointer is null, a size negative or beyond counting, a number out of range
  SIMDNORM_OUT_OF_MEMORY,     // no room for scratch; nothing has been written
} SimdnormStatus;

/// A sentence for people; never null.
SIMDNORM_API const char* simdnorm_message(SimdnormStatus status);

/// The types of elements and of parameters: the same, or float32 beside 16 bits. bfloat16 is the upper half of a
/// float32, float16 IEEE 754's binary16.
typedef enum SimdnormTypes SIMDNORM_INT {
  SIMDNORM_FLOAT32,
  SIMDNORM_FLOAT64,
  SIMDNORM_FLOAT16,
  SIMDNORM_BFLOAT16,
  SIMDNORM_FLOAT16_FLOAT32,
  SIMDNORM_BFLOAT16_FLOAT32,
} SimdnormTypes;

/// Element (o, s, m, i, k) stands at (((o * segments + s) * middle + m) * length + i) * inner + k. It is reduced over
/// (s, i), along which parameters run; statistics run over (o, m, k).
typedef struct SimdnormRowLayout {
  int64_t outer;
  int64_t segments;
  int64_t middle;
  int64_t length;
  int64_t inner;
} SimdnormRowLayout;

/// `rows` of `length` elements.
static inline SimdnormRowLayout simdnorm_rows_of(int64_t rows, int64_t length) {
  SimdnormRowLayout layout = {rows, 1, 1, length, 1};
  return layout;
}

/// Element (n, o, c, i) stands at ((n * outer + o) * channels + c) * inner + i. NCHW is {N, 1, C, H * W}, NHWC
/// {N, H * W, C, 1}.
typedef struct SimdnormChannelLayout {
  int64_t samples;
  int64_t outer;
  int64_t channels;
  int64_t inner;
} SimdnormChannelLayout;

/// Which elements count, dense over the axes along which it differs. Null values: all count.
typedef struct SimdnormMask {
  const bool* values;
  bool along_samples;
  bool along_outer;
  bool along_channels;
  bool along_inner;
} SimdnormMask;

// ---------------------------------------------------------------- layer_norm.hpp

typedef struct SimdnormLayerNormForward {
  const void* x;  // E
  SimdnormRowLayout layout;
  const void* weight;  // P (segments, length), optional: 1
  const void* bias;    // P (segments, length), optional: 0
  double eps;
  void* y;     // E, may be x
  void* mean;  // T (outer, middle, inner), optional
  void* rstd;  // T (outer, middle, inner), optional
} SimdnormLayerNormForward;

typedef struct SimdnormLayerNormBackward {
  const void* dy;  // E
  const void* x;   // E
  SimdnormRowLayout layout;
  const void* mean;    // T, as the forward pass saved it
  const void* rstd;    // T
  const void* weight;  // P, optional: 1
  void* dx;            // E, optional; may be dy or x
  void* dweight;       // P, optional
  void* dbias;         // P, optional
} SimdnormLayerNormBackward;

typedef struct SimdnormAddLayerNormForward {
  const void* x;             // E
  const void* residual;      // E
  SimdnormRowLayout layout;  // trailing axes: segments, middle and inner are 1
  const void* weight;        // P, optional: 1
  const void* bias;          // P, optional: 0
  double eps;
  void* y;       // E, may be x or residual
  void* summed;  // E, may be x or residual, and apart from y
  void* mean;    // T, optional
  void* rstd;    // T, optional
} SimdnormAddLayerNormForward;

typedef struct SimdnormAddLayerNormBackward {
  const void* dy;            // E
  const void* summed;        // E
  SimdnormRowLayout layout;  // trailing axes
  const void* mean;          // T
  const void* rstd;          // T
  const void* weight;        // P, optional: 1
  const void* dsummed;       // E, optional: 0
  void* dx;                  // E, optional; may be dy, summed or dsummed
  void* dweight;             // P, optional
  void* dbias;               // P, optional
} SimdnormAddLayerNormBackward;

SIMDNORM_API SimdnormStatus simdnorm_layer_norm_forward(SimdnormTypes types, const SimdnormLayerNormForward* op);
SIMDNORM_API SimdnormStatus simdnorm_layer_norm_backward(SimdnormTypes types, const SimdnormLayerNormBackward* op);
SIMDNORM_API SimdnormStatus simdnorm_add_layer_norm_forward(SimdnormTypes types, const SimdnormAddLayerNormForward* op);
SIMDNORM_API SimdnormStatus simdnorm_add_layer_norm_backward(SimdnormTypes types,
                                                             const SimdnormAddLayerNormBackward* op);

// ---------------------------------------------------------------- rms_norm.hpp

typedef struct SimdnormRmsNormForward {
  const void* x;  // E
  SimdnormRowLayout layout;
  const void* weight;  // P (segments, length), optional: 1
  double eps;
  void* y;     // E, may be x
  void* rstd;  // T (outer, middle, inner), optional
} SimdnormRmsNormForward;

typedef struct SimdnormRmsNormBackward {
  const void* dy;  // E
  const void* x;   // E
  SimdnormRowLayout layout;
  const void* rstd;    // T, as the forward pass saved it
  const void* weight;  // P, optional: 1
  void* dx;            // E, optional; may be dy or x
  void* dweight;       // P, optional
} SimdnormRmsNormBackward;

typedef struct SimdnormAddRmsNormForward {
  const void* x;             // E
  const void* residual;      // E
  SimdnormRowLayout layout;  // trailing axes: segments, middle and inner are 1
  const void* weight;        // P, optional: 1
  double eps;
  void* y;       // E, may be x or residual
  void* summed;  // E, may be x or residual, and apart from y
  void* rstd;    // T, optional
} SimdnormAddRmsNormForward;

typedef struct SimdnormAddRmsNormBackward {
  const void* dy;            // E
  const void* summed;        // E
  SimdnormRowLayout layout;  // trailing axes
  const void* rstd;          // T
  const void* weight;        // P, optional: 1
  const void* dsummed;       // E, optional: 0
  void* dx;                  // E, optional; may be dy, summed or dsummed
  void* dweight;             // P, optional
} SimdnormAddRmsNormBackward;

SIMDNORM_API SimdnormStatus simdnorm_rms_norm_forward(SimdnormTypes types, const SimdnormRmsNormForward* op);
SIMDNORM_API SimdnormStatus simdnorm_rms_norm_backward(SimdnormTypes types, const SimdnormRmsNormBackward* op);
SIMDNORM_API SimdnormStatus simdnorm_add_rms_norm_forward(SimdnormTypes types, const SimdnormAddRmsNormForward* op);
SIMDNORM_API SimdnormStatus simdnorm_add_rms_norm_backward(SimdnormTypes types, const SimdnormAddRmsNormBackward* op);

// ---------------------------------------------------------------- group_norm.hpp

typedef struct SimdnormGroupNormForward {
  const void* x;  // E
  SimdnormChannelLayout layout;
  int64_t groups;      // divides the channels
  const void* weight;  // P (channels), optional: 1
  const void* bias;    // P (channels), optional: 0
  double eps;
  SimdnormMask mask;
  void* y;     // E, may be x
  void* mean;  // T (samples, groups), optional
  void* rstd;  // T (samples, groups), optional
} SimdnormGroupNormForward;

typedef struct SimdnormGroupNormBackward {
  const void* dy;  // E
  const void* x;   // E
  SimdnormChannelLayout layout;
  int64_t groups;
  const void* mean;    // T (samples, groups), as the forward pass saved it
  const void* rstd;    // T (samples, groups)
  const void* weight;  // P (channels), optional: 1
  SimdnormMask mask;
  void* dx;       // E, optional; may be dy or x
  void* dweight;  // P (channels), optional
  void* dbias;    // P (channels), optional
} SimdnormGroupNormBackward;

typedef struct SimdnormInstanceNormForward {
  const void* x;  // E
  SimdnormChannelLayout layout;
  const void* weight;  // P (channels), optional: 1
  const void* bias;    // P (channels), optional: 0
  double eps;
  void* running_mean;  // T (channels), optional, updated in place
  void* running_var;   // T (channels), optional, updated in place
  double momentum;
  SimdnormMask mask;
  void* y;     // E, may be x
  void* mean;  // T (samples, channels), optional
  void* rstd;  // T (samples, channels), optional
} SimdnormInstanceNormForward;

SIMDNORM_API SimdnormStatus simdnorm_group_norm_forward(SimdnormTypes types, const SimdnormGroupNormForward* op);
SIMDNORM_API SimdnormStatus simdnorm_group_norm_backward(SimdnormTypes types, const SimdnormGroupNormBackward* op);
SIMDNORM_API SimdnormStatus simdnorm_instance_norm_forward(SimdnormTypes types, const SimdnormInstanceNormForward* op);

/// The same with a group for each channel, whatever op->groups is.
SIMDNORM_API SimdnormStatus simdnorm_instance_norm_backward(SimdnormTypes types, const SimdnormGroupNormBackward* op);

// ---------------------------------------------------------------- batch_norm.hpp

typedef struct SimdnormBatchNormForward {
  const void* x;  // E
  SimdnormChannelLayout layout;
  const void* weight;  // P (channels), optional: 1
  const void* bias;    // P (channels), optional: 0
  double eps;
  void* running_mean;  // T (channels), optional, updated in place
  void* running_var;   // T (channels), optional, updated in place
  double momentum;
  bool unbiased;  // running_var takes n / (n - 1) times the biased variance
  SimdnormMask mask;
  void* y;     // E, may be x
  void* mean;  // T (channels), optional
  void* rstd;  // T (channels), optional
} SimdnormBatchNormForward;

typedef struct SimdnormBatchNormInference {
  const void* x;  // E
  SimdnormChannelLayout layout;
  const void* running_mean;  // T (channels)
  const void* running_var;   // T (channels)
  const void* weight;        // P (channels), optional: 1
  const void* bias;          // P (channels), optional: 0
  double eps;
  SimdnormMask mask;
  void* y;  // E, may be x
} SimdnormBatchNormInference;

typedef struct SimdnormBatchNormBackward {
  const void* dy;  // E
  const void* x;   // E
  SimdnormChannelLayout layout;
  const void* mean;    // T (channels), as the forward pass saved it
  const void* rstd;    // T (channels)
  const void* weight;  // P (channels), optional: 1
  bool training;       // false: mean and rstd are constants
  SimdnormMask mask;
  void* dx;       // E, optional; may be dy or x
  void* dweight;  // P (channels), optional
  void* dbias;    // P (channels), optional
} SimdnormBatchNormBackward;

typedef struct SimdnormBatchNormStatistics {
  const void* x;  // E
  SimdnormChannelLayout layout;
  SimdnormMask mask;
  int64_t* count;  // (channels)
  double* mean;    // (channels)
  double* m2;      // (channels), sum (x - mean)^2
} SimdnormBatchNormStatistics;

typedef struct SimdnormBatchNormApply {
  const void* x;  // E
  SimdnormChannelLayout layout;
  const double* mean;  // (channels)
  const double* rstd;  // (channels)
  const void* weight;  // P (channels), optional: 1
  const void* bias;    // P (channels), optional: 0
  void* y;             // E, may be x
} SimdnormBatchNormApply;

typedef struct SimdnormBatchNormBackwardSums {
  const void* dy;  // E
  const void* x;   // E
  SimdnormChannelLayout layout;
  const double* mean;  // (channels)
  const double* rstd;  // (channels)
  SimdnormMask mask;
  double* sum_dy;       // (channels)
  double* sum_dy_xhat;  // (channels)
} SimdnormBatchNormBackwardSums;

typedef struct SimdnormBatchNormBackwardApply {
  const void* dy;  // E
  const void* x;   // E
  SimdnormChannelLayout layout;
  const double* mean;         // (channels)
  const double* rstd;         // (channels)
  const void* weight;         // P (channels), optional: 1
  const double* sum_dy;       // (channels), over all processes
  const double* sum_dy_xhat;  // (channels), over all processes
  const int64_t* count;       // (channels), values per channel over all processes
  SimdnormMask mask;
  void* dx;  // E, may be dy or x
} SimdnormBatchNormBackwardApply;

SIMDNORM_API SimdnormStatus simdnorm_batch_norm_forward(SimdnormTypes types, const SimdnormBatchNormForward* op);
SIMDNORM_API SimdnormStatus simdnorm_batch_norm_inference(SimdnormTypes types, const SimdnormBatchNormInference* op);
SIMDNORM_API SimdnormStatus simdnorm_batch_norm_backward(SimdnormTypes types, const SimdnormBatchNormBackward* op);
SIMDNORM_API SimdnormStatus simdnorm_batch_norm_statistics(SimdnormTypes types, const SimdnormBatchNormStatistics* op);
SIMDNORM_API SimdnormStatus simdnorm_batch_norm_apply(SimdnormTypes types, const SimdnormBatchNormApply* op);
SIMDNORM_API SimdnormStatus simdnorm_batch_norm_backward_sums(SimdnormTypes types,
                                                              const SimdnormBatchNormBackwardSums* op);
SIMDNORM_API SimdnormStatus simdnorm_batch_norm_backward_apply(SimdnormTypes types,
                                                               const SimdnormBatchNormBackwardApply* op);

// ---------------------------------------------------------------- runtime.hpp

typedef enum SimdnormIsa SIMDNORM_INT {
  SIMDNORM_PORTABLE,
  SIMDNORM_AVX2,
  SIMDNORM_AVX512,
  SIMDNORM_NEON,
} SimdnormIsa;

SIMDNORM_API const char* simdnorm_name(SimdnormIsa isa);

/// True when this build has kernels for `isa` and this processor can run them.
SIMDNORM_API bool simdnorm_available(SimdnormIsa isa);

/// The instruction set in use, what chose it, and SIMDNORM_ISA where it could not be obeyed, else null.
SIMDNORM_API SimdnormIsa simdnorm_active_isa(void);
SIMDNORM_API const char* simdnorm_isa_reason(void);
SIMDNORM_API const char* simdnorm_refused_isa(void);

/// Refuses what is not available.
SIMDNORM_API SimdnormStatus simdnorm_use_isa(SimdnormIsa isa);

/// The number of threads that the next operation may use, and what decided it.
SIMDNORM_API int simdnorm_get_num_threads(void);
SIMDNORM_API const char* simdnorm_threads_reason(void);

/// The file of the OpenMP runtime that runs the threads; null without OpenMP, or where the system cannot say.
SIMDNORM_API const char* simdnorm_openmp_library(void);

/// For the whole process. n >= 1; a huge n is clamped.
SIMDNORM_API SimdnormStatus simdnorm_set_num_threads(int64_t n);

/// For the operations that the calling thread calls from now on; 0 takes that back. Returns what was set before.
SIMDNORM_API int64_t simdnorm_set_own_threads(int64_t n);

/// How the library was built; strings live forever.
typedef struct SimdnormBuildInfo {
  const char* version;
  const char* compiler;
  const char* flags;  // of the kernels, for each ISA
  bool openmp;
} SimdnormBuildInfo;
SIMDNORM_API SimdnormBuildInfo simdnorm_build_info(void);

#ifdef __cplusplus
}
#endif
