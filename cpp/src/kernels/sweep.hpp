// How a kernel walks contiguous elements, pack by pack. The order is fixed by the length alone.
#pragma once

#include "problem.hpp"

namespace simdnorm {
namespace {

template <int S>
struct Slot {  // which accumulator
  constexpr operator int() const { return S; }
};

template <class T>
using Accumulators = Pack<T>[4];

/// body(slot, i, lanes) for summation: packs go to four accumulators in turn, so that four additions are in flight.
/// At most three whole packs remain, which leaves the last accumulator to the tail.
template <class T, class Body>
SIMDNORM_INLINE inline void sweep(Index n, Body body) {
  constexpr Index w = kLanes<T>;
  Index i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    body(Slot<0>{}, i, All{});
    body(Slot<1>{}, i + w, All{});
    body(Slot<2>{}, i + 2 * w, All{});
    body(Slot<3>{}, i + 3 * w, All{});
  }
  if (i + w <= n) {
    body(Slot<0>{}, i, All{});
    i += w;
  }
  if (i + w <= n) {
    body(Slot<1>{}, i, All{});
    i += w;
  }
  if (i + w <= n) {
    body(Slot<2>{}, i, All{});
    i += w;
  }
  if (i < n) body(Slot<3>{}, i, First{n - i});
}

/// body(i, lanes) for element-wise work, in any order: nothing is carried from one pack to the next.
template <class T, class Body>
SIMDNORM_INLINE inline void map(Index n, Body body) {
  constexpr Index w = kLanes<T>;
  Index i = 0;
  for (; i + w <= n; i += w) body(i, All{});
  if (i < n) body(i, First{n - i});
}

constexpr Index kLineBytes = 64;

/// A pack, or two of 16 bits each.
template <class E>
constexpr Index kLineElements = kLineBytes / static_cast<Index>(sizeof(E));

/// How many elements of its cache line come before p.
template <class E>
inline Index past_line(const E* p) {
  return static_cast<Index>(reinterpret_cast<std::uintptr_t>(p) % kLineBytes / sizeof(E));
}

/// Whether lines begin at the same columns in all rows of `n` elements.
template <class E>
inline bool in_step(Index n) {
  return n % kLineElements<E> == 0;
}

/// The same with whole packs where `out + i` is aligned to a pack: a store across two cache lines costs twice, and
/// NumPy's arrays begin in the midst of one.
template <class E, class Body>
SIMDNORM_INLINE inline void map_aligned(const E* out, Index n, Body body) {
  constexpr Index w = kLanes<Compute<E>>;
  const Index past = static_cast<Index>(reinterpret_cast<std::uintptr_t>(out) % kMemoryBytes<E> / sizeof(E));
  Index i = past == 0 ? 0 : smaller(w - past, n);
  if (i > 0) body(Index{0}, First{i});
  for (const Index end = i + (n - i) / w * w; i < end; i += w) body(i, All{});
  if (i < n) body(i, First{n - i});
}

/// Asks for the lines that rows of `n` elements have in common with their neighbours: past the caches go whole ones.
template <class E>
SIMDNORM_INLINE inline void prefetch_ends(const E* first, Index n, Index rows) {
  for (Index r = 0; r <= rows; ++r) prefetch_to_write(first + r * n);
}

/// How an output is written. Past the caches go whole packs only, so under map_aligned; head and tail go through them.
/// kFar: the inputs come from beyond the second cache, so that what will be read next is worth asking for.
struct ThroughCaches {
  static constexpr bool kPast = false, kFar = false;
  template <class E, class Lanes>
  SIMDNORM_INLINE void operator()(E* p, Pack<Compute<E>> v, Lanes lanes) const {
    store(p, v, lanes);
  }
};

struct ThroughCachesFromAfar : ThroughCaches {
  static constexpr bool kFar = true;
};

/// Into a buffer in the first cache, where alignment is not worth a head.
struct IntoBuffer : ThroughCachesFromAfar {};

struct PastCaches {
  static constexpr bool kPast = true, kFar = true;
  template <class E>
  SIMDNORM_INLINE void operator()(E* p, Pack<Compute<E>> v, All) const {
    stream(p, v);
  }
  template <class E>
  SIMDNORM_INLINE void operator()(E* p, Pack<Compute<E>> v, First lanes) const {
    store(p, v, lanes);
  }
};

/// map() as the way of writing to `out` wants it.
template <class Write, class E, class Body>
SIMDNORM_INLINE inline void map_to(Write, const E* out, Index n, Body body) {
  if constexpr (std::is_same_v<Write, IntoBuffer>) {
    map<Compute<E>>(n, body);
  } else {
    map_aligned(out, n, body);
  }
}

/// work(write), write(p, pack, lanes).
template <class Work>
inline void with_writer([[maybe_unused]] bool past_caches, Work work) {
  if constexpr (kStreams) {
    if (past_caches) {
      work(PastCaches{});
      return stream_fence();
    }
  }
  work(ThroughCaches{});
}

/// The same where inputs that come from afar are worth asking for.
template <class Work>
inline void with_writer(bool past_caches, bool far, Work work) {
  if (past_caches || !far) return with_writer(past_caches, work);
  work(ThroughCachesFromAfar{});
}

template <class T>
inline void clear(Accumulators<T>& sum) {
  for (Pack<T>& s : sum) s = broadcast<T>(T(0));
}

template <class T>
inline Pack<T> united(const Accumulators<T>& sum) {
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

template <class T>
inline T total(const Accumulators<T>& sum) {
  return hsum(united<T>(sum));
}

}  // namespace
}  // namespace simdnorm
