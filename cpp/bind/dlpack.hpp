// What DLPack 1.3 says of tensors in C (https://dmlc.github.io/dlpack/latest/c_api.html): the parts that are used here.
// PyTorch offers a table of C functions by it, so that nobody has to be linked to PyTorch to see its tensors.
#pragma once

#include <cstdint>

#include "views.hpp"

namespace simdnorm::bind::dlpack {

static_assert(sizeof(Extent) == sizeof(std::int64_t));

constexpr std::uint32_t kMajor = 1;
constexpr std::int32_t kCpu = 1;
enum Code : std::uint8_t { kFloat = 2, kBfloat = 4 };

struct Version {
  std::uint32_t major, minor;
};

struct DataType {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};

struct Tensor {
  void* data;
  std::int32_t device, device_id;
  std::int32_t axes;
  DataType type;
  Extent *shape, *strides;
  std::uint64_t byte_offset;
};

struct ManagedTensor {
  Version version;
  void* context;
  void (*free)(ManagedTensor*);
  std::uint64_t flags;
  Tensor tensor;
};

/// Each function returns 0, or another number with an exception set.
struct Exchange {
  Version version;
  Exchange* previous;
  int (*allocate)(Tensor*, ManagedTensor**, void*, void (*)(void*, const char*, const char*));
  int (*from_python)(void* object, ManagedTensor** tensor);
  int (*to_python)(ManagedTensor* tensor, void** object);  // which owns the tensor from then on
  int (*look)(void* object, Tensor* tensor);               // at what the object owns; may be missing
  int (*stream)(std::int32_t, std::int32_t, void**);
};
constexpr char kExchange[] = "dlpack_exchange_api";

}  // namespace simdnorm::bind::dlpack
