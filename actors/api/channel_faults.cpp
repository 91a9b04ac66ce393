#include "actors/api/channel_faults.hpp"

#include <array>
#include <map>

namespace ringdown::api {

namespace {

// Stand for a value that is not here: of the forms that secrets have, each is tried until the dialect says nothing of it.
constexpr std::array<std::string_view, 2> stand_ins{"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                                    "https://example.com/x"};

// "webhook_url: must be ..." -> "webhook_url".
std::string field_in(const std::string& fault) { return fault.substr(0, fault.find(':')); }

} // namespace

std::optional<std::string> fault_of(const wire::dialect& dialect, channel_config channel,
                                    const std::set<std::string>& elsewhere) {
  std::map<std::string, std::size_t> tried;
  for (const std::string& key : elsewhere) channel.secrets[key] = secret_text(std::string(stand_ins.front()));
  for (;;) {
    auto fault = dialect.check(channel);
    const std::string key = fault ? field_in(*fault) : std::string();
    if (!elsewhere.contains(key)) return fault;
    if (++tried[key] == stand_ins.size()) return std::nullopt;
    channel.secrets[key] = secret_text(std::string(stand_ins.at(tried[key])));
  }
}

} // namespace ringdown::api
