#include "test/simulation/take_up.hpp"

#include "protocol/wire/dialects.hpp"
#include "test/simulation/household.hpp"

#include <stdexcept>

namespace ringdown::simulation {

namespace {

std::vector<persistence::known_channel> channels_of(const tenants& all) {
  std::vector<persistence::known_channel> known;
  for (const auto& tenant : all)
    for (const channel_config& channel : tenant->channels) {
      const bool keyed = wire::repeats_are_safe(wire::find_dialect(channel.kind)->describe().keys);
      known.push_back(
          {tenant->id, channel.id, keyed ? persistence::key_knowledge::keyed : persistence::key_knowledge::unkeyed});
    }
  return known;
}

} // namespace

std::optional<std::vector<persistence::crash_record>> take_up(persistence::store& from, const fence& owner,
                                                              const tenants& whose, wall_time now) {
  const auto crashes = from.crashes();
  if (!crashes || !from.recover_claims(owner, channels_of(whose), now)) return std::nullopt;
  return *crashes;
}

void keep_phones(persistence::store& in, const fence& owner, const tenants& whose, wall_time now) {
  for (const auto& tenant : whose) {
    persistence::write_batch batch;
    batch.tenant = tenant->id;
    batch.owner = owner;
    batch.at = now;
    batch.phones = verified_phones(*tenant, now);
    if (batch.phones.empty()) continue;
    const auto kept = in.commit({&batch, 1});
    if (!kept || !kept->front()) throw std::runtime_error("phones cannot be stored");
  }
}

} // namespace ringdown::simulation
