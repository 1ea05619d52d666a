// Operations by name through the dispatcher, and TorchScript modules.
#include "program.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ScalarOps.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "guard.h"

namespace {
using Op = c10::OperatorHandle;

const at::Tensor& tensor_of(const void* p) { return *static_cast<const at::Tensor*>(p); }

c10::IValue to_ivalue(const EsrValue& v) {
  switch (v.tag) {
    case ESR_NONE: return {};
    case ESR_TENSOR: return tensor_of(v.pointer);
    case ESR_INT: return v.integer;
    case ESR_DOUBLE: return v.number;
    case ESR_BOOL: return v.integer != 0;
    case ESR_STRING: return std::string(static_cast<const char*>(v.pointer));
    case ESR_DEVICE: return c10::Device(std::string(static_cast<const char*>(v.pointer)));
    case ESR_INTS: {
      const auto* p = static_cast<const int64_t*>(v.pointer);
      return std::vector<int64_t>(p, p + v.length);
    }
    case ESR_DOUBLES: {
      const auto* p = static_cast<const double*>(v.pointer);
      return std::vector<double>(p, p + v.length);
    }
    case ESR_BOOLS: {
      const auto* p = static_cast<const int64_t*>(v.pointer);
      c10::List<bool> list;
      for (size_t i = 0; i < v.length; i++) list.push_back(p[i] != 0);
      return list;
    }
    case ESR_TENSORS: {
      const auto* p = static_cast<const at::Tensor* const*>(v.pointer);
      c10::List<at::Tensor> list;
      for (size_t i = 0; i < v.length; i++) list.push_back(*p[i]);
      return list;
    }
    case ESR_OPTIONAL_TENSORS: {
      const auto* p = static_cast<const at::Tensor* const*>(v.pointer);
      c10::List<std::optional<at::Tensor>> list;
      for (size_t i = 0; i < v.length; i++) list.push_back(p[i] ? std::optional(*p[i]) : std::nullopt);
      return list;
    }
  }
  throw std::logic_error("a value of an unknown kind");
}

// What the schema wants where Python's rules are laxer than the boxed call's.
c10::IValue adapt(c10::IValue v, const c10::Argument& argument) {
  const auto kind = argument.real_type()->kind();
  if (kind == c10::TypeKind::FloatType && v.isInt()) return static_cast<double>(v.toInt());
  if (kind == c10::TypeKind::TensorType && v.isScalar()) {
    auto t = c10::scalar_to_tensor(v.toScalar());
    t.unsafeGetTensorImpl()->set_wrapped_number(true);
    return t;
  }
  if (v.isTensorList()) {
    const auto list = argument.type()->cast<c10::ListType>();
    if (list && list->getElementType()->kind() == c10::TypeKind::OptionalType) {
      c10::List<std::optional<at::Tensor>> optional;
      for (const at::Tensor& t : v.toTensorVector()) optional.push_back(t);
      return optional;
    }
  }
  return v;
}

// An operation's results. It owns their tensors until they are handed over, so that none leaks where a later one fails.
class Results {
 public:
  Results() = default;
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;
  ~Results() {
    for (const auto& r : values_) delete static_cast<const at::Tensor*>(r.pointer);
  }

  void push(const c10::IValue& v);

  size_t size() const { return values_.size(); }

  void hand_over(EsrValue* out) {
    std::copy(values_.begin(), values_.end(), out);
    values_.clear();
  }

 private:
  std::vector<EsrValue> values_;  // pointers are null or tensors of this object
};

void Results::push(const c10::IValue& v) {
  // Before any tensor is made, so that adding it to the list cannot fail.
  values_.reserve(values_.size() + 1);
  EsrValue r{};
  if (v.isTensor()) {
    r.tag = v.toTensor().defined() ? ESR_TENSOR : ESR_NONE;
    if (v.toTensor().defined()) r.pointer = new at::Tensor(v.toTensor());
  } else if (v.isInt()) {
    r.tag = ESR_INT;
    r.integer = v.toInt();
  } else if (v.isDouble()) {
    r.tag = ESR_DOUBLE;
    r.number = v.toDouble();
  } else if (v.isBool()) {
    r.tag = ESR_BOOL;
    r.integer = v.toBool();
  } else if (v.isList()) {
    for (const c10::IValue& e : v.toListRef()) push(e);
    return;
  } else if (v.isNone()) {
    r.tag = ESR_NONE;
  } else {
    throw std::runtime_error("a result of the kind " + v.tagKind() + " is not supported");
  }
  values_.push_back(r);
}

void kinds_of(const torch::jit::Block* block, std::set<std::string>& kinds) {
  for (const auto* node : block->nodes()) {
    kinds.insert(node->kind().toQualString());
    for (const auto* inner : node->blocks()) kinds_of(inner, kinds);
  }
}

// A number for everything that a module keeps between two forwards.
class State {
 public:
  void value(const c10::IValue& v) {
    if (v.isTensor()) {
      tensor(v.toTensor());
    } else if (v.isInt()) {
      add(static_cast<uint64_t>(v.toInt()));
    } else if (v.isDouble()) {
      uint64_t bits = 0;
      const double number = v.toDouble();
      std::memcpy(&bits, &number, sizeof bits);
      add(bits);
    } else if (v.isBool()) {
      add(v.toBool() ? 2 : 1);
    } else if (v.isString()) {
      add(std::hash<std::string>{}(v.toStringRef()));
    } else if (v.isList()) {
      const auto list = v.toListRef();
      add(list.size());
      for (const c10::IValue& e : list) value(e);
    } else if (v.isTuple()) {
      for (const c10::IValue& e : v.toTupleRef().elements()) value(e);
    } else if (v.isGenericDict()) {
      const auto dict = v.toGenericDict();
      add(dict.size());
      for (const auto& e : dict) {
        value(e.key());
        value(e.value());
      }
    } else if (v.isObject()) {
      const auto object = v.toObject();
      if (!seen_.insert(object.get()).second) return;
      for (const c10::IValue& e : object->slots()) value(e);
    }
  }

  // Constants lie in the code: a tensor or a list there lives as long as the module.
  void constants(const torch::jit::Block* block) {
    for (const auto* node : block->nodes()) {
      if (node->kind() == c10::prim::Constant) {
        if (const auto v = torch::jit::toIValue(node->output())) value(*v);
      }
      for (const auto* inner : node->blocks()) constants(inner);
    }
  }

  uint64_t number() const { return number_; }

 private:
  void add(uint64_t n) {
    number_ = (number_ ^ n) * 0x100000001b3ULL;
    number_ ^= number_ >> 31;
  }

  void tensor(const at::Tensor& t) {
    if (!t.defined()) return add(3);
    add(reinterpret_cast<uintptr_t>(t.unsafeGetTensorImpl()));
    add(static_cast<uint64_t>(t._version()));
  }

  uint64_t number_ = 0xcbf29ce484222325ULL;
  std::set<const void*> seen_;
};
}  // namespace

extern "C" {
void* esr_op_find(const char* name, const char* overload) {
  return esr::guarded(static_cast<void*>(nullptr), [&]() -> void* {
    const auto op = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!op) throw std::runtime_error(std::string("libtorch has no operation ") + name + "." + overload);
    return new Op(*op);
  });
}

char* esr_op_arguments(const void* op) {
  return esr::guarded(static_cast<char*>(nullptr), [&] {
    std::string names;
    for (const auto& a : static_cast<const Op*>(op)->schema().arguments()) names += a.name() + "\n";
    return esr::text(names);
  });
}

void esr_op_free(void* op) { delete static_cast<Op*>(op); }

int esr_op_call(const void* op_, const EsrValue* args, size_t n, EsrValue* out, size_t capacity) {
  return esr::guarded(-1, [&] {
    const auto& op = *static_cast<const Op*>(op_);
    const auto& schema = op.schema().arguments();
    if (n != schema.size()) throw std::logic_error("the wrong number of arguments");
    torch::jit::Stack stack;
    stack.reserve(n);
    for (size_t i = 0; i < n; i++) {
      if (args[i].tag != ESR_DEFAULT) {
        stack.push_back(adapt(to_ivalue(args[i]), schema[i]));
      } else if (schema[i].default_value()) {
        stack.push_back(*schema[i].default_value());
      } else {
        throw std::runtime_error(op.schema().name() + ": the argument `" + schema[i].name() + "` is missing");
      }
    }
    op.callBoxed(stack);
    Results results;
    for (const auto& v : stack) results.push(v);
    if (results.size() > capacity) {
      throw std::runtime_error(op.schema().name() + " returned " + std::to_string(results.size()) +
                               " results, at most " + std::to_string(capacity) + " are supported");
    }
    const auto count = static_cast<int>(results.size());
    results.hand_over(out);
    return count;
  });
}

void* esr_tensor_from_storage(const void* bytes, size_t length, const int64_t* sizes, const int64_t* strides, size_t dims,
                              int64_t offset, int scalar_type) {
  return esr::guarded(static_cast<void*>(nullptr), [&]() -> void* {
    const auto type = static_cast<at::ScalarType>(scalar_type);
    const auto size = c10::elementSize(type);
    int64_t last = offset;
    bool empty = false;
    bool overflow = false;
    for (size_t i = 0; i < dims; i++) {
      if (sizes[i] < 0 || strides[i] < 0) throw std::runtime_error("a size or a stride is negative");
      empty = empty || sizes[i] == 0;
      int64_t reach = 0;
      overflow |= __builtin_mul_overflow(sizes[i] - 1, strides[i], &reach);
      overflow |= __builtin_add_overflow(last, reach, &last);
    }
    const auto count = static_cast<int64_t>(length / size);
    if (offset < 0 || (!empty && (overflow || last >= count))) {
      throw std::runtime_error("the sizes reach beyond the stored bytes");
    }
    auto flat = at::empty({count}, at::TensorOptions().dtype(type));
    std::memcpy(flat.data_ptr(), bytes, static_cast<size_t>(count) * size);
    return new at::Tensor(flat.as_strided({sizes, dims}, {strides, dims}, offset));
  });
}

void* esr_script_load(const char* path, const char* device, const char* extra_name, char** extra) {
  return esr::guarded(static_cast<void*>(nullptr), [&]() -> void* {
    torch::jit::ExtraFilesMap files{{extra_name, ""}};
    auto module = torch::jit::load(path, c10::Device(std::string(device)), files);
    module.eval();
    *extra = esr::text(files.at(extra_name));
    return new torch::jit::Module(std::move(module));
  });
}

void esr_script_free(void* module) { delete static_cast<torch::jit::Module*>(module); }

void* esr_script_forward(void* module, const void* input) {
  return esr::guarded(static_cast<void*>(nullptr), [&]() -> void* {
    at::NoGradGuard no_grad;
    const auto out = static_cast<torch::jit::Module*>(module)->forward({tensor_of(input)});
    if (!out.isTensor()) throw std::runtime_error("the program returns a " + out.tagKind() + ", not one tensor");
    return new at::Tensor(out.toTensor());
  });
}

char* esr_script_kinds(void* module) {
  return esr::guarded(static_cast<char*>(nullptr), [&] {
    std::set<std::string> kinds;
    for (const auto* f : static_cast<torch::jit::Module*>(module)->_ivalue()->compilation_unit()->get_functions()) {
      if (auto* graph = torch::jit::tryToGraphFunction(*const_cast<torch::jit::Function*>(f))) {
        kinds_of(graph->graph()->block(), kinds);
      }
    }
    std::string lines;
    for (const auto& kind : kinds) lines += kind + "\n";
    return esr::text(lines);
  });
}

int esr_script_state(void* module, uint64_t* state) {
  return esr::guarded(-1, [&] {
    const auto object = static_cast<torch::jit::Module*>(module)->_ivalue();
    State found;
    found.value(object);
    for (const auto* f : object->compilation_unit()->get_functions()) {
      if (auto* graph = torch::jit::tryToGraphFunction(*const_cast<torch::jit::Function*>(f))) {
        found.constants(graph->graph()->block());
      }
    }
    *state = found.number();
    return 0;
  });
}

int esr_script_variables(void* module, void* context, void (*visit)(void*, const char*, int, void*)) {
  return esr::guarded(-1, [&] {
    const auto& m = *static_cast<torch::jit::Module*>(module);
    for (const auto& p : m.named_parameters()) visit(context, p.name.c_str(), 0, new at::Tensor(p.value));
    for (const auto& b : m.named_buffers()) visit(context, b.name.c_str(), 1, new at::Tensor(b.value));
    return 0;
  });
}
}
