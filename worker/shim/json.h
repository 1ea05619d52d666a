// Just enough JSON writing for what the shim hands over.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

namespace esr {
inline std::string json_string(std::string_view s) {
  std::string out = "\"";
  for (const unsigned char c : s) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + '"';
}

// A double that reads back as itself and never as an integer; what JSON cannot say becomes a string.
inline std::string json_number(double v) {
  if (std::isnan(v)) return "\"nan\"";
  if (std::isinf(v)) return v > 0 ? "\"inf\"" : "\"-inf\"";
  char digits[32];
  snprintf(digits, sizeof digits, "%.17g", v);
  std::string out = digits;
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

// `[a,b]` of whatever `write` makes of the elements.
template <typename Range, typename Write>
std::string json_list(const Range& range, Write write) {
  std::string out = "[";
  for (const auto& item : range) {
    if (out.size() > 1) out += ',';
    out += write(item);
  }
  return out + ']';
}
}  // namespace esr
