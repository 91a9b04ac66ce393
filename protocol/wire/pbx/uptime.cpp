// How long the PBX's machine runs: TickCount of SystemTelemetry(), milliseconds since its start (seen on live systems).
#include "protocol/wire/pbx/collection.hpp"

namespace ringdown::wire::pbx {

namespace {

// Beyond a century no uptime is meant.
constexpr std::int64_t longest_uptime = std::int64_t{100} * 366 * 24 * 3600 * 1000;

class uptime_visitor final : public collection_visitor {
public:
  [[nodiscard]] const std::optional<uptime_reading>& newest() const { return newest_; }

protected:
  void begin_item() override {
    measured_.reset();
    ticks_.reset();
  }
  void on_field(const json_path& path, const json_value& value) override {
    if (path.depth() != 3) return;
    if (path.last() == "Time")
      measured_ = parse_rfc3339(value.as_text().value_or(std::string_view()));
    else if (path.last() == "TickCount")
      ticks_ = value.as_integer();
  }
  void end_field(const json_path& /*path*/) override {}
  // Rows have no identity; one that cannot be read is left out. A build may ignore $top: then the newest counts.
  bool end_item() override {
    const bool plausible = measured_ && ticks_ && *ticks_ >= 0 && *ticks_ < longest_uptime;
    if (plausible && (!newest_ || *measured_ > newest_->measured))
      newest_ = uptime_reading{*measured_, std::chrono::milliseconds(*ticks_)};
    return true;
  }

private:
  std::optional<wall_time> measured_;
  std::optional<std::int64_t> ticks_;
  std::optional<uptime_reading> newest_;
};

} // namespace

reading<uptime_reading> read_uptime(const http_outcome& outcome, wall_time now) {
  uptime_visitor visitor;
  const auto page = as_page(outcome);
  reading<uptime_reading> read;
  if (auto fault = read_pages(answer_pages(&page, 1), now, visitor))
    read.why = std::move(*fault);
  else if (!visitor.newest())
    read.why = malformed(200, "no row of SystemTelemetry");
  else
    read.value = visitor.newest();
  return read;
}

} // namespace ringdown::wire::pbx
