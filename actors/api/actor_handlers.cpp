// The daemon's parts as operators see them (PRODUCT N-01).
#include "actors/api/handlers.hpp"

#include "actors/api/paging.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::api {

namespace {

failure runs_elsewhere(const context& in, const tenant_id& tenant) {
  const std::string runner = runner_of(in, tenant);
  return {failure_kind::conflict,
          runner.empty() ? "no node runs this tenant now" : "this tenant runs on node " + runner + ": ask there"};
}

// On the store's thread: who restarted what is kept before it happens.
result<void> note_restart(const context& in, persistence::store& store, const tenant_id& tenant,
                          const std::string& actor, const std::string& by) {
  const auto owner = fence_of(in, tenant);
  if (!owner) return runs_elsewhere(in, tenant);
  persistence::write_batch batch;
  batch.tenant = tenant;
  batch.owner = *owner;
  batch.at = in.world->time.now().wall;
  batch.audits.push_back({by, "actor.restarted", actor, "", batch.at});
  const auto verdicts = store.commit(std::span(&batch, 1));
  if (!verdicts) return verdicts.error();
  return verdicts->front();
}

} // namespace

void get_actors(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto asked = page_asked(request, longest_page);
  if (!asked) return answer(problem(asked.error()));
  const auto found = page_of(in.world->health->all(), *asked, 1, [](const std::shared_ptr<const actor_probe>& one) {
    return std::vector<std::string>{one->name};
  });
  if (!found) return answer(problem(found.error()));
  answer(list_answer(found->items, found->next, [](wire::json_writer& json, const auto& probe) {
    const auto last = probe->last_error();
    json.text("name", probe->name)
        .text("kind", probe->kind)
        .text_or_null("parent", probe->parent)
        .text("state", name(probe->life.load()));
    json.number("restarts", static_cast<std::int64_t>(probe->restarts.load()))
        .number("mailbox", std::max<std::int64_t>(probe->mailbox(), 0));
    json.number("handled", static_cast<std::int64_t>(probe->handled.load()));
    json.number("handling_microseconds", static_cast<std::int64_t>(probe->busy_nanos.load() / 1000));
    json.text_or_null("last_error", last.text)
        .time("last_error_at", last.text.empty() ? std::optional<wall_time>() : last.at);
  }));
}

void post_restart_actor(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto body = read_body(request, {"name", "by", "via"});
  if (!body) return answer(problem(body.error()));
  const std::string actor = field(*body, "name");
  const auto tenant = tenant_of(actor);
  if (!tenant)
    return answer(problem(422, "invalid", "name: give a poller, channel or tenant as GET actors lists them"));
  if (!in.tenants.find(*tenant)) return answer(problem(404, "not found", "no such actor"));
  if (!fence_of(in, *tenant)) return answer(problem(runs_elsewhere(in, *tenant)));
  in.tree->with_writer(
      [&in, tenant = *tenant, actor, by = by_whom(*body), answer](persistence::store& store) -> result<void> {
        if (auto noted = note_restart(in, store, tenant, actor, by); !noted) {
          answer(problem(noted.error()));
          return noted;
        }
        in.tree->restart(tenant, actor, "restarted by " + by, [answer](bool found) {
          answer(found ? json_answer(200, R"({"answer":"done","text":"it ends now; its supervisor starts it again"})")
                       : problem(404, "not found", "no such actor, or it is not running"));
        });
        return {};
      },
      [answer](const failure& why) { answer(problem(why)); });
}

} // namespace ringdown::api
