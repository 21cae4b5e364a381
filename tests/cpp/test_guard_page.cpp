// No byte before or after an array is touched: every length from 0 to 130 against pages that may not be read or
// written.
#include <doctest/doctest.h>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <unistd.h>

#include "support.hpp"

using namespace simdnorm;
using namespace simdnorm::test;

namespace {

/// An array that ends where a forbidden page begins, or begins where one ends.
template <class T>
class Guarded {
 public:
  Guarded(Index size, bool at_end) : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
    room_ = (bytes + page_ - 1) / page_ * page_;
    memory_ = static_cast<char*>(
        mmap(nullptr, room_ + 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(memory_ != MAP_FAILED);
    REQUIRE(mprotect(memory_, page_, PROT_NONE) == 0);
    REQUIRE(mprotect(memory_ + page_ + room_, page_, PROT_NONE) == 0);
    first_ = reinterpret_cast<T*>(memory_ + page_ + (at_end ? room_ - bytes : 0));
    const Array<T> filling = values<T>(static_cast<std::uint64_t>(size), size);
    std::copy(filling.begin(), filling.end(), first_);
  }
  ~Guarded() { munmap(memory_, room_ + 2 * page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  T* data() { return first_; }

 private:
  std::size_t page_, room_;
  char* memory_;
  T* first_;
};

template <class T>
void run_layer_norm(Index rows, Index length, bool at_end) {
  const Index size = rows * length;
  Guarded<T> x(size, at_end), y(size, at_end), dy(size, at_end), dx(size, at_end);
  Guarded<T> weight(length, at_end), bias(length, at_end), dweight(length, at_end), dbias(length, at_end);
  Guarded<T> mean(rows, at_end), rstd(rows, at_end);
  CHECK(layer_norm_forward<T>({x.data(), rows, length, weight.data(), bias.data(), 1e-5, y.data(), mean.data(),
                               rstd.data()}) == Status::ok);
  CHECK(layer_norm_backward<T>({dy.data(), x.data(), rows, length, mean.data(), rstd.data(), weight.data(), dx.data(),
                                dweight.data(), dbias.data()}) == Status::ok);
}

template <class T>
void run_batch_norm(ChannelLayout layout, bool at_end) {
  const Index size = layout.outer * layout.channels * layout.inner, c = layout.channels;
  Guarded<T> x(size, at_end), y(size, at_end), dy(size, at_end), dx(size, at_end);
  Guarded<T> weight(c, at_end), bias(c, at_end), dweight(c, at_end), dbias(c, at_end);
  Guarded<T> mean(c, at_end), rstd(c, at_end), running_mean(c, at_end), running_var(c, at_end);
  CHECK(batch_norm_forward<T>({x.data(), layout, weight.data(), bias.data(), 1e-5, running_mean.data(),
                               running_var.data(), 0.1, true, y.data(), mean.data(), rstd.data()}) == Status::ok);
  CHECK(batch_norm_backward<T>({dy.data(), x.data(), layout, mean.data(), rstd.data(), weight.data(), true, dx.data(),
                                dweight.data(), dbias.data()}) == Status::ok);
  CHECK(batch_norm_inference<T>(
            {x.data(), layout, mean.data(), rstd.data(), weight.data(), bias.data(), 1e-5, y.data()}) == Status::ok);
}

}  // namespace

TEST_CASE_TEMPLATE("no operation touches a byte outside its arrays", T, float, double) {
  for (const Isa isa : available_isas()) {
    const Setting setting(isa, 1);
    for (const bool at_end : {true, false}) {
      for (Index length = 0; length <= 130; ++length) {
        INFO("isa ", label(isa), ", length ", length, ", at_end ", at_end);
        run_layer_norm<T>(3, length, at_end);
        run_batch_norm<T>({5, length, 1}, at_end);
        if (length > 0) run_batch_norm<T>({2, 3, length}, at_end);
      }
    }
  }
}

#endif
