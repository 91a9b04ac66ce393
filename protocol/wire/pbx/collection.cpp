#include "protocol/wire/pbx/collection.hpp"

#include "protocol/wire/text.hpp"

namespace ringdown::wire::pbx {

void collection_visitor::begin_page() {
  page_ = page_part::before;
  goes_on_ = false;
}

bool collection_visitor::envelope(const json_path& path, const json_value& value) {
  if (path.last() == "value") {
    const bool first = page_ == page_part::before;
    page_ = page_part::inside;
    return first && value.kind == json_kind::array;
  }
  if (path.last() == "@odata.nextLink" && value.kind != json_kind::null) goes_on_ = true;
  return true;
}

bool collection_visitor::on_value(const json_path& path, const json_value& value) {
  if (path.depth() == 0) return value.kind == json_kind::object;
  if (path.depth() == 1) return envelope(path, value);
  if (page_ != page_part::inside) return true;
  if (path.depth() > 2) {
    on_field(path, value);
    return true;
  }
  too_many_ = items_ == most_items;
  if (too_many_ || value.kind != json_kind::object) return false;
  ++items_;
  begin_item();
  return true;
}

bool collection_visitor::on_end(const json_path& path, json_kind /*kind*/) {
  if (path.depth() == 0 || page_ != page_part::inside) return true;
  if (path.depth() == 1) {
    page_ = page_part::ended;
    return true;
  }
  if (path.depth() == 2) return end_item();
  end_field(path);
  return true;
}

std::optional<read_failure> read_pages(answer_pages pages, wall_time now, collection_visitor& visitor) {
  if (pages.empty()) return read_failure{};
  for (const auto& page : pages) {
    if (auto fault = classify(*page, now)) return fault;
    visitor.begin_page();
    const json_problem problem = read_json(page->response->body, body_limit, visitor);
    if (visitor.too_many()) return read_failure_of(json_problem::too_large, 200);
    if (problem != json_problem::none) return read_failure_of(problem, 200);
    if (!visitor.page_is_whole()) return malformed(200, "no list of values");
  }
  if (visitor.goes_on()) return malformed(200, "the list goes on where it is not followed");
  return std::nullopt;
}

std::string name_in(const json_value& value) {
  const auto text = value.as_text();
  return text ? one_line(*text, longest_name) : std::string();
}

std::optional<std::string> key_in(const json_value& value) {
  std::string name = name_in(value);
  return !name.empty() && value.as_text() == name ? std::optional(std::move(name)) : std::nullopt;
}

std::shared_ptr<const http_outcome> as_page(const http_outcome& outcome) {
  // Not owned: the caller keeps the outcome for the length of the call.
  return {std::shared_ptr<const http_outcome>(), &outcome};
}

} // namespace ringdown::wire::pbx
