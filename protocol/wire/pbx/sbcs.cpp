// Session border controllers. Connection came with 20.0.8; before that only HasConnection tells.
#include "protocol/wire/pbx/collection.hpp"

namespace ringdown::wire::pbx {

namespace {

// What one flag said: not there at all, there but unreadable, or its value.
enum class flag { absent, unreadable, no, yes };

flag flag_of(const json_value& value) {
  const auto truth = value.as_bool();
  if (!truth) return flag::unreadable;
  return *truth ? flag::yes : flag::no;
}

struct sbc_fields {
  std::string name;
  std::string title;
  flag has_connection = flag::absent;
  bool connection_object = false;
  flag connection_up = flag::absent;
};

// Connected only when everything that should tell says so; a single "no" is enough for the opposite.
std::optional<bool> connected(const sbc_fields& sbc) {
  if (sbc.has_connection == flag::no || sbc.connection_up == flag::no) return false;
  const bool up_unsaid =
      sbc.connection_up == flag::unreadable || (sbc.connection_object && sbc.connection_up == flag::absent);
  if (sbc.has_connection != flag::yes || up_unsaid) return std::nullopt;
  return true;
}

class sbc_visitor final : public collection_visitor {
public:
  [[nodiscard]] std::vector<sbc_reading> take() { return std::move(sbcs_); }

protected:
  void begin_item() override { sbc_ = {}; }
  void on_field(const json_path& path, const json_value& value) override {
    if (path.depth() == 4 && path.key(2) == "Connection" && path.last() == "Up") sbc_.connection_up = flag_of(value);
    if (path.depth() != 3) return;
    if (path.last() == "Name")
      sbc_.name = key_in(value).value_or(std::string());
    else if (path.last() == "DisplayName")
      sbc_.title = name_in(value);
    else if (path.last() == "HasConnection")
      sbc_.has_connection = flag_of(value);
    else if (path.last() == "Connection")
      connection(value);
  }
  void end_field(const json_path& /*path*/) override {}
  bool end_item() override {
    if (sbc_.name.empty()) return false;
    sbcs_.push_back(
        {.key = sbc_.name, .label = sbc_.title.empty() ? sbc_.name : sbc_.title, .connected = connected(sbc_)});
    return true;
  }

private:
  void connection(const json_value& value) {
    // null is what older builds mean by leaving it out.
    sbc_.connection_object = value.kind == json_kind::object;
    if (!sbc_.connection_object && value.kind != json_kind::null) sbc_.connection_up = flag::unreadable;
  }

  sbc_fields sbc_;
  std::vector<sbc_reading> sbcs_;
};

} // namespace

reading<std::vector<sbc_reading>> read_sbcs(answer_pages pages, wall_time now) {
  sbc_visitor visitor;
  auto fault = read_pages(pages, now, visitor);
  return whole_reading(std::move(fault), visitor.take());
}

reading<std::vector<sbc_reading>> read_sbcs(const http_outcome& outcome, wall_time now) {
  const auto page = as_page(outcome);
  return read_sbcs(answer_pages(&page, 1), now);
}

} // namespace ringdown::wire::pbx
