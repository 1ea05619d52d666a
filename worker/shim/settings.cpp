// Precision switches of libtorch's global context, and what this libtorch is.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include <map>
#include <stdexcept>

#include "guard.h"
#include "json.h"
#include "shim.h"

namespace {
struct Setting {
  bool (*get)();
  void (*set)(bool);
};

const std::map<std::string, Setting>& settings() {
  static const std::map<std::string, Setting> table = {
      {"cudnn_benchmark",
       {[] { return at::globalContext().benchmarkCuDNN(); }, [](bool on) { at::globalContext().setBenchmarkCuDNN(on); }}},
      {"deterministic",
       {[] { return at::globalContext().deterministicAlgorithms(); },
        [](bool on) {
          at::globalContext().setDeterministicAlgorithms(on, /*warn_only=*/false);
          at::globalContext().setDeterministicCuDNN(on);
        }}},
      {"tf32_conv",
       {[] { return at::globalContext().allowTF32CuDNN(); }, [](bool on) { at::globalContext().setAllowTF32CuDNN(on); }}},
      {"tf32_matmul",
       {[] { return at::globalContext().allowTF32CuBLAS(); },
        [](bool on) { at::globalContext().setAllowTF32CuBLAS(on); }}},
  };
  return table;
}

const char* boolean(bool b) { return b ? "true" : "false"; }
}  // namespace

extern "C" {
char* esr_settings(void) {
  return esr::guarded(static_cast<char*>(nullptr), [] {
    std::string out = "{\"threads\":" + std::to_string(at::get_num_threads());
    for (const auto& [key, setting] : settings()) out += "," + esr::json_string(key) + ":" + boolean(setting.get());
    out += ",\"cudnn\":" + std::string(boolean(at::globalContext().userEnabledCuDNN()));
    out += ",\"onednn\":" + std::string(boolean(at::globalContext().userEnabledMkldnn()));
    return esr::text(out + "}");
  });
}

int esr_setting_set(const char* key, int on) {
  return esr::guarded(-1, [&] {
    const auto it = settings().find(key);
    if (it == settings().end()) throw std::invalid_argument(std::string("no such setting: ") + key);
    it->second.set(on != 0);
    return 0;
  });
}

char* esr_build_facts(void) {
  return esr::guarded(static_cast<char*>(nullptr), [] {
    std::string out = "{\"libtorch\":" + esr::json_string(TORCH_VERSION);
    out += ",\"cpu_capability\":" + esr::json_string(at::get_cpu_capability());
    out += ",\"mkl\":" + std::string(boolean(at::hasMKL()));
    out += ",\"onednn\":" + std::string(boolean(at::hasMKLDNN()));
    out += ",\"openmp\":" + std::string(boolean(at::hasOpenMP()));
    out += ",\"threads\":" + std::to_string(at::get_num_threads());
    return esr::text(out + "}");
  });
}
}
