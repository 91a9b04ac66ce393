#include "bin/ringdownctl/answer.hpp"

#include "protocol/wire/json.hpp"

#include <fmt/format.h>

namespace ringdown::ctl {

namespace {

constexpr std::size_t size_limit = 64 << 20;

std::string text_of(const wire::json_value& value) {
  switch (value.kind) {
    case wire::json_kind::boolean: return value.truth ? "true" : "false";
    case wire::json_kind::integer: return std::to_string(value.integer);
    case wire::json_kind::real: return fmt::format("{}", value.real);
    case wire::json_kind::text: return std::string(value.text);
    case wire::json_kind::null:
    case wire::json_kind::object:
    case wire::json_kind::array: return {};
  }
  return {};
}

bool opens(const wire::json_value& value) {
  return value.kind == wire::json_kind::object || value.kind == wire::json_kind::array;
}

class answer_reader final : public wire::json_visitor {
public:
  bool on_value(const wire::json_path& path, const wire::json_value& value) override {
    if (path.depth() == 0) return value.kind == wire::json_kind::object;
    // An object right inside a list of the outermost object is a row of that list.
    if (path.depth() == 2 && path.key(1).empty() && value.kind == wire::json_kind::object) {
      read.lists[std::string(path.key(0))].emplace_back();
      in_row_ = true;
      return true;
    }
    if (in_row_) keep_inner(read.lists[std::string(path.key(0))].back(), path, value);
    if (opens(value)) return true;
    if (in_row_)
      keep(read.lists[std::string(path.key(0))].back(), path, 2, value);
    else
      keep(read.top, path, 0, value);
    return true;
  }

  bool on_end(const wire::json_path& path, wire::json_kind /*kind*/) override {
    if (path.depth() <= 2) in_row_ = false;
    return true;
  }

  answer read;

private:
  static bool in_list(const wire::json_path& path, std::size_t from) {
    for (std::size_t level = from; level < path.depth(); ++level)
      if (path.key(level).empty()) return true;
    return false;
  }

  // What stands in a list of objects of a row: items[].mutes[].type.
  static void keep_inner(row& into, const wire::json_path& path, const wire::json_value& value) {
    if (path.depth() < 4 || path.key(2).empty() || !path.key(3).empty()) return;
    if (path.depth() == 4 && value.kind == wire::json_kind::object)
      into.lists[std::string(path.key(2))].emplace_back();
    else if (path.depth() > 4 && !opens(value) && !into.lists[std::string(path.key(2))].empty())
      keep(into.lists[std::string(path.key(2))].back(), path, 4, value);
  }

  static void keep(row& into, const wire::json_path& path, std::size_t from, const wire::json_value& value) {
    std::string name;
    for (std::size_t level = from; level < path.depth(); ++level) {
      if (path.key(level).empty()) continue;
      if (!name.empty()) name += '.';
      name += path.key(level);
    }
    std::string& field = into.fields[name];
    if (in_list(path, from) && !field.empty()) field += ", ";
    field += text_of(value);
  }

  bool in_row_ = false;
};

} // namespace

const std::string& row::operator[](std::string_view name) const {
  static const std::string none;
  const auto at = fields.find(name);
  return at == fields.end() ? none : at->second;
}

const std::vector<row>& row::list(std::string_view name) const {
  static const std::vector<row> none;
  const auto at = lists.find(name);
  return at == lists.end() ? none : at->second;
}

const std::vector<row>& answer::list(std::string_view name) const {
  static const std::vector<row> none;
  const auto at = lists.find(name);
  return at == lists.end() ? none : at->second;
}

std::optional<answer> read_answer(const std::string& text) {
  answer_reader reader;
  if (wire::read_json(text, size_limit, reader) != wire::json_problem::none) return std::nullopt;
  return std::move(reader.read);
}

} // namespace ringdown::ctl
