/* The limit of the memory: an operation's reads and writes with no arithmetic worth the name, on as many threads. */
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

/* A cache line. Integers: as floats some bits would be denormal, and slow. */
typedef uint32_t line __attribute__((vector_size(64)));

struct traffic {
  const line* in[3];
  line* out[2];
  size_t lines;
  size_t item;       /* lines of an array that are read once by themselves before they are read for writing, or 0 */
  int threads, past; /* past the caches: with streaming stores */
};

static inline void put(line* to, line value, int past) {
#if defined(__AVX512F__)
  if (past) {
    _mm512_stream_si512((__m512i*)to, (__m512i)value);
    return;
  }
#elif defined(__SSE2__)
  if (past) {
    __m128i parts[4];
    __builtin_memcpy(parts, &value, sizeof value);
    for (int i = 0; i < 4; i++) _mm_stream_si128((__m128i*)to + i, parts[i]);
    return;
  }
#endif
  *to = value;
}

static inline void drain(void) {
#ifdef __SSE2__
  _mm_sfence();
#endif
}

static inline __attribute__((always_inline)) void move(const struct traffic* t, size_t from, size_t to, int ins,
                                                       int outs, int past) {
  const line *a = t->in[0], *b = t->in[1], *c = t->in[2];
  line *y = t->out[0], *z = t->out[1];
  for (size_t i = from; i < to; i++) {
    line value = a[i];
    if (ins > 1) value += b[i];
    if (ins > 2) value += c[i];
    put(y + i, value, past);
    if (outs > 1) put(z + i, value, past);
  }
}

/* Several sums: one alone would wait for itself. */
static inline __attribute__((always_inline)) line sum(const line* a, size_t from, size_t to) {
  line sums[4] = {{0}};
  size_t i = from;
  for (; i + 4 <= to; i += 4)
    for (int j = 0; j < 4; j++) sums[j] += a[i + j];
  for (; i < to; i++) sums[0] += a[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

static void stream_part(const struct traffic* t, size_t from, size_t to) {
  const int ins = 1 + (t->in[1] != NULL) + (t->in[2] != NULL), outs = 1 + (t->out[1] != NULL);
  const size_t step = t->item ? t->item : to - from;
  for (size_t begin = from; begin < to; begin += step) {
    const size_t end = to - begin < step ? to : begin + step;
    for (int i = 0; t->item && i < ins; i++) {
      volatile uint32_t seen = sum(t->in[i], begin, end)[0]; /* or the compiler would not read at all */
      (void)seen;
    }
#define MOVE(i, o)                  \
  if (ins == i && outs == o) {      \
    if (t->past)                    \
      move(t, begin, end, i, o, 1); \
    else                            \
      move(t, begin, end, i, o, 0); \
  }
    MOVE(1, 1) MOVE(2, 1) MOVE(3, 1) MOVE(2, 2)
  }
  if (t->past) drain();
}

void stream(const struct traffic* t) {
  if (t->threads == 1) {
    stream_part(t, 0, t->lines);
    return;
  }
#pragma omp parallel for num_threads(t->threads) schedule(static)
  for (int part = 0; part < t->threads; part++)
    stream_part(t, t->lines * part / t->threads, t->lines * (part + 1) / t->threads);
}
