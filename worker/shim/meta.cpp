// Runs a network for its shapes alone: on the meta device, whose tensors have sizes and strides and no data.
//
// A boxed fallback on a dispatch key that libtorch keeps for tests sees every top-level operation. Where one gets a
// meta tensor, its other tensors (weights, constants made inside a program) are replaced by meta twins, so that the
// network itself needs no copy on the meta device.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <functional>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "guard.h"
#include "json.h"
#include "recorder.h"
#include "shim.h"

namespace {
constexpr auto kMode = c10::DispatchKey::TESTING_ONLY_GenericMode;

struct Meta {
  // Each original beside its twin: the original is held so that its address is not given to another tensor.
  std::unordered_map<const c10::TensorImpl*, std::pair<at::Tensor, at::Tensor>> twins;
  std::set<std::string> without_kernel;
};

thread_local std::unique_ptr<Meta> active;

at::Tensor empty_like(const at::Tensor& t, c10::Device device) {
  return at::empty_strided(t.sizes(), t.strides(), t.options().device(device));
}

at::Tensor twin(const at::Tensor& t) {
  if (!t.defined() || t.is_meta()) return t;
  const auto it = active->twins.find(t.unsafeGetTensorImpl());
  if (it != active->twins.end()) return it->second.second;
  auto m = empty_like(t, at::kMeta);
  // A Python number that became a tensor must not take part in type promotion.
  if (t.unsafeGetTensorImpl()->is_wrapped_number()) m.unsafeGetTensorImpl()->set_wrapped_number(true);
  esr::recorder_alias(m, t);
  active->twins.emplace(t.unsafeGetTensorImpl(), std::make_pair(t, m));
  return m;
}

using OnTensor = std::function<at::Tensor(const at::Tensor&)>;

// The value with each of its tensors mapped, and a device, if it is one, replaced.
c10::IValue mapped(const c10::IValue& v, const OnTensor& f, c10::Device device) {
  if (v.isTensor()) return v.toTensor().defined() ? f(v.toTensor()) : v;
  if (v.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& t : v.toTensorVector()) list.push_back(f(t));
    return list;
  }
  if (v.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const auto& t : v.toOptionalTensorVector()) list.push_back(t && t->defined() ? std::optional(f(*t)) : t);
    return list;
  }
  if (v.isDevice()) return device;
  return v;
}

bool has_meta(const c10::IValue& v) {
  bool found = false;
  mapped(v, [&](const at::Tensor& t) { found |= t.is_meta(); return t; }, at::kMeta);
  return found;
}

// An operation without a meta kernel runs on zeros, and its results become meta tensors.
void run_on_zeros(const c10::OperatorHandle& op, torch::jit::Stack* stack, const std::vector<c10::IValue>& args) {
  std::unordered_map<const c10::TensorImpl*, at::Tensor> zeros;
  const auto materialise = [&](const at::Tensor& t) {
    if (!t.is_meta()) return t;
    auto& z = zeros[t.unsafeGetTensorImpl()];
    if (!z.defined()) z = at::zeros(t.sizes(), t.options().device(at::kCPU));
    return z;
  };
  const size_t base = stack->size();
  for (const auto& a : args) stack->push_back(mapped(a, materialise, at::kCPU));
  op.callBoxed(stack);
  // What an in-place operation gives back is its own argument.
  std::unordered_map<const c10::TensorImpl*, at::Tensor> given;
  for (const auto& a : args) {
    mapped(a, [&](const at::Tensor& t) {
      if (t.is_meta()) given.emplace(zeros[t.unsafeGetTensorImpl()].unsafeGetTensorImpl(), t);
      return t;
    }, at::kMeta);
  }
  const auto back = [&](const at::Tensor& t) {
    const auto it = given.find(t.unsafeGetTensorImpl());
    return it != given.end() ? it->second : empty_like(t, at::kMeta);
  };
  for (size_t i = base; i < stack->size(); i++) (*stack)[i] = mapped((*stack)[i], back, at::kMeta);
}

void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  c10::impl::ExcludeDispatchKeyGuard guard{c10::DispatchKeySet(kMode)};
  const size_t n = op.schema().arguments().size();
  const size_t base = stack->size() - n;
  std::vector<c10::IValue> args(stack->begin() + base, stack->end());
  if (!active || std::none_of(args.begin(), args.end(), has_meta)) {
    op.callBoxed(stack);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    args[i] = mapped(args[i], twin, at::kMeta);
    (*stack)[base + i] = args[i];
  }
  try {
    op.callBoxed(stack);
  } catch (const c10::NotImplementedError&) {
    active->without_kernel.insert(op.schema().name());
    stack->resize(base);
    run_on_zeros(op, stack, args);
  }
}

// libtorch has no meta kernel for convolution: PyTorch keeps it in Python. Output sizes as torch.nn.Conv2d and
// torch.nn.ConvTranspose2d document them.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& /*bias*/,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, int64_t groups) {
  const auto along = [](at::IntArrayRef v, int64_t i) { return v.size() == 1 ? v[0] : v[i]; };
  const int64_t batch_dims = x.dim() == weight.dim() ? 1 : 0;
  const int64_t expected = transposed ? weight.size(0) : weight.size(1) * groups;
  TORCH_CHECK(x.size(batch_dims) == expected, "convolution: expected ", expected, " input channels, got ",
              x.size(batch_dims), " (input ", x.sizes(), ", weight ", weight.sizes(), ")");
  std::vector<int64_t> shape;
  if (batch_dims > 0) shape.push_back(x.size(0));
  shape.push_back(transposed ? weight.size(1) * groups : weight.size(0));
  for (int64_t i = 0; i < weight.dim() - 2; i++) {
    const int64_t in = x.size(batch_dims + 1 + i);
    const int64_t span = along(dilation, i) * (weight.size(2 + i) - 1);
    const int64_t pad = 2 * along(padding, i);
    const int64_t step = along(stride, i);
    const int64_t out = transposed ? (in - 1) * step - pad + span + along(output_padding, i) + 1
                                   : (in + pad - span - 1) / step + 1;
    TORCH_CHECK(out > 0 && (transposed || in + pad > span), "convolution: an input of ", x.sizes(), " is smaller than the kernel ",
                weight.sizes());
    shape.push_back(out);
  }
  // Kernels keep the channels-last layout of their arguments.
  const bool channels_last = x.suggest_memory_format() == at::MemoryFormat::ChannelsLast ||
                             weight.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  const auto format =
      channels_last && shape.size() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  return at::empty(shape, x.options(), format);
}
}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, m) { m.impl("convolution_overrideable", TORCH_FN(convolution)); }

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>());
}

extern "C" {
void* esr_meta_empty(const int64_t* shape, size_t dims) {
  return esr::guarded(static_cast<void*>(nullptr), [&]() -> void* {
    return new at::Tensor(at::empty(at::IntArrayRef(shape, dims), at::TensorOptions().device(at::kMeta)));
  });
}

int esr_meta_start(void) {
  return esr::guarded(-1, [] {
    if (active) throw std::logic_error("the meta mode is on already");
    active = std::make_unique<Meta>();
    c10::impl::tls_set_dispatch_key_included(kMode, true);
    return 0;
  });
}

char* esr_meta_stop(void) {
  return esr::guarded(static_cast<char*>(nullptr), [] {
    if (!active) throw std::logic_error("the meta mode is not on");
    c10::impl::tls_set_dispatch_key_included(kMode, false);
    const auto done = std::move(active);
    return esr::text(esr::json_list(done->without_kernel, [](const std::string& s) { return esr::json_string(s); }));
  });
}
}
