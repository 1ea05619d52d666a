// The recorder of the forward in progress on this thread, for the shim's own files.
#pragma once

#include <ATen/core/Tensor.h>

namespace esr {
// From now on `twin` counts as `original`: it is the same tensor, on another device. Does nothing while no recorder
// is on.
void recorder_alias(const at::Tensor& twin, const at::Tensor& original);
}  // namespace esr
