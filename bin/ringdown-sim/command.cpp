#include "bin/ringdown-sim/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::sim {

namespace {

// `needs` and `may` list keys, blank separated. Every verb of a PBX may also carry `pbx` (a glob) and `tenant`.
struct rule {
  std::string_view verb;
  std::string_view needs;
  std::string_view may;
};

constexpr std::string_view trunk_keys = "pbx tenant trunk provider for";
constexpr std::string_view fault_keys = "pbx tenant endpoint for count";

constexpr auto rules = std::to_array<rule>({
    {"trunk_down", "", "pbx tenant trunk provider for reason code"},
    {"trunk_up", "", trunk_keys},
    {"trunk_delete", "", trunk_keys},
    {"trunk_add", "", trunk_keys},
    {"trunk_disable", "", trunk_keys},
    {"sbc_down", "", "pbx tenant sbc for"},
    {"sbc_up", "", "pbx tenant sbc for"},
    {"service_down", "service", "pbx tenant for status"},
    {"service_up", "service", "pbx tenant for"},
    {"calls", "value", "pbx tenant for"},
    {"pbx_down", "", "pbx tenant for"},
    {"pbx_silent", "", "pbx tenant for"},
    {"pbx_hang", "", fault_keys},
    {"pbx_slow", "delay", fault_keys},
    {"pbx_reset", "", fault_keys},
    {"pbx_500", "", fault_keys},
    {"pbx_502", "", fault_keys},
    {"pbx_503", "", "pbx tenant endpoint for count retry_after"},
    {"pbx_429", "", "pbx tenant endpoint for count retry_after"},
    {"pbx_403", "", fault_keys},
    {"pbx_404", "", fault_keys},
    {"pbx_html", "", fault_keys},
    {"pbx_truncated", "", fault_keys},
    {"pbx_huge", "", fault_keys},
    {"pbx_deep", "", fault_keys},
    {"pbx_bad_json", "", fault_keys},
    {"empty_trunks", "", "pbx tenant for count"},
    {"null_field", "endpoint field", "pbx tenant item for count"},
    {"set_field", "endpoint field value", "pbx tenant item for count"},
    {"drop_field", "endpoint field", "pbx tenant item for count"},
    {"raw_body", "endpoint body", "pbx tenant for count status content_type"},
    {"pbx_up", "", "pbx tenant endpoint"},
    {"pbx_update", "", "pbx tenant for version settle"},
    {"pbx_reboot", "", "pbx tenant for settle"},
    {"token_revoke", "", "pbx tenant"},
    {"creds_change", "", "pbx tenant for secret"},
    {"unblock", "", "pbx tenant"},
    {"cert_expired", "", "pbx tenant for"},
    {"cert_name", "", "pbx tenant for"},
    {"cert_key", "", "pbx tenant for"},
    {"cert_self_signed", "", "pbx tenant for"},
    {"cert_untrusted", "", "pbx tenant for"},
    {"cert_ok", "", "pbx tenant"},
    {"sink_fault", "sink mode", "on match delay status retry_after text count for"},
    {"sink_ok", "sink", "match"},
    {"ticket_close", "", "ticket resolution"},
    {"ticket_delete", "", "ticket"},
    {"on_effect", "sink action pid_file", "on match nth"},
    {"phone", "", "number does as after press press_after hang_up"},
    {"callbacks_to", "address", ""},
    {"say", "text", ""},
    {"start", "", ""},
    // What the simulator tells itself when a `for` has passed.
    {"fault_end", "pbx fault", ""},
    {"pbx_return", "pbx fault", "version settle"},
    {"pbx_settled", "pbx", ""},
    {"creds_restore", "pbx secret", ""},
    {"sink_fault_end", "fault", ""},
});

bool lists(std::string_view keys, std::string_view wanted) {
  while (!keys.empty()) {
    const auto word = keys.substr(0, keys.find(' '));
    if (word == wanted) return true;
    keys.remove_prefix(std::min(keys.size(), word.size() + 1));
  }
  return false;
}

struct choice {
  std::string_view key;
  std::string_view words;
};

constexpr auto choices = std::to_array<choice>({
    {"reason", "failed silent unregistered"},
    {"sink", "ntfy webhook smtp slack autotask twilio"},
    {"mode",
     "ok slow hang reset status drop_after_accept html truncated refuse_login not_ok status_after_accept "
     "hang_after_accept late doubled reversed dropped forged"},
    {"on", "arrival list read change status login"},
    {"does", "answers no_answer busy rejected"},
    {"as", "human machine unknown"},
    {"action", "kill term hup stop"},
    {"endpoint", "token Trunks Sbcs SystemStatus Services EventLogs"},
});

result<void> check_value(std::string_view key, const std::string& value) {
  if (lists("for delay settle after press_after hang_up", key) && !parse_duration(value)) {
    return failure{failure_kind::invalid,
                   fmt::format("{} = \"{}\" is not a duration such as 250ms, 10s, 3m", key, value)};
  }
  if (lists("count nth ticket", key) && !parse_number(value, 1, 1'000'000'000)) {
    return failure{failure_kind::invalid, fmt::format("{} = \"{}\" is not a number from 1", key, value)};
  }
  if (lists("item fault retry_after", key) && !parse_number(value, 0, 1'000'000'000'000)) {
    return failure{failure_kind::invalid, fmt::format("{} = \"{}\" is not a number from 0", key, value)};
  }
  for (const auto& one : choices) {
    if (one.key == key && !lists(one.words, value)) {
      return failure{failure_kind::invalid, fmt::format("{} = \"{}\": known are {}", key, value, one.words)};
    }
  }
  return {};
}

// What can go wrong differs: with requests of ours, with Twilio's requests, with the status callbacks it sends.
result<void> check_mode(const command& made) {
  const auto mode = made["mode"];
  const bool twilio = made["sink"] == "twilio";
  if (!made["on"].empty() && !twilio) return failure{failure_kind::invalid, "only the sink twilio knows \"on\""};
  std::string_view words = "ok slow hang reset status drop_after_accept html truncated";
  if (twilio) {
    words = "ok slow hang reset status drop_after_accept html truncated status_after_accept hang_after_accept";
  }
  if (made["sink"] == "slack") words = "ok slow hang reset status drop_after_accept html truncated not_ok";
  if (made["sink"] == "smtp") words = "ok slow hang reset status drop_after_accept refuse_login";
  if (made["on"] == "status") words = "ok late doubled reversed dropped forged";
  if (mode.empty() || lists(words, mode)) return {};
  return failure{failure_kind::invalid, fmt::format("mode = \"{}\": known here are {}", mode, words)};
}

result<void> check_phone(const command& made) {
  const auto press = made["press"];
  if (!press.empty() && (press.size() > 1 || !lists("0 1 2 3 4 5 6 7 8 9 * #", press))) {
    return failure{failure_kind::invalid, fmt::format("press = \"{}\" is not one key of a phone", press)};
  }
  const auto address = made["address"];
  const auto colon = address.rfind(':');
  if (!address.empty() && (colon == std::string_view::npos || !parse_number(address.substr(colon + 1), 1, 65'535))) {
    return failure{failure_kind::invalid, fmt::format("address = \"{}\" is not ADDRESS:PORT", address)};
  }
  return {};
}

// `status` is an HTTP status everywhere but in service_down, where it is the PBX's own word.
result<void> check_meaning(const command& made) {
  const auto status = made["status"];
  if (made.verb == "service_down") {
    constexpr std::string_view words = "Stopped StartPending StopPending ContinuePending PausePending Paused";
    if (!status.empty() && !lists(words, status)) {
      return failure{failure_kind::invalid, fmt::format("status = \"{}\": known are {}", status, words)};
    }
  } else if (!status.empty() && !parse_number(status, 200, 599)) {
    return failure{failure_kind::invalid, fmt::format("status = \"{}\" is not an HTTP status", status)};
  }
  if (made.verb == "calls" && !parse_number(made["value"], 0, 100'000)) {
    return failure{failure_kind::invalid, fmt::format("value = \"{}\" is not a number of calls", made["value"])};
  }
  if (auto checked = check_mode(made); !checked) return checked;
  return check_phone(made);
}

} // namespace

std::string_view command::operator[](std::string_view key) const {
  const auto at = with.find(key);
  return at == with.end() ? std::string_view{} : std::string_view{at->second};
}

std::optional<duration> command::span(std::string_view key) const {
  const auto text = (*this)[key];
  if (text.empty()) return std::nullopt;
  return parse_duration(text);
}

std::optional<long> command::number(std::string_view key) const {
  return parse_number((*this)[key], 0, 1'000'000'000'000);
}

result<command> make_command(arguments all) {
  const auto verb = all.find("do");
  if (verb == all.end()) return failure{failure_kind::invalid, "the key \"do\" is missing"};
  command made{verb->second, std::move(all)};
  made.with.erase("do");
  const auto* const found =
      std::find_if(rules.begin(), rules.end(), [&](const rule& r) { return r.verb == made.verb; });
  if (found == rules.end()) return failure{failure_kind::invalid, fmt::format("unknown verb \"{}\"", made.verb)};

  for (const auto& [key, value] : made.with) {
    if (!lists(found->needs, key) && !lists(found->may, key)) {
      return failure{failure_kind::invalid,
                     fmt::format("{}: unknown key \"{}\" (known: {} {})", made.verb, key, found->needs, found->may)};
    }
    if (auto checked = check_value(key, value); !checked) {
      return failure{failure_kind::invalid, fmt::format("{}: {}", made.verb, checked.error().detail)};
    }
  }
  for (auto needs = found->needs; !needs.empty();) {
    const auto word = needs.substr(0, needs.find(' '));
    if (made[word].empty() && word != "body" && word != "value") {
      return failure{failure_kind::invalid, fmt::format("{}: the key \"{}\" is missing", made.verb, word)};
    }
    needs.remove_prefix(std::min(needs.size(), word.size() + 1));
  }
  if (auto checked = check_meaning(made); !checked) {
    return failure{failure_kind::invalid, fmt::format("{}: {}", made.verb, checked.error().detail)};
  }
  return made;
}

std::vector<std::string_view> verbs() {
  std::vector<std::string_view> out;
  out.reserve(rules.size());
  for (const auto& one : rules) out.push_back(one.verb);
  return out;
}

} // namespace ringdown::sim
