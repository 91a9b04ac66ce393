// Services of the PBX. Status is one of Stopped, StartPending, StopPending, Running, ContinuePending, PausePending,
// Paused; the pending ones that lead upwards say neither yes nor no.
#include "protocol/wire/pbx/collection.hpp"
#include "protocol/wire/text.hpp"

namespace ringdown::wire::pbx {

namespace {

constexpr std::size_t longest_status = 40;

std::optional<bool> running(std::string_view status) {
  if (status == "Running") return true;
  if (status == "Stopped" || status == "StopPending" || status == "Paused" || status == "PausePending") return false;
  return std::nullopt;
}

class service_visitor final : public collection_visitor {
public:
  [[nodiscard]] std::vector<service_reading> take() { return std::move(services_); }

protected:
  void begin_item() override { service_ = {}; }
  void on_field(const json_path& path, const json_value& value) override {
    if (path.depth() != 3) return;
    if (path.last() == "Name")
      service_.key = key_in(value).value_or(std::string());
    else if (path.last() == "DisplayName")
      service_.label = name_in(value);
    else if (path.last() == "Status")
      service_.status = one_line(value.as_text().value_or(std::string_view()), longest_status);
  }
  void end_field(const json_path& /*path*/) override {}
  bool end_item() override {
    if (service_.key.empty()) return false;
    if (service_.label.empty()) service_.label = service_.key;
    service_.running = running(service_.status);
    services_.push_back(std::move(service_));
    return true;
  }

private:
  service_reading service_;
  std::vector<service_reading> services_;
};

} // namespace

reading<std::vector<service_reading>> read_services(answer_pages pages, wall_time now) {
  service_visitor visitor;
  auto fault = read_pages(pages, now, visitor);
  return whole_reading(std::move(fault), visitor.take());
}

reading<std::vector<service_reading>> read_services(const http_outcome& outcome, wall_time now) {
  const auto page = as_page(outcome);
  return read_services(answer_pages(&page, 1), now);
}

} // namespace ringdown::wire::pbx
