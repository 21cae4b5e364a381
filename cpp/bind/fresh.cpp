#include "fresh.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "blocks.hpp"
#include "chapters.hpp"
#include "gil.hpp"

namespace simdnorm::bind {
namespace {

// NumPy lets others allocate its arrays' data (NEP 49): such an array owns its data like any other, may be resized, and
// finds by itself who is to free it. These are NumPy's declarations, which pybind11 does not repeat.
struct DataHandler {
  char name[127];
  unsigned char version;
  void* context;
  void* (*malloc)(void* context, std::size_t bytes);
  void* (*calloc)(void* context, std::size_t n, std::size_t bytes);
  void* (*realloc)(void* context, void* data, std::size_t bytes);
  void (*free)(void* context, void* data, std::size_t bytes);
};
constexpr std::size_t kSetHandler = 304;  // PyDataMem_SetHandler's place in NumPy's table, there to stay

void* cleared(void*, std::size_t n, std::size_t bytes) {
  if (bytes != 0 && n > SIZE_MAX / bytes) return nullptr;
  void* block = take_block(n * bytes);
  return block ? std::memset(block, 0, n * bytes) : nullptr;
}

void* resized(void*, void* data, std::size_t bytes) {
  void* block = take_block(bytes);
  if (!block) return nullptr;
  std::memcpy(block, data, std::min(bytes, block_bytes(data)));
  give_block(data);
  return block;
}

DataHandler handler = {"simdnorm",
                       1,
                       nullptr,
                       [](void*, std::size_t bytes) { return take_block(bytes); },
                       cleared,
                       resized,
                       [](void*, void* data, std::size_t) { give_block(data); }};

using SetHandler = PyObject* (*)(PyObject*);

// Both are there from the import on.
SetHandler set_handler = nullptr;
PyObject* our_handler = nullptr;

/// NumPy allocates blocks while this lives, in this thread.
class WithBlocks {
 public:
  WithBlocks() : before_(py::reinterpret_steal<py::object>(set_handler(our_handler))) {
    if (!before_) throw py::error_already_set();
  }
  WithBlocks(const WithBlocks&) = delete;
  WithBlocks& operator=(const WithBlocks&) = delete;
  ~WithBlocks() {
    const py::error_scope kept;
    Py_XDECREF(set_handler(before_.ptr()));
  }

 private:
  py::object before_;
};

py::object make(Shape shape, int type) {
  const auto& api = py::detail::npy_api::get();
  PyObject* descr = api.PyArray_DescrFromType_(type);
  if (!descr) throw py::error_already_set();
  PyObject* array = api.PyArray_NewFromDescr_(api.PyArray_Type_, descr, static_cast<int>(shape.size()), shape.data(),
                                              nullptr, nullptr, 0, nullptr);
  if (!array) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(array);
}

/// For the way through the checks.
py::object empty(const py::sequence& shape, const py::dtype& dtype) {
  std::vector<Extent> extents;
  for (const py::handle n : shape) extents.push_back(n.cast<Extent>());
  return fresh(extents, dtype.num(), static_cast<std::size_t>(dtype.itemsize()));
}

}  // namespace

py::object fresh(Shape shape, int type, std::size_t item) {
  // As a double: what would overflow is large, and for NumPy to refuse.
  double bytes = static_cast<double>(item);
  for (const Extent n : shape) bytes *= static_cast<double>(n);
  if (!kHasPages || bytes < static_cast<double>(kLeastBlock)) return make(shape, type);
  const WithBlocks blocks;
  return make(shape, type);
}

void register_fresh(py::module_& module) {
  const py::capsule table = py::module_::import("numpy._core.multiarray").attr("_ARRAY_API");
  set_handler = reinterpret_cast<SetHandler>(table.get_pointer<void*>()[kSetHandler]);
  our_handler = py::capsule(&handler, "mem_handler").release().ptr();
  module.def("empty", empty);
  module.def("return_blocks", [] {
    bool any = false;
    without_gil([&] { any = return_blocks(); });
    return any;
  });
  module.def("held_blocks", [] {
    const Held held = held_blocks();
    return py::dict(py::arg("used_bytes") = held.used_bytes, py::arg("kept_bytes") = held.kept_bytes,
                    py::arg("kept_ranges") = held.kept_ranges);
  });
}

}  // namespace simdnorm::bind
