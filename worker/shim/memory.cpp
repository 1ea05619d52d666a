// The CPU allocator of a memory measurement: every block has pages of its own, which go back to the kernel when it is
// freed, so that resident memory is what is in use, whatever malloc kept from forwards before.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "guard.h"
#include "shim.h"

namespace {
// Smaller blocks come from malloc: on pages of their own they would take more memory than a network needs.
constexpr size_t kSmallestMapped = 64 << 10;

class CountedPages final : public at::Allocator {
 public:
  at::DataPtr allocate(size_t n) override {
    if (!on || n < kSmallestMapped) {
      void* data = c10::alloc_cpu(n);
      return {data, data, &release, at::Device(at::kCPU)};
    }
    void* data = mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TORCH_CHECK(data != MAP_FAILED, "not enough memory: cannot map ", n, " bytes");
    const std::lock_guard<std::mutex> lock(mutex_);
    mapped_.emplace(data, n);
    return {data, data, &release, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* dest, const void* src, size_t n) const override { default_copy_data(dest, src, n); }

  std::atomic<bool> on{false};

 private:
  static void release(void* data);

  std::mutex mutex_;
  std::unordered_map<void*, size_t> mapped_;
};

// Never destroyed: tensors outlive it otherwise.
CountedPages& pages() {
  static auto* allocator = new CountedPages;
  return *allocator;
}

void CountedPages::release(void* data) {
  if (!data) return;
  size_t n = 0;
  {
    const std::lock_guard<std::mutex> lock(pages().mutex_);
    const auto it = pages().mapped_.find(data);
    if (it != pages().mapped_.end()) {
      n = it->second;
      pages().mapped_.erase(it);
    }
  }
  if (n > 0) {
    munmap(data, n);
  } else {
    c10::free_cpu(data);
  }
}
}  // namespace

extern "C" int esr_memory_own_pages(int on) {
  return esr::guarded(-1, [&] {
    // Once in place it stays: libraries free what they allocated by the allocator of that moment. Blocks of libtorch's own
    // allocator come from the same `alloc_cpu`.
    if (on && c10::GetCPUAllocator() != &pages()) c10::SetCPUAllocator(&pages(), /*priority=*/255);
    pages().on = on != 0;
    return 0;
  });
}
