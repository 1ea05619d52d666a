// The border between libtorch and Rust: no exception and no C++ type crosses it.
#pragma once

#include <c10/util/Exception.h>

#include <cstring>
#include <string>
#include <utility>

namespace esr {
// The text of the last failure on this thread.
inline std::string& last_error() {
  thread_local std::string text;
  return text;
}

// Runs `f`; on an exception keeps its text and returns `failed`.
template <typename F, typename R = decltype(std::declval<F>()())>
R guarded(R failed, F f) {
  try {
    return f();
  } catch (const c10::Error& e) {
    last_error() = e.what_without_backtrace();
  } catch (const std::exception& e) {
    last_error() = e.what();
  } catch (...) {
    last_error() = "unknown C++ exception";
  }
  return failed;
}

// A copy that `esr_text_free` takes back.
inline char* text(const std::string& s) { return strdup(s.c_str()); }
}  // namespace esr
