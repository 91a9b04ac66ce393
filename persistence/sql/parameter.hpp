// What is bound to a parameter of a statement. It has a type also when it is null, for engines that ask. Texts and bytes are
// referred to and not copied: they live until the statement has run.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::persistence {

struct blob {
  std::string_view bytes;
};

class parameter {
public:
  enum class type : std::uint8_t { number, text, bytes };

  template <std::integral Number>
  explicit parameter(Number value) : number_(static_cast<std::int64_t>(value)) {}
  explicit parameter(std::string_view text) : bytes_(text), type_(type::text) {}
  explicit parameter(const char* text) : parameter(std::string_view(text)) {}
  explicit parameter(const std::string& text) : parameter(std::string_view(text)) {}
  explicit parameter(blob value) : bytes_(value.bytes), type_(type::bytes) {}
  explicit parameter(wall_time time) : number_(micros(time)) {}
  template <class Tag>
  explicit parameter(const strong_id<Tag>& id) : parameter(std::string_view(id.str())) {}
  template <class T>
  explicit parameter(const std::optional<T>& value) : type_(parameter(T{}).type_),
                                                      null_(!value.has_value()) {
    if (value) *this = parameter(*value);
  }

  [[nodiscard]] static parameter null(type of) {
    parameter made{std::string_view()};
    made.type_ = of;
    made.null_ = true;
    return made;
  }

  [[nodiscard]] type kind() const { return type_; }
  [[nodiscard]] bool is_null() const { return null_; }
  [[nodiscard]] std::int64_t number() const { return number_; }   // of a number
  [[nodiscard]] std::string_view bytes() const { return bytes_; } // of a text, or of bytes

private:
  std::string_view bytes_;
  std::int64_t number_ = 0;
  type type_ = type::number;
  bool null_ = false;
};

} // namespace ringdown::persistence
