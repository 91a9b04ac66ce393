// What the settings of a channel may be, asked of its provider with the channel's own credentials.
#include "actors/api/handlers.hpp"

#include "actors/api/unknown_names.hpp"
#include "protocol/wire/dialects.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::api {

namespace {

constexpr std::size_t at_once = 1;
constexpr std::size_t waiting = 4; // whoever asks a channel's provider more often at once is refused
constexpr int most_exchanges = 10;

// One conversation. Shared with the HTTP port, which calls back on its threads, one exchange at a time.
class discovery : public std::enable_shared_from_this<discovery> {
public:
  discovery(ports_ptr world, std::shared_ptr<const known_tenant> tenant, const channel_config& channel,
            const wire::dialect& dialect, respond answer)
      : world_(std::move(world)),
        tenant_(std::move(tenant)),
        channel_(channel),
        dialect_(dialect),
        answer_(std::move(answer)),
        lane_{"discovery/" + tenant_->config->id.str() + "/" + channel.id.str(), at_once, waiting} {
    const auto provider = world_->node.providers.find(channel.kind);
    if (provider == world_->node.providers.end()) return;
    base_url_ = provider->second.base_url;
    ca_file_ = provider->second.ca_file;
  }

  void begin() { carry_on(dialect_.discover(job(), {}, nullptr)); }

private:
  [[nodiscard]] wire::discovery_job job() const { return {channel_, base_url_, ca_file_}; }

  void carry_on(wire::discovery_step step) {
    for (wire::field_choice& one : step.found) found_.push_back(std::move(one));
    if (!step.fault.empty()) return end(problem(424, "the provider did not answer as hoped", step.fault));
    if (!step.request) return end(choices());
    if (++exchanges_ > most_exchanges) return end(problem(500, "internal", "the conversation does not end"));
    world_->http->send(lane_, std::move(*step.request),
                       [self = shared_from_this(), next = std::move(step.next)](const http_outcome& outcome) {
                         self->carry_on(self->dialect_.discover(self->job(), next, &outcome));
                       });
  }

  [[nodiscard]] server_response choices() const {
    return list_answer(found_, "", [](wire::json_writer& json, const wire::field_choice& one) {
      json.text("field", one.field).text("id", one.id).text("label", one.label);
    });
  }

  void end(server_response with) {
    world_->http->close_lane(lane_.name);
    answer_(std::move(with));
  }

  const ports_ptr world_;
  const std::shared_ptr<const known_tenant> tenant_; // shared: keeps the channel as it was configured
  const channel_config& channel_;
  const wire::dialect& dialect_;
  const respond answer_;
  const net::lane lane_;
  std::string base_url_;
  std::string ca_file_;
  std::vector<wire::field_choice> found_;
  int exchanges_ = 0;
};

} // namespace

void get_choices(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  auto known = in.tenants.find(tenant_id(parts[0]));
  if (!known) return answer(no_such_tenant(in, tenant_id(parts[0])));
  const channel_config* channel = known->config->find(channel_id(parts[1]));
  if (channel == nullptr) return answer(no_such_channel(in, known->config->id, channel_id(parts[1])));
  const wire::dialect* dialect = wire::find_dialect(channel->kind);
  if (dialect == nullptr || dialect->discover == nullptr)
    return answer(problem(422, "invalid", "a channel of kind " + channel->kind + " has nothing to be discovered"));
  std::make_shared<discovery>(in.world, std::move(known), *channel, *dialect, answer)->begin();
}

} // namespace ringdown::api
