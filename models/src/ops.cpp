// Operations that tch's generated API lacks: those whose scalar arguments it drops.
#include <ATen/core/Tensor.h>
#include <ATen/ops/leaky_relu.h>

#include "guard.h"

extern "C" {
const char* esr_ops_last_error() { return esr::last_error().c_str(); }

void* esr_leaky_relu(const void* x, double slope, int in_place) {
  return esr::guarded(static_cast<void*>(nullptr), [&]() -> void* {
    auto t = *static_cast<const at::Tensor*>(x);
    return new at::Tensor(in_place ? at::Tensor(at::leaky_relu_(t, slope)) : at::leaky_relu(t, slope));
  });
}
}
