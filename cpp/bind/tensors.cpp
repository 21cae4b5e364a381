// Tensors, for calls that come from them: seen and made by the table of C functions that they bring along.
#include <new>
#include <vector>

#include "blocks.hpp"
#include "chapters.hpp"
#include "dlpack.hpp"

namespace simdnorm::bind {
namespace {

constexpr std::align_val_t kAlignment{64};  // a cache line, and what PyTorch has

// From the introduction on: the types, whose objects compute as they are, a method, and the table.
PyTypeObject *tensor_type = nullptr, *parameter_type = nullptr;
PyObject* is_neg = nullptr;
const dlpack::Exchange* exchange = nullptr;

Element element_of(const dlpack::DataType& type) {
  if (type.lanes != 1) return Element::other;
  if (type.code == dlpack::kBfloat) return type.bits == 16 ? Element::bfloat16 : Element::other;
  if (type.code != dlpack::kFloat) return Element::other;
  switch (type.bits) {
    case 16:
      return Element::float16;
    case 32:
      return Element::float32;
    case 64:
      return Element::float64;
    default:
      return Element::other;
  }
}

dlpack::DataType type_of(Element element) {
  const dlpack::Code code = element == Element::bfloat16 ? dlpack::kBfloat : dlpack::kFloat;
  return {code, static_cast<std::uint8_t>(8 * item_of(element)), 1};
}

/// A tensor may stand for the negative of what lies in memory.
bool negated(PyObject* object) {
  const auto answer = py::reinterpret_steal<py::object>(PyObject_CallMethodNoArgs(object, is_neg));
  return answer.ptr() != Py_False;
}

bool see(PyObject* object, View& view) {
  if (!exchange) return false;
  if (Py_TYPE(object) != tensor_type && Py_TYPE(object) != parameter_type) return false;
  dlpack::Tensor seen;
  if (exchange->look(object, &seen) != 0 || negated(object)) {
    PyErr_Clear();  // it has no memory
    return false;
  }
  const auto axes = static_cast<std::size_t>(seen.axes);
  if (axes > kMostAxes) return false;
  view.data = static_cast<char*>(seen.data) + seen.byte_offset;
  view.element = element_of(seen.type);
  view.writeable = true;
  view.shape = {seen.shape, axes};
  view.strides = {seen.strides, axes};
  return seen.device == dlpack::kCpu && seen.data && view.element != Element::other &&
         reinterpret_cast<std::uintptr_t>(view.data) % item_of(view.element) == 0;
}

/// Memory for the values of a tensor; large memory comes from `blocks.hpp`.
class Memory {
 public:
  explicit Memory(std::size_t bytes)
      : is_block_(kHasPages && bytes >= kLeastBlock),
        data_(is_block_ ? take_block(bytes) : operator new(bytes, kAlignment, std::nothrow)) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    if (is_block_ && data_) {
      give_block(data_);
    } else {
      operator delete(data_, kAlignment);
    }
  }

  /// Null where there was no room.
  void* data() const { return data_; }

 private:
  bool is_block_;
  void* data_;
};

/// What a tensor owns, until it is freed.
struct Owned {
  dlpack::ManagedTensor managed;
  Memory memory;
  std::vector<Extent> extents;  // shape and strides
};

std::vector<Extent> extents_of(const View& view) {
  std::vector<Extent> extents(view.shape.begin(), view.shape.end());
  extents.insert(extents.end(), view.strides.begin(), view.strides.end());
  if (view.strides.empty()) {
    extents.resize(2 * view.shape.size());
    Extent stride = 1;
    for (std::size_t axis = view.shape.size(); axis-- > 0;) {
      extents[view.shape.size() + axis] = stride;
      stride *= view.shape[axis];
    }
  }
  return extents;
}

py::object make(View& view) {
  const std::size_t bytes = static_cast<std::size_t>(values_in(view.shape)) * item_of(view.element);
  auto* owned = new Owned{{exchange->version, nullptr, nullptr, 0, {}}, Memory(bytes), extents_of(view)};
  view.data = static_cast<char*>(owned->memory.data());
  if (!view.data) {
    delete owned;
    PyErr_NoMemory();
    throw py::error_already_set();
  }
  Extent* shape = owned->extents.data();
  const auto axes = static_cast<std::int32_t>(view.shape.size());
  owned->managed.context = owned;
  owned->managed.free = [](dlpack::ManagedTensor* tensor) { delete static_cast<Owned*>(tensor->context); };
  owned->managed.tensor = {view.data, dlpack::kCpu, 0, axes, type_of(view.element), shape, shape + axes, 0};
  void* object = nullptr;
  // It takes ownership, even where it fails.
  if (exchange->to_python(&owned->managed, &object) != 0) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(static_cast<PyObject*>(object));
}

/// Takes the types of tensors and of parameters, and the capsule with the table. False where it is of a version that
/// is not known here, or does not look.
bool introduce(const py::type& tensor, const py::type& parameter, const py::capsule& capsule) {
  const auto* table = static_cast<dlpack::Exchange*>(PyCapsule_GetPointer(capsule.ptr(), dlpack::kExchange));
  if (!table) throw py::error_already_set();
  while (table && table->version.major != dlpack::kMajor) table = table->previous;
  if (!table || !table->look) return false;
  exchange = table;
  tensor_type = reinterpret_cast<PyTypeObject*>(py::type(tensor).release().ptr());
  parameter_type = reinterpret_cast<PyTypeObject*>(py::type(parameter).release().ptr());
  is_neg = py::str("is_neg").release().ptr();
  return true;
}

}  // namespace

const Kind kTensors = {see, make};

void register_tensors(py::module_& module) { module.def("introduce", introduce); }

}  // namespace simdnorm::bind
