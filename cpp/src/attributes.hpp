// What the compiler is asked for, in one place.
#pragma once

// A lambda of a kernel's inner loop: called from several places of a sweep, it must still become straight code. And the
// scalar work of a row, which is a call too many where rows are short.
#define SIMDNORM_INLINE __attribute__((always_inline))

// What is done lane by lane stays a loop, and a function: unrolled in every kernel it would take minutes to compile.
#define SIMDNORM_LANE_BY_LANE _Pragma("GCC unroll 1")
#define SIMDNORM_APART __attribute__((noinline))

// A loop over items whose arrays never overlap: so many arrays that the compiler would give up asking.
#ifdef __clang__
#define SIMDNORM_SIDE_BY_SIDE _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#else
#define SIMDNORM_SIDE_BY_SIDE _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#endif

// A loop over the rows of a group, so that what belongs to a row has a register and no index; where a target has so few
// registers that this is in vain, it says so.
#ifdef SIMDNORM_FEW_REGISTERS
#define SIMDNORM_UNROLL SIMDNORM_LANE_BY_LANE
#else
#define SIMDNORM_UNROLL _Pragma("GCC unroll 8")
#endif
