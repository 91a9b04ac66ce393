#include "protocol/wire/psa/autotask_replies.hpp"

#include "protocol/wire/crypto.hpp"
#include "protocol/wire/json.hpp"
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::wire::psa {

namespace {

constexpr std::size_t reply_limit = 1 << 20;
constexpr std::size_t label_limit = 100;
constexpr std::size_t most_choices = 1000;

// Members of the outermost object that are no containers.
class top_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() == 1 && path.last() == "url") url = value.as_text().value_or(std::string_view());
    if (path.depth() == 1 && path.last() == "itemId") item = value.as_integer();
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  std::string url;
  std::optional<std::int64_t> item;
};

void take_member(autotask_ticket& into, std::string_view key, const json_value& value) {
  if (key == "id") into.id = value.as_integer().value_or(0);
  if (key == "status") into.status = value.as_integer().value_or(0);
  if (key == "externalID") into.external = value.as_text().value_or(std::string_view());
  if (key == "resolution") into.resolution = value.as_text().value_or(std::string_view());
}

// Tickets of {"items": [...]} or the one of {"item": ...}.
class ticket_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.key(0) == "items") return in_list(path, value);
    if (path.key(0) == "item") return in_item(path, value);
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  bool listed = false; // there is a list
  bool alone = false;  // there is an item, or null in its place
  std::vector<autotask_ticket> tickets;

private:
  bool in_list(const json_path& path, const json_value& value) {
    if (path.depth() == 1) {
      listed = value.kind == json_kind::array;
      return listed;
    }
    if (path.depth() == 2 && value.kind != json_kind::object) return false;
    if (path.depth() == 2) tickets.emplace_back();
    if (path.depth() == 3) take_member(tickets.back(), path.last(), value);
    return true;
  }
  bool in_item(const json_path& path, const json_value& value) {
    if (path.depth() == 1) {
      alone = value.kind == json_kind::object || value.kind == json_kind::null;
      if (value.kind == json_kind::object) tickets.emplace_back();
      return alone;
    }
    if (path.depth() == 2) take_member(tickets.back(), path.last(), value);
    return true;
  }
};

// A ticket without a number could not be spoken of again.
bool all_numbered(const std::vector<autotask_ticket>& tickets) {
  return std::ranges::all_of(tickets, [](const autotask_ticket& one) { return one.id > 0; });
}

class note_visitor final : public json_visitor {
public:
  explicit note_visitor(std::string_view marker) : marker_(marker) {}
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() == 1 && path.last() == "items") listed = value.kind == json_kind::array;
    if (path.depth() == 3 && path.key(0) == "items" && path.last() == "description")
      found = found || value.as_text().value_or(std::string_view()).find(marker_) != std::string_view::npos;
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  bool listed = false;
  bool found = false;

private:
  std::string_view marker_;
};

// Writes the item again as it was read, less what is replaced, and less the members that are null: what a PUT leaves out is
// null after it, and the vendor's description of its API knows no null.
class item_copier final : public json_visitor {
public:
  explicit item_copier(const std::vector<json_member>& changed) : changed_(changed) {}

  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.key(0) != "item") return true;
    if (path.depth() == 1 && (whole || value.kind != json_kind::object)) return false;
    if (path.depth() >= 2 && is_replaced(path.key(1))) return true;
    if (path.depth() >= 2 && !in_array_.back()) {
      if (value.kind == json_kind::null) return true;
      out_.key(path.last());
    }
    return write(value);
  }
  bool on_end(const json_path& path, json_kind kind) override {
    if (path.depth() == 0 || path.key(0) != "item") return true;
    if (path.depth() >= 2 && is_replaced(path.key(1))) return true;
    in_array_.pop_back();
    if (path.depth() == 1)
      for (const json_member& one : changed_) out_.key(one.key).raw(one.json);
    if (kind == json_kind::array)
      out_.close_array();
    else
      out_.close_object();
    whole = whole || path.depth() == 1;
    return true;
  }
  [[nodiscard]] std::string take() { return std::move(out_).str(); }

  bool whole = false;

private:
  [[nodiscard]] bool is_replaced(std::string_view key) const {
    return std::ranges::any_of(changed_, [&](const json_member& one) { return one.key == key; });
  }
  bool write(const json_value& value) {
    switch (value.kind) {
      case json_kind::null: out_.null(); break;
      case json_kind::boolean: out_.truth(value.truth); break;
      case json_kind::integer: out_.number(value.integer); break;
      case json_kind::real: out_.raw(fmt::format("{}", value.real)); break;
      case json_kind::text: out_.text(value.text); break;
      case json_kind::object:
        out_.open_object();
        in_array_.push_back(false);
        break;
      case json_kind::array:
        out_.open_array();
        in_array_.push_back(true);
        break;
    }
    return true;
  }

  const std::vector<json_member>& changed_;
  json_writer out_;
  std::vector<bool> in_array_;
};

// {"fields": [{"name", "picklistValues": [{"value", "label", "isActive"}]}]}; the name may come after the values.
class picklist_visitor final : public json_visitor {
public:
  explicit picklist_visitor(const std::vector<picklist>& wanted) : wanted_(wanted) {}

  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.key(0) != "fields") return true;
    if (path.depth() == 1) listed = value.kind == json_kind::array;
    if (path.depth() == 3 && path.last() == "name") name_ = value.as_text().value_or(std::string_view());
    if (path.depth() == 5 && path.key(2) == "picklistValues") take(path.last(), value);
    return true;
  }
  bool on_end(const json_path& path, json_kind /*kind*/) override {
    if (path.depth() == 4 && path.key(0) == "fields" && path.key(2) == "picklistValues") end_value();
    if (path.depth() == 2 && path.key(0) == "fields") end_field();
    return true;
  }

  bool listed = false;
  std::vector<field_choice> found;

private:
  void take(std::string_view key, const json_value& value) {
    if (key == "value") value_.id = text_of(value);
    if (key == "label") value_.label = one_line(value.as_text().value_or(std::string_view()), label_limit);
    if (key == "isActive") active_ = value.as_bool().value_or(true);
  }
  static std::string text_of(const json_value& value) {
    const auto number = value.as_integer();
    return number ? std::to_string(*number) : std::string();
  }
  void end_value() {
    if (active_ && !value_.id.empty()) values_.push_back(value_);
    value_ = {};
    active_ = true;
  }
  void end_field() {
    for (const picklist& one : wanted_)
      if (one.field == name_)
        for (field_choice value : values_) {
          value.field = one.ours;
          if (found.size() < most_choices) found.push_back(std::move(value));
        }
    values_.clear();
    name_.clear();
  }

  const std::vector<picklist>& wanted_;
  std::string name_;
  field_choice value_;
  bool active_ = true;
  std::vector<field_choice> values_;
};

class company_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.key(0) != "items") return true;
    if (path.depth() == 1) listed = value.kind == json_kind::array;
    if (path.depth() == 2 && found.size() < most_choices) found.push_back({"company", "", ""});
    if (path.depth() != 3 || found.empty()) return true;
    if (path.last() == "id")
      if (const auto id = value.as_integer()) found.back().id = std::to_string(*id);
    if (path.last() == "companyName")
      found.back().label = one_line(value.as_text().value_or(std::string_view()), label_limit);
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  bool listed = false;
  std::vector<field_choice> found;
};

class error_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() == 2 && path.key(0) == "errors") {
      text += value.as_text().value_or(std::string_view());
      text += '\n';
    }
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  std::string text;
};

struct error_phrase {
  std::string_view holds; // lower case
  error_class is;
};
// Seen in answers, but for the last five, which are expected.
constexpr auto phrases = std::to_array<error_phrase>({
    {"does not have the adequate permissions", error_class::permission},
    {"no matching records found", error_class::not_found},
    {"itgenatr005", error_class::busy},
    {"thread threshold", error_class::busy},
    {"timeout", error_class::busy},
    {"timed out", error_class::busy},
    {"deadlock", error_class::busy},
    {"does not exist or is invalid", error_class::invalid_value},
    {"missing required", error_class::missing_value},
    {"is required", error_class::missing_value},
    {"cannot all be empty", error_class::missing_value},
    {"conversion failed", error_class::invalid_value},
    {"picklist", error_class::invalid_value},
    {"read-only", error_class::invalid_value},
    {"exceeds the maximum length", error_class::invalid_value},
    {"inactive", error_class::invalid_value},
});

std::string_view words_of(error_class is) {
  switch (is) {
    case error_class::permission: return "the API user lacks a permission";
    case error_class::invalid_value: return "a value is not valid there (compare psa discover)";
    case error_class::missing_value: return "a field that is required there is missing";
    case error_class::not_found: return "no such record";
    case error_class::busy: return "busy";
    case error_class::no_text: return "without a text";
    case error_class::unknown: return "unknown text";
  }
  return {};
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// Eight hexadecimal digits that are the same for the same text and say nothing of it.
std::string digest_of(std::string_view text) {
  std::string out;
  for (const char c : hmac_sha256("error text", text).substr(0, 4))
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

} // namespace

std::optional<std::string> read_zone(const std::string& body) {
  top_visitor visitor;
  if (read_json(body, reply_limit, visitor) != json_problem::none || visitor.url.empty()) return std::nullopt;
  if (!visitor.url.ends_with('/')) visitor.url += '/';
  return visitor.url;
}

std::optional<std::int64_t> read_item_id(const std::string& body) {
  top_visitor visitor;
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  return read && visitor.item && *visitor.item > 0 ? visitor.item : std::nullopt;
}

std::optional<std::vector<autotask_ticket>> read_tickets(const std::string& body) {
  ticket_visitor visitor;
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  if (!read || !visitor.listed || !all_numbered(visitor.tickets)) return std::nullopt;
  std::ranges::sort(visitor.tickets, {}, &autotask_ticket::id);
  return std::move(visitor.tickets);
}

std::optional<std::pair<item_there, autotask_ticket>> read_ticket(const std::string& body) {
  ticket_visitor visitor;
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  if (!read || !visitor.alone || !all_numbered(visitor.tickets)) return std::nullopt;
  if (visitor.tickets.empty()) return std::pair{item_there::gone, autotask_ticket{}};
  return std::pair{item_there::yes, std::move(visitor.tickets.back())};
}

std::optional<bool> notes_hold(const std::string& body, std::string_view marker) {
  note_visitor visitor(marker);
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  return read && visitor.listed ? std::optional(visitor.found) : std::nullopt;
}

std::optional<std::string> item_with(const std::string& body, const std::vector<json_member>& changed) {
  item_copier visitor(changed);
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  return read && visitor.whole ? std::optional(visitor.take()) : std::nullopt;
}

std::optional<std::vector<field_choice>> read_picklists(const std::string& body, const std::vector<picklist>& wanted) {
  picklist_visitor visitor(wanted);
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  return read && visitor.listed ? std::optional(std::move(visitor.found)) : std::nullopt;
}

std::optional<std::vector<field_choice>> read_companies(const std::string& body) {
  company_visitor visitor;
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  if (!read || !visitor.listed) return std::nullopt;
  std::erase_if(visitor.found, [](const field_choice& one) { return one.id.empty(); });
  return std::move(visitor.found);
}

error_reading read_errors(const std::string& body) {
  error_visitor visitor;
  const bool read = read_json(body, reply_limit, visitor) == json_problem::none;
  const std::string text = lower(visitor.text);
  if (!read || text.empty()) return {error_class::no_text, std::string(words_of(error_class::no_text)), {}};
  for (const error_phrase& one : phrases)
    if (text.find(one.holds) != std::string::npos) return {one.is, std::string(words_of(one.is)), visitor.text};
  return {error_class::unknown, fmt::format("{} {}", words_of(error_class::unknown), digest_of(text)), visitor.text};
}

} // namespace ringdown::wire::psa
