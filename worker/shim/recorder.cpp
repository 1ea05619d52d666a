// Records the operations that a forward dispatches, by a RecordFunction callback: the top-level ones only, as the
// network called them, before libtorch takes composite operations apart.
//
// The same callback serves a real forward and one on the meta device: libtorch calls it before any kernel and before
// the fallback of meta.cpp, so that both graphs agree by construction.
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

class OpRecorder {
 public:
  // The number of a tensor. `made` says whether a recorded operation returned it.
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
    if (v.isComplexDouble()) {
      const auto z = v.toComplexDouble();
      return esr::json_list(std::vector<double>{z.real(), z.imag()}, esr::json_number);
    }
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

  // The numbers of an operation's results. Lists are flattened.
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
  // Why the recording is incomplete: the first exception of a callback. libtorch would only log it.
  std::string failure;

  // Call it inside a catch block alone.
  void fail(const char* when, const char* name) noexcept {
    try {
      if (failure.empty()) failure = std::string("the op recorder failed ") + when + name + ": " + esr::exception_text();
    } catch (...) {
      failure = "no memory";  // short enough to need none itself
    }
  }

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

  // TorchScript's interpreter reports the running modules as `name(Class)::function`, outermost first. Nothing reports
  // that a module is left: a module that was at the same place at the previous operation is still in the same call.
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
  // Weak references: they prevent that an address is given to another object, and keep no data alive.
  std::vector<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> keep_;
  std::vector<c10::weak_intrusive_ptr<c10::StorageImpl>> keep_storages_;
  std::vector<std::string> tensors_;
  std::vector<Module> modules_;
  std::vector<Module> script_;
  std::unordered_map<std::string, int64_t> calls_;
};

thread_local std::unique_ptr<OpRecorder> active;

OpRecorder& recorder() {
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

// Describes the beginning of a top-level operation.
void describe(const at::RecordFunction& fn, Context* context) {
  const auto schema = fn.operator_schema();
  if (!schema) return;
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
}

// libtorch catches what a callback throws and only logs it, so that an operation would be missing without a word. Both
// callbacks catch it themselves, and `esr_recorder_stop` reports it.
std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& fn) {
  if (!active) return nullptr;
  const bool top = active->depth++ == 0;
  try {
    auto context = std::make_unique<Context>();
    context->top = top;
    if (top) describe(fn, context.get());
    return context;
  } catch (...) {
    active->fail("at the beginning of ", fn.name());
  }
  return nullptr;
}

void on_end(const at::RecordFunction& fn, at::ObserverContext* context) {
  if (!active) return;
  active->depth--;
  const auto* c = static_cast<const Context*>(context);
  if (!c || !c->top || c->head.empty()) return;
  try {
    active->ops.push_back(c->head + ",\"outputs\":" + active->outputs(last(fn.outputs(), c->returns)) + "}");
  } catch (...) {
    active->fail("at the end of ", fn.name());
  }
}
}  // namespace

void esr::recorder_alias(const at::Tensor& twin, const at::Tensor& original) {
  if (active) active->alias(twin, original);
}

extern "C" {
int esr_recorder_start(void) {
  return esr::guarded(-1, [] {
    if (active) throw std::logic_error("a recorder is on already");
    auto starting = std::make_unique<OpRecorder>();
    starting->handle = at::addThreadLocalCallback(at::RecordFunctionCallback(on_start, on_end)
                                                      .needsInputs(true)
                                                      .needsOutputs(true)
                                                      .scopes({at::RecordScope::FUNCTION}));
    active = std::move(starting);
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
    try {
      recorder().enter(path, module_class);
    } catch (...) {
      if (active) active->fail("at the beginning of the module ", path);
      throw;
    }
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
    if (!done->failure.empty()) throw std::runtime_error(done->failure);
    return esr::text(done->finish());
  });
}
}
