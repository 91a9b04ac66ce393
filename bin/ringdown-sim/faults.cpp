#include "bin/ringdown-sim/faults.hpp"

#include <algorithm>
#include <array>

namespace ringdown::sim {

namespace {

struct fault_verb {
  std::string_view verb;
  fault_kind kind;
  int status;
};

constexpr auto fault_verbs = std::to_array<fault_verb>({
    {"pbx_down", fault_kind::down, 0},
    {"pbx_silent", fault_kind::silent, 0},
    {"pbx_hang", fault_kind::hang, 0},
    {"pbx_slow", fault_kind::slow, 0},
    {"pbx_reset", fault_kind::reset, 0},
    {"pbx_500", fault_kind::status, 500},
    {"pbx_502", fault_kind::status, 502},
    {"pbx_503", fault_kind::status, 503},
    {"pbx_429", fault_kind::status, 429},
    {"pbx_403", fault_kind::status, 403},
    {"pbx_404", fault_kind::status, 404},
    {"pbx_update", fault_kind::status, 502},
    {"pbx_reboot", fault_kind::down, 0},
    {"pbx_html", fault_kind::html, 200},
    {"pbx_truncated", fault_kind::truncated, 200},
    {"pbx_huge", fault_kind::huge, 200},
    {"pbx_deep", fault_kind::deep, 200},
    {"pbx_bad_json", fault_kind::bad_json, 200},
    {"empty_trunks", fault_kind::empty, 200},
    {"null_field", fault_kind::field, 200},
    {"set_field", fault_kind::field, 200},
    {"drop_field", fault_kind::field, 200},
    {"raw_body", fault_kind::raw, 200},
});

struct certificate_verb {
  std::string_view verb;
  certificate shows;
};

constexpr auto certificate_verbs = std::to_array<certificate_verb>({
    {"cert_ok", certificate::good},
    {"cert_expired", certificate::expired},
    {"cert_name", certificate::wrong_name},
    {"cert_key", certificate::other_key},
    {"cert_self_signed", certificate::self_signed},
    {"cert_untrusted", certificate::untrusted},
});

} // namespace

std::optional<fault> make_fault(const command& what, std::uint64_t id) {
  const auto* const found =
      std::find_if(fault_verbs.begin(), fault_verbs.end(), [&](const fault_verb& v) { return v.verb == what.verb; });
  if (found == fault_verbs.end()) return std::nullopt;

  fault made;
  made.id = id;
  made.kind = found->kind;
  made.verb = what.verb;
  made.endpoint = what.verb == "empty_trunks" ? "Trunks" : std::string(what["endpoint"]);
  made.status = static_cast<int>(what.number("status").value_or(found->status));
  made.retry_after = what.number("retry_after");
  made.delay = what.span("delay").value_or(duration{});
  made.field = what["field"];
  if (what.verb == "null_field") made.value = "null";
  if (what.verb == "set_field") made.value = std::string(what["value"]);
  made.item = what.number("item");
  made.body = what["body"];
  made.content_type = what["content_type"];
  made.left = what.number("count");
  return made;
}

std::optional<certificate> certificate_for(std::string_view verb) {
  for (const auto& one : certificate_verbs) {
    if (one.verb == verb) return one.shows;
  }
  return std::nullopt;
}

} // namespace ringdown::sim
