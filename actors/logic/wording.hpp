// What people read. Plain words, the instance and the thing first, no jargon of ours; times as the clocks of the tenant show
// them. Pure.
#pragma once

#include "protocol/types/notice.hpp"
#include "protocol/types/tenant_config.hpp"

#include <string>
#include <vector>

namespace ringdown::logic {

// Who reads, and when: a time of another day has its date, and where there are several customers an instance is named with
// its own.
struct reader {
  const tenant_config& config;
  wall_time now;
};

// An alert with its names.
[[nodiscard]] alert_view view_of(const alert& a, const tenant_config& config);

// "Jo Adler": whom a user's id or what else acts by is called.
[[nodiscard]] std::string person_words(const std::string& by, const tenant_config& config);

// "Bandwidth-Primary": within a sentence about its instance.
[[nodiscard]] std::string short_name(const alert& a);

// "Acme HQ: trunk Bandwidth-Primary down"
[[nodiscard]] std::string title_of(notice_event event, const alert_view& what, const reader& who);
// "Acme HQ: trunk Bandwidth-Primary up again"
[[nodiscard]] std::string recovery_of(const alert_view& what, const reader& who);
// One to a few sentences. `remark` is added at the end when there is one.
[[nodiscard]] std::string text_of(notice_event event, const alert_view& what, const std::string& remark,
                                  const reader& who);
// What is told instead of a recovery when the resource is gone (D-09).
[[nodiscard]] std::string removed_title(const alert_view& what, const reader& who);
[[nodiscard]] std::string removed_text(const alert_view& what, const reader& who);

// "02:10 CET", "between 02:10 and 02:41 CET": when it began.
[[nodiscard]] std::string beginning_words(const alert_view& what, const reader& who);
// "02:10 CET"; "24 Oct 02:10 CEST" on another day.
[[nodiscard]] std::string clock_words(wall_time at, const reader& who);
// "between 02:10 and 02:41 CET": how an event is dated that nobody watched (S-A6).
[[nodiscard]] std::string window_words(wall_time from, wall_time to, const reader& who);

// Several alerts in one notice; the lead is the first.
[[nodiscard]] std::string summary_title(const std::vector<alert_view>& what, const reader& who);
[[nodiscard]] std::string summary_text(const std::vector<alert_view>& what, std::string heading, const reader& who);

} // namespace ringdown::logic
