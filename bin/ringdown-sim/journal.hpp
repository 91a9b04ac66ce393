// The two journals: one JSON object a line, appended and written through line by line, never rewritten.
#pragma once

#include "bin/ringdown-sim/text.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/time.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown::sim {

// Builds one line: `t` and `kind` first, the rest in the order added.
class journal_line {
public:
  journal_line(wall_time now, std::string_view kind);
  journal_line& add(std::string_view key, std::string_view text);
  journal_line& add(std::string_view key, long number);
  journal_line& add_json(std::string_view key, std::string_view json); // already JSON
  [[nodiscard]] std::string str() const { return text_ + "}"; }

private:
  std::string text_;
};

// An append-only file. A line is handed to the kernel before `write` returns, so that it survives our own kill -9.
class journal {
public:
  [[nodiscard]] static result<journal> open(const std::string& path);
  [[nodiscard]] result<void> write(const journal_line& line);

private:
  struct closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit journal(std::FILE* file) : file_(file) {}
  std::unique_ptr<std::FILE, closer> file_;
};

} // namespace ringdown::sim
