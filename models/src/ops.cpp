// Operations that tch's generated API lacks: those whose scalar arguments it drops.
// C ABI; every exception is caught here and handed over as text.

#include <ATen/core/Tensor.h>
#include <ATen/ops/leaky_relu.h>

#include <string>

namespace {
thread_local std::string last_error;

template <typename F>
at::Tensor* guarded(F f) {
  try {
    return new at::Tensor(f());
  } catch (const c10::Error& e) {
    last_error = e.what_without_backtrace();
  } catch (const std::exception& e) {
    last_error = e.what();
  } catch (...) {
    last_error = "unknown C++ exception";
  }
  return nullptr;
}
}  // namespace

extern "C" {
const char* esr_ops_last_error() { return last_error.c_str(); }

void* esr_leaky_relu(const void* x, double slope, int in_place) {
  return guarded([&] {
    auto t = *static_cast<const at::Tensor*>(x);
    return in_place ? at::Tensor(at::leaky_relu_(t, slope)) : at::leaky_relu(t, slope);
  });
}
}
