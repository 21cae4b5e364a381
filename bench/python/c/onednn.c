/* oneDNN's normalizations behind opaque handles: a primitive is made once, bound to pointers, and run. */
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>

enum operation { LAYER_NORM, BATCH_NORM, GROUP_NORM };
enum way { TRAINING, INFERENCE, BACKWARD };
enum { MAX_ARGUMENTS = 9, SHIFTLESS_INPUTS = 5 };

/* What is to be made: `strides` are those of the memory, `flags` oneDNN's own. */
struct request {
  int operation, way, dimensions, type;
  dnnl_dims_t shape, strides;
  int64_t groups;
  unsigned flags;
  float eps;
};

struct norm {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t arguments[MAX_ARGUMENTS];
  int count;
};

const char* norm_version(void) {
  static char text[32];
  const dnnl_version_t* version = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
  return text;
}

void norm_set_threads(int threads) { omp_set_num_threads(threads); }

static dnnl_primitive_desc_t describe(const struct request* r, dnnl_engine_t engine, const_dnnl_memory_desc_t x) {
  const dnnl_prop_kind_t forward = r->way == INFERENCE ? dnnl_forward_inference : dnnl_forward_training;
  const int backward = r->way == BACKWARD;
  dnnl_primitive_desc_t hint = NULL, made = NULL;
  dnnl_status_t status = dnnl_unimplemented;
  switch (r->operation) {
    case LAYER_NORM:
      status = dnnl_layer_normalization_forward_primitive_desc_create(&hint, engine, forward, x, x, NULL, r->eps,
                                                                      r->flags, NULL);
      if (status == dnnl_success && backward)
        status = dnnl_layer_normalization_backward_primitive_desc_create(&made, engine, dnnl_backward, x, x, x, NULL,
                                                                         r->eps, r->flags, hint, NULL);
      break;
    case BATCH_NORM:
      status =
          dnnl_batch_normalization_forward_primitive_desc_create(&hint, engine, forward, x, x, r->eps, r->flags, NULL);
      if (status == dnnl_success && backward)
        status = dnnl_batch_normalization_backward_primitive_desc_create(&made, engine, dnnl_backward, x, x, x, r->eps,
                                                                         r->flags, hint, NULL);
      break;
    case GROUP_NORM:
#if DNNL_VERSION_MAJOR > 3 || DNNL_VERSION_MINOR >= 3
      status = dnnl_group_normalization_forward_primitive_desc_create(&hint, engine, forward, x, x, r->groups, r->eps,
                                                                      r->flags, NULL);
      if (status == dnnl_success && backward)
        status = dnnl_group_normalization_backward_primitive_desc_create(&made, engine, dnnl_backward, x, x, x,
                                                                         r->groups, r->eps, r->flags, hint, NULL);
#endif
      break;
  }
  if (!backward) return status == dnnl_success ? hint : NULL;
  if (hint) dnnl_primitive_desc_destroy(hint);
  return status == dnnl_success ? made : NULL;
}

/* Adds the argument `id`, of the description that the primitive asks for; it waits for its pointer. */
static int add(struct norm* n, const_dnnl_primitive_desc_t description, int id) {
  const_dnnl_memory_desc_t of = dnnl_primitive_desc_query_md(description, dnnl_query_exec_arg_md, id);
  if (!of || dnnl_memory_desc_get_size(of) == 0) return 1; /* not one of this primitive's */
  dnnl_memory_t memory = NULL;
  if (dnnl_memory_create(&memory, of, n->engine, DNNL_MEMORY_NONE) != dnnl_success) return 0;
  n->arguments[n->count++] = (dnnl_exec_arg_t){id, memory};
  return 1;
}

void norm_destroy(struct norm* n) {
  for (int i = 0; i < n->count; i++) dnnl_memory_destroy(n->arguments[i].memory);
  if (n->primitive) dnnl_primitive_destroy(n->primitive);
  if (n->stream) dnnl_stream_destroy(n->stream);
  if (n->engine) dnnl_engine_destroy(n->engine);
  free(n);
}

/* Returns NULL where the library has no such primitive for this machine. */
struct norm* norm_create(const struct request* r) {
  static const int forward[] = {DNNL_ARG_SRC,      DNNL_ARG_DST,   DNNL_ARG_MEAN,
                                DNNL_ARG_VARIANCE, DNNL_ARG_SCALE, DNNL_ARG_SHIFT};
  static const int backward[] = {DNNL_ARG_SRC,      DNNL_ARG_DIFF_DST,   DNNL_ARG_MEAN,
                                 DNNL_ARG_VARIANCE, DNNL_ARG_SCALE,      DNNL_ARG_SHIFT,
                                 DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_SCALE, DNNL_ARG_DIFF_SHIFT};
  const int* ids = r->way == BACKWARD ? backward : forward;
  const int count = r->way == BACKWARD ? sizeof backward / sizeof *backward : sizeof forward / sizeof *forward;
  struct norm* n = calloc(1, sizeof *n);
  dnnl_memory_desc_t x = NULL;
  dnnl_primitive_desc_t description = NULL;
  int done = n && dnnl_engine_create(&n->engine, dnnl_cpu, 0) == dnnl_success &&
             dnnl_stream_create(&n->stream, n->engine, dnnl_stream_default_flags) == dnnl_success &&
             dnnl_memory_desc_create_with_strides(&x, r->dimensions, r->shape, r->type, r->strides) == dnnl_success &&
             (description = describe(r, n->engine, x)) != NULL &&
             dnnl_primitive_create(&n->primitive, description) == dnnl_success;
  int inputs = 0; /* a backward pass wants the shift in some versions and operations, and refuses it in others */
  if (done) dnnl_primitive_desc_query(description, dnnl_query_num_of_inputs_s32, 0, &inputs);
  for (int i = 0; done && i < count; i++)
    if (r->way != BACKWARD || ids[i] != DNNL_ARG_SHIFT || inputs > SHIFTLESS_INPUTS) done = add(n, description, ids[i]);
  if (description) dnnl_primitive_desc_destroy(description);
  if (x) dnnl_memory_desc_destroy(x);
  if (!done && n) norm_destroy(n);
  return done ? n : NULL;
}

/* An argument that the primitive has not is nobody's loss. */
int norm_bind(struct norm* n, int id, void* pointer) {
  for (int i = 0; i < n->count; i++)
    if (n->arguments[i].arg == id) return dnnl_memory_set_data_handle(n->arguments[i].memory, pointer);
  return dnnl_success;
}

int norm_run(struct norm* n) {
  const dnnl_status_t status = dnnl_primitive_execute(n->primitive, n->stream, n->count, n->arguments);
  return status == dnnl_success ? dnnl_stream_wait(n->stream) : status;
}
