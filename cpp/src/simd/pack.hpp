// The contract of the one vector type that kernels are written in.
//
// A pack is 64 bytes wide on every instruction set: 16 float or 8 double lanes, which is one register on AVX-512,
// two on AVX2, four on NEON. The kernels' order of operations is therefore the same everywhere, and so are the bits.
// A backend (avx2.hpp, avx512.hpp, neon.hpp, portable.hpp) gives, for T = float and double:
//
//   load(p, lanes)         the lanes from unaligned memory; lanes that are not asked for are zero and not touched
//   store(p, v, lanes)     the lanes to unaligned memory; others are not touched
//   stream(p, v)           a whole pack to memory aligned to 64 bytes, past the caches where the processor can
//   stream_line(to, from)  64 bytes as they are to memory aligned to 64 bytes, past the caches where the processor can
//   broadcast<T>(s)        s in every lane
//   a + b, a - b, a * b    lane by lane, one rounding each
//   fma(a, b, c)           a * b + c; one rounding where the processor has it (the portable backend has two)
//   first(v, lanes)        the lanes of v, zero in the others
//   hsum(v)                the sum of all lanes, always in the order of the tree i + (i + width / 2), halving
//   hsums(v, sums)         those of eight packs at once
//
// kStreams, whether stream() and stream_line() are more than stores, and stream_fence(), which orders streamed stores
// before whatever another thread reads.
//
// Everything here has internal linkage: the same names are compiled once per instruction set.
#pragma once

#include "attributes.hpp"
#include "simdnorm/types.hpp"

namespace simdnorm {
namespace {

constexpr Index kPackBytes = 64;

template <class T>
constexpr Index kLanes = kPackBytes / static_cast<Index>(sizeof(T));

/// What a pack of E takes in memory.
template <class E>
constexpr Index kMemoryBytes = kLanes<Compute<E>> * static_cast<Index>(sizeof(E));

template <class T>
struct Pack;

template <class E>
concept Half = std::is_same_v<E, float16> || std::is_same_v<E, bfloat16>;

constexpr Index kSumsAtOnce = 8;

struct All {};  // every lane
struct First {  // the first `count` lanes, 0 < count < kLanes
  Index count;
};

/// hsums() where the backend has no better way.
template <class T>
inline void hsums_one_by_one(const Pack<T>* v, T* sums) {
  for (Index i = 0; i < kSumsAtOnce; ++i) sums[i] = hsum(v[i]);
}

// Where these were calls, the compiler would see functions without an effect, and leave them out.

/// Asks for the cache line of p[ahead], which need not exist. While one row is written, the next one comes nearer.
template <class T>
SIMDNORM_INLINE inline void prefetch(const T* p, Index ahead) {
  __builtin_prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(p) +
                                                   static_cast<std::uintptr_t>(ahead) * sizeof(T)));
}

/// Asks for the cache line of *p, to be written soon.
template <class T>
SIMDNORM_INLINE inline void prefetch_to_write(const T* p) {
  __builtin_prefetch(p, 1, 2);
}

}  // namespace
}  // namespace simdnorm
