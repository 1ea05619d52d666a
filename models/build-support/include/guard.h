// The border between libtorch and Rust: no exception and no C++ type crosses it.
#pragma once

#include <c10/util/Exception.h>

#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace esr {
// The text of the last failure on this thread.
inline std::string& last_error() {
  thread_local std::string text;
  return text;
}

// The text of the exception that is being handled. Call it inside a catch block alone.
inline std::string exception_text() {
  try {
    throw;
  } catch (const c10::Error& e) {
    return e.what_without_backtrace();
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown C++ exception";
  }
}

// Runs `f`; on an exception keeps its text and returns `failed`.
template <typename F, typename R = decltype(std::declval<F>()())>
R guarded(R failed, F f) noexcept {
  try {
    return f();
  } catch (...) {
    try {
      last_error() = exception_text();
    } catch (...) {
      // No memory for the text: the short one below fits into the string itself.
      last_error() = "out of memory";
    }
  }
  return failed;
}

// A copy that `esr_text_free` takes back.
inline char* text(const std::string& s) {
  char* copy = strdup(s.c_str());
  if (!copy) throw std::bad_alloc();
  return copy;
}
}  // namespace esr
