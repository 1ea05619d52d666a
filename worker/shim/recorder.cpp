// Records the operations that a forward dispatches, by a RecordFunction callback: the top-level ones only, as the
// network called them, before libtorch takes composite operations apart.
//
// The same callback serves a real forward and one on the meta device: libtorch calls it before any kernel and before
// the fallback of meta.cpp, so that both records agree by construction.
#include "recorder.h"

#include <ATen/core/function_schema.h>
#include <ATen/record_function.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "guard.h"
#include "json.h"
#include "shim.h"

namespace {
struct Module {
  std::string path;
  std::string name;
  int64_t call;
  std::string function;  // TorchScript's: a traced module's second call runs `forward1`
};

class Recorder {
 public:
  // The number of a tensor; `made` says whether an operation of this record gave it.
  size_t tensor(const at::Tensor& t, bool made) {
    const auto [it, fresh] = ids_.emplace(t.unsafeGetTensorImpl(), tensors_.size());
    if (!fresh) return it->second;
    keep_.emplace_back(t.getIntrusivePtr());
    tensors_.push_back(
        "{\"shape\":" + esr::json_list(t.sizes(), [](int64_t n) { return std::to_string(n); }) +
        ",\"dtype\":" + esr::json_string(c10::getDtypeNames(t.scalar_type()).first) +
        ",\"storage\":" + std::to_string(storage(t)) + ",\"made\":" + (made ? "true" : "false") + "}");
    return it->second;
  }

  void alias(const at::Tensor& twin, const at::Tensor& original) {
    ids_.emplace(twin.unsafeGetTensorImpl(), tensor(original, false));
    keep_.emplace_back(twin.getIntrusivePtr());
    if (twin.has_storage()) {
      storages_.emplace(twin.storage().unsafeGetStorageImpl(), storage(original));
      keep_storages_.push_back(twin.storage().getWeakStorageImpl());
    }
  }

  void enter(const char* path, const char* module_class) {
    modules_.push_back({path, module_class, calls_[path]++, {}});
  }

  void leave() {
    if (!modules_.empty()) modules_.pop_back();
  }

  std::string value(const c10::IValue& v, bool made) {
    if (v.isTensor()) {
      const auto& t = v.toTensor();
      return t.defined() ? "{\"t\":" + std::to_string(tensor(t, made)) + "}" : "null";
    }
    if (v.isNone()) return "null";
    if (v.isBool()) return v.toBool() ? "true" : "false";
    if (v.isInt()) return std::to_string(v.toInt());
    if (v.isDouble()) return esr::json_number(v.toDouble());
    if (v.isString()) return esr::json_string(v.toStringRef());
    if (v.isDevice()) return esr::json_string(v.toDevice().str());
    if (v.isScalar()) return value(c10::IValue(v.toScalar()), made);
    if (v.isList()) return esr::json_list(v.toListRef(), [&](const c10::IValue& e) { return value(e, made); });
    return esr::json_string("<" + v.tagKind() + ">");
  }

  // The enclosing modules: those that registry networks enter, then those of the TorchScript interpreter.
  std::string scope() {
    follow_script();
    auto all = modules_;
    all.insert(all.end(), script_.begin(), script_.end());
    return esr::json_list(all, [](const Module& m) {
      return "{\"path\":" + esr::json_string(m.path) + ",\"class\":" + esr::json_string(m.name) +
             ",\"call\":" + std::to_string(m.call) + "}";
    });
  }

  // The numbers of an operation's results, lists flattened.
  std::string outputs(c10::ArrayRef<c10::IValue> values) {
    std::vector<size_t> found;
    for (const auto& v : values) collect(v, found);
    return esr::json_list(found, [](size_t id) { return std::to_string(id); });
  }

  std::string finish() const {
    const auto as_is = [](const std::string& s) { return s; };
    return "{\"tensors\":" + esr::json_list(tensors_, as_is) + ",\"ops\":" + esr::json_list(ops, as_is) + "}";
  }

  at::CallbackHandle handle = at::INVALID_CALLBACK_HANDLE;
  int depth = 0;
  std::vector<std::string> ops;

 private:
  size_t storage(const at::Tensor& t) {
    if (!t.has_storage()) return storage_count_++;
    const auto [it, fresh] = storages_.emplace(t.storage().unsafeGetStorageImpl(), storage_count_);
    if (fresh) {
      storage_count_++;
      keep_storages_.push_back(t.storage().getWeakStorageImpl());
    }
    return it->second;
  }

  // TorchScript's interpreter tells where it is as `name(Class)::function`, from the outermost module on. Nothing tells
  // when a module is left: one that stood at the same place at the operation before is still the same call.
  void follow_script() {
    std::vector<Module> now;
    bool same_so_far = true;
    for (const auto& frame : torch::jit::currentModuleHierarchy()) {
      const auto open = frame.find('(');
      const auto close = frame.find(")::", open);
      if (open == std::string::npos || close == std::string::npos) continue;  // a function, not a module's
      const auto instance = frame.substr(0, open);
      const bool root = instance == "TOP";
      // `SELF` is another method of the module that was named before.
      if (instance == "SELF" || instance == "UNKNOWN_INSTANCE" || (!root && instance.empty())) continue;
      Module m{now.empty() || now.back().path.empty() ? instance : now.back().path + "." + instance,
               frame.substr(open + 1, close - open - 1), 0, frame.substr(close + 3)};
      if (root) m.path.clear();
      const size_t depth = now.size();
      same_so_far = same_so_far && depth < script_.size() && script_[depth].path == m.path &&
                    script_[depth].function == m.function;
      m.call = same_so_far ? script_[depth].call : calls_[m.path]++;
      now.push_back(std::move(m));
    }
    script_ = std::move(now);
  }

  void collect(const c10::IValue& v, std::vector<size_t>& found) {
    if (v.isTensor() && v.toTensor().defined()) {
      found.push_back(tensor(v.toTensor(), true));
    } else if (v.isList()) {
      for (const c10::IValue& e : v.toListRef()) collect(e, found);
    }
  }

  std::unordered_map<const c10::TensorImpl*, size_t> ids_;
  std::unordered_map<const c10::StorageImpl*, size_t> storages_;
  size_t storage_count_ = 0;
  // Weak: they keep an address from being given to another object, and no data alive.
  std::vector<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> keep_;
  std::vector<c10::weak_intrusive_ptr<c10::StorageImpl>> keep_storages_;
  std::vector<std::string> tensors_;
  std::vector<Module> modules_;
  std::vector<Module> script_;
  std::unordered_map<std::string, int64_t> calls_;
};

thread_local std::unique_ptr<Recorder> active;

Recorder& recorder() {
  if (!active) throw std::logic_error("no recorder is on");
  return *active;
}

struct Context : at::ObserverContext {
  bool top = false;
  std::string head;
  size_t returns = 0;
};

// In the boxed path (the TorchScript interpreter, ops called by name) RecordFunction shows the whole stack: an
// operation's own values are the last ones.
c10::ArrayRef<c10::IValue> last(c10::ArrayRef<c10::IValue> stack, size_t n) {
  return stack.size() > n ? stack.slice(stack.size() - n) : stack;
}

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& fn) {
  auto context = std::make_unique<Context>();
  if (!active) return context;
  context->top = active->depth++ == 0;
  const auto schema = fn.operator_schema();
  if (!context->top || !schema) return context;
  const auto& arguments = schema->arguments();
  const auto inputs = last(fn.inputs(), arguments.size());
  std::string args;
  for (size_t i = 0; i < inputs.size(); i++) {
    if (i > 0) args += ',';
    args += esr::json_string(arguments[i].name()) + ":" + active->value(inputs[i], false);
  }
  context->returns = schema->returns().size();
  context->head = "{\"name\":" + esr::json_string(schema->name()) +
                  ",\"overload\":" + esr::json_string(schema->overload_name()) + ",\"args\":{" + args +
                  "},\"scope\":" + active->scope();
  return context;
}

void on_end(const at::RecordFunction& fn, at::ObserverContext* context) {
  if (!active) return;
  active->depth--;
  const auto* c = static_cast<const Context*>(context);
  if (!c->top || c->head.empty()) return;
  active->ops.push_back(c->head + ",\"outputs\":" + active->outputs(last(fn.outputs(), c->returns)) + "}");
}
}  // namespace

void esr::recorder_alias(const at::Tensor& twin, const at::Tensor& original) {
  if (active) active->alias(twin, original);
}

extern "C" {
int esr_recorder_start(void) {
  return esr::guarded(-1, [] {
    if (active) throw std::logic_error("a recorder is on already");
    active = std::make_unique<Recorder>();
    active->handle = at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end)
                                                    .needsInputs(true)
                                                    .needsOutputs(true)
                                                    .scopes({at::RecordScope::FUNCTION}));
    return 0;
  });
}

int esr_recorder_tensor(const void* tensor, size_t* id) {
  return esr::guarded(-1, [&] {
    *id = recorder().tensor(*static_cast<const at::Tensor*>(tensor), false);
    return 0;
  });
}

int esr_recorder_enter(const char* path, const char* module_class) {
  return esr::guarded(-1, [&] {
    recorder().enter(path, module_class);
    return 0;
  });
}

int esr_recorder_leave(void) {
  return esr::guarded(-1, [] {
    recorder().leave();
    return 0;
  });
}

char* esr_recorder_stop(void) {
  return esr::guarded(static_cast<char*>(nullptr), [] {
    at::removeCallback(recorder().handle);
    const auto done = std::move(active);
    return esr::text(done->finish());
  });
}
}
