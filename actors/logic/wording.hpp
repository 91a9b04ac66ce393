// What people read. Plain words, the thing first, no jargon of ours; times in UTC. Pure.
#pragma once

#include "protocol/types/notice.hpp"
#include "protocol/types/tenant_config.hpp"

#include <string>
#include <vector>

namespace ringdown::logic {

// An alert with its names.
[[nodiscard]] alert_view view_of(const alert& a, const tenant_config& config);

// "Bandwidth-Primary": within a sentence about its instance.
[[nodiscard]] std::string short_name(const alert& a);

// "Trunk down: Bandwidth-Primary at Acme HQ"
[[nodiscard]] std::string title_of(notice_event event, const alert_view& what);
// One to a few sentences. `remark` is added at the end when there is one.
[[nodiscard]] std::string text_of(notice_event event, const alert_view& what, const std::string& remark);
// What is told instead of a recovery when the resource is gone (D-09).
[[nodiscard]] std::string removed_text(const alert_view& what);

// "between 02:10 and 02:41 UTC": how an event is dated that nobody watched (S-A6).
[[nodiscard]] std::string window_words(wall_time from, wall_time to);

// Several alerts in one notice; the lead is the first.
[[nodiscard]] std::string summary_title(const std::vector<alert_view>& what);
[[nodiscard]] std::string summary_text(const std::vector<alert_view>& what, bool first_sight);

} // namespace ringdown::logic
