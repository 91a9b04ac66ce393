// What voice providers say to us while a call goes on: what is to be said, which key was pressed, how it went (V-05, S-T5).
// Nobody is believed who has not signed with the account's secret (S-04); what is heard waits in the tenant's inbox, durable
// before it is answered, under an identity of its own, so that doubled and replayed ones count once.
#include "actors/api/asking.hpp"
#include "actors/api/handlers.hpp"
#include "actors/logic/oncall_chain.hpp"
#include "actors/logic/script.hpp"
#include "actors/logic/wording.hpp"
#include "protocol/wire/dialects.hpp"
#include "protocol/wire/voice/call_dialect.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

namespace ringdown::api {

namespace {

// Everything there is to say about one callback.
struct heard_callback {
  std::shared_ptr<const known_tenant> tenant;
  const channel_config* channel = nullptr;
  const wire::call_functions* calls = nullptr;
  delivery_id call;
  wire::callback request;
  wire::callback_kind kind = wire::callback_kind::status;
};

std::optional<wire::callback_kind> kind_of(std::string_view word) {
  if (word == "script") return wire::callback_kind::script;
  if (word == "keys") return wire::callback_kind::keys;
  if (word == "status") return wire::callback_kind::status;
  return std::nullopt;
}

std::optional<heard_callback> find_callback(const context& in, const server_request& request, const path_parts& parts) {
  heard_callback made;
  made.tenant = in.tenants.find(tenant_id(parts[1]));
  const auto kind = kind_of(parts[4]);
  made.channel = made.tenant ? made.tenant->config->find(channel_id(parts[2])) : nullptr;
  if (made.channel == nullptr || made.channel->kind != parts[0] || !kind) return std::nullopt;
  const wire::dialect* dialect = wire::find_dialect(made.channel->kind);
  if (dialect == nullptr || dialect->calls == nullptr) return std::nullopt;
  made.calls = dialect->calls;
  made.kind = *kind;
  made.call = delivery_id(parts[3]);
  made.request.url = in.world->node.callback_url + request.path + (request.query.empty() ? "" : "?" + request.query);
  made.request.method = request.method;
  made.request.headers = request.headers;
  return made;
}

server_response document(std::string text) {
  return {200, {{"Content-Type", "text/xml; charset=utf-8"}, {"Cache-Control", "no-store"}}, std::move(text)};
}

server_response noted(const result<void>& stored) {
  if (!stored) return problem(503, "unavailable", "it is not stored yet: say it again");
  return {204, {{"Cache-Control", "no-store"}}, ""};
}

command news_command(const context& in, const heard_callback& of, const call_news& news) {
  command what;
  what.text = to_text(news);
  what.id = encode_id("cb_", digest_bits(of.tenant->config->id.str() + "|" + what.text));
  what.tenant = of.tenant->config->id;
  what.kind = command_kind::hear_call;
  what.by = "provider:" + of.channel->kind;
  what.via = "callback";
  what.subject = of.call.str();
  what.at = in.world->time.now().wall;
  return what;
}

// --- what is said ---------------------------------------------------------------------------------------------------------

std::string keys_url(const context& in, const heard_callback& of, const std::vector<read_alert>& read, bool again) {
  return in.world->node.callback_url + "/callbacks/" + of.channel->kind + "/" + of.tenant->config->id.str() + "/" +
         of.channel->id.str() + "/" + of.call.str() + "/keys?read=" + percent_encode(to_text(read)) +
         (again ? "&again=1" : "");
}

struct to_say {
  std::vector<alert_view> views;
  std::vector<read_alert> read;
};

// What speaks for many things, then the oldest: a call names so many, and counts the others.
auto order_of_reading(const alert& a) {
  const bool many = a.key.type == alert_type::provider_outage || a.key.type == alert_type::all_trunks_down;
  return std::tuple(!many, a.opened, a.id);
}

// Every open critical that rings, the most pressing first (S-T5), however much else is open. Of a drill's call the drill alone.
result<to_say> what_to_say(const heard_callback& of, const alert_id& lead, persistence::store& store) {
  const tenant_config& config = *of.tenant->config;
  const auto rung_for = store.find_alert(lead);
  if (!rung_for) return rung_for.error();
  std::vector<alert> ringing;
  persistence::alert_query query;
  query.tenant = config.id;
  do {
    auto open = store.alerts(query);
    if (!open) return open.error();
    for (alert& a : open->items)
      if (logic::is_read_out(a, config) && (!*rung_for || logic::share_a_call(**rung_for, a)))
        ringing.push_back(std::move(a));
    query.cursor = open->next;
  } while (!query.cursor.empty());
  std::ranges::sort(ringing, {}, order_of_reading);
  to_say made;
  for (const alert& a : ringing) {
    made.views.push_back(logic::view_of(a, config));
    if (made.read.size() < logic::most_named) made.read.push_back({a.id, a.episode});
  }
  return made;
}

// Nothing is left to say: somebody has it, it is over, or something keeps it quiet.
std::string why_nothing(const heard_callback& of, const alert_id& about, persistence::store& store) {
  const auto lead = store.find_alert(about);
  if (!lead || !*lead || (*lead)->tenant != of.tenant->config->id) return "Nothing is left to take over. Goodbye.";
  if ((*lead)->ack) return "This is taken by " + (*lead)->ack->by + ". Goodbye.";
  return (*lead)->phase == alert_phase::resolved ? "It has recovered. Goodbye."
                                                 : "It is not over, but quiet now. Goodbye.";
}

// What was asked for again after the call tells nobody what is open today (S-04).
bool is_over(const std::optional<call_record>& call) { return call && call->stage == call_stage::ended; }

std::string say_it(const context& in, const heard_callback& of, const to_say& what, bool again) {
  const auto script = logic::script_for(what.views, *of.tenant->config, of.tenant->config->voice.keys);
  return of.calls->speak(*of.channel, script, keys_url(in, of, what.read, again));
}

// A row that is no alert's says what it holds: a code, or a test.
std::string say_text(const heard_callback& of, const delivery& row) {
  call_script script;
  script.sentences = {row.content.text};
  return of.calls->speak(*of.channel, script, "");
}

// Said whether or not it could be noted: whoever picked up is to hear it.
void tell_and_say(context& in, const heard_callback& of, const call_news& news, std::string text,
                  const respond& answer) {
  in.tree->command(news_command(in, of, news),
                   [answer, text = std::move(text)](const result<void>&) { answer(document(text)); });
}

void give_script(context& in, const heard_callback& of, call_progress heard, persistence::store& store,
                 const respond& answer) {
  const auto found = store.find_delivery(of.call);
  if (!found) return answer(problem(found.error()));
  const bool ours = *found && (*found)->row.tenant == of.tenant->config->id && (*found)->row.channel == of.channel->id;
  if (!ours) return answer(problem(404, "not found", "no such call"));
  const delivery& row = (*found)->row;
  call_news news{of.call, std::move(heard), {}, false};
  if (news.heard.result == call_result::machine)
    return tell_and_say(in, of, news, of.calls->hang_up_document(), answer);
  if (row.alert.empty()) return tell_and_say(in, of, news, say_text(of, row), answer);
  const auto call = store.find_call(of.tenant->config->id, of.call);
  if (call && is_over(*call)) return answer(document(of.calls->hang_up_document()));
  auto what = what_to_say(of, row.alert, store);
  if (!what) return answer(problem(what.error()));
  if (what->views.empty())
    return tell_and_say(in, of, news, of.calls->speak_short(*of.channel, why_nothing(of, row.alert, store)), answer);
  news.read = what->read;
  tell_and_say(in, of, news, say_it(in, of, *what, false), answer);
}

// --- keys -----------------------------------------------------------------------------------------------------------------

// As it is now; none in a later episode, nor of another tenant: whoever signs this tenant's callbacks may name any alert.
result<std::optional<alert>> find_read(const heard_callback& of, const read_alert& one, persistence::store& store) {
  auto found = store.find_alert(one.alert);
  if (!found || !*found) return found;
  const bool ours = (*found)->tenant == of.tenant->config->id && (*found)->episode == one.episode;
  if (!ours) return std::optional<alert>();
  return found;
}

// What whoever presses 1 hears: that they have it, unless all that was read out is somebody else's by now, or over.
std::string acknowledged_words(const heard_callback& of, const std::vector<read_alert>& read, const std::string& person,
                               persistence::store& store) {
  for (const read_alert& one : read) {
    const auto found = find_read(of, one, store);
    if (!found) return "Acknowledged. Goodbye."; // it is stored, and nothing is known that speaks against it
    if (!*found) continue;
    const alert& a = **found;
    if (a.phase == alert_phase::firing || (a.ack && a.ack->by == person)) return "Acknowledged. Goodbye.";
  }
  return why_nothing(of, read.front().alert, store);
}

// Whether anything that was read out rings on. What cannot be read is not known to be over.
bool rings_on(const heard_callback& of, const std::vector<read_alert>& read, persistence::store& store) {
  return std::ranges::any_of(read, [&](const read_alert& one) {
    const auto found = find_read(of, one, store);
    return !found || (*found && logic::is_read_out(**found, *of.tenant->config));
  });
}

// 2: the next person is called, unless there is nothing left to call for.
void pass_on(context& in, const heard_callback& of, call_news news, const std::vector<read_alert>& read,
             persistence::store& store, const respond& answer) {
  news.passed_on = rings_on(of, read, store);
  const std::string words = news.passed_on ? "It is passed on. Goodbye." : why_nothing(of, read.front().alert, store);
  tell_and_say(in, of, news, of.calls->speak_short(*of.channel, words), answer);
}

// Exactly what was read out, and nothing that opened since.
void acknowledge_read(context& in, const heard_callback& of, const std::vector<read_alert>& read,
                      const std::string& person, const std::string& words, const respond& answer) {
  struct counting {
    std::size_t left;
    bool failed = false;
    std::mutex guard;
  };
  auto count = std::make_shared<counting>();
  count->left = read.size();
  for (const read_alert& one : read) {
    command what;
    what.id = encode_id("ck_", digest_bits(of.call.str() + "|" + one.alert.str() + "|" + std::to_string(one.episode)));
    what.tenant = of.tenant->config->id;
    what.kind = command_kind::acknowledge;
    what.alert = one.alert;
    what.episode = one.episode;
    what.by = person;
    what.via = "phone";
    what.at = in.world->time.now().wall;
    in.tree->command(what, [count, answer, of, words](const result<void>& stored) {
      const std::scoped_lock hold(count->guard);
      count->failed = count->failed || !stored;
      if (--count->left > 0) return;
      answer(document(of.calls->speak_short(
          *of.channel,
          count->failed ? "It could not be stored. Nothing is acknowledged. You will be called again." : words)));
    });
  }
}

void take_key(context& in, const heard_callback& of, const wire::callback_event& event, const server_request& request,
              persistence::store& store, const respond& answer) {
  const auto read = parse_read_alerts(parameter(request, "read"));
  if (!read || read->empty()) return answer(problem(422, "invalid", "read: names no alerts"));
  const auto call = store.find_call(of.tenant->config->id, of.call);
  if (!call) return answer(problem(call.error()));
  if (!*call) return answer(problem(404, "not found", "no such call"));
  const call_news news{of.call, event.heard, {}, false};
  if (event.key == '1') {
    // That a person answered is noted too; the acknowledgement does not wait for it.
    in.tree->command(news_command(in, of, news), [](const result<void>&) {});
    return acknowledge_read(in, of, *read, (*call)->person, acknowledged_words(of, *read, (*call)->person, store),
                            answer);
  }
  if (is_over(*call)) return answer(document(of.calls->hang_up_document()));
  if (event.key == '2') return pass_on(in, of, news, *read, store, answer);
  const bool last = !event.key && parameter(request, "again") == "1";
  const auto what = what_to_say(of, (*call)->lead, store);
  if (!what) return answer(problem(what.error()));
  if (what->views.empty())
    return answer(document(of.calls->speak_short(*of.channel, why_nothing(of, (*call)->lead, store))));
  if (last) return answer(document(of.calls->speak_short(*of.channel, "Nothing was acknowledged. Goodbye.")));
  answer(document(say_it(in, of, *what, !event.key)));
}

} // namespace

void post_callback(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  auto of = find_callback(in, request, parts);
  if (!of) return answer(problem(404, "not found", "no such path"));
  auto fields = wire::read_form(request.body);
  if (!fields) return answer(problem(400, "bad request", "the form cannot be read"));
  of->request.fields = std::move(*fields);
  if (!of->calls->is_genuine(*of->channel, of->request)) {
    in.world->log->warning("callback_refused", {{"tenant", parts[1]}, {"channel", parts[2]}, {"peer", request.peer}});
    return answer(problem(403, "forbidden", "not signed by this account"));
  }
  auto event = of->calls->read_callback(of->request, of->kind);
  if (!event) return answer(problem(event.error()));
  if (of->kind == wire::callback_kind::status) {
    const call_news news{of->call, std::move(event->heard), {}, false};
    return in.tree->command(news_command(in, *of, news),
                            [answer](const result<void>& stored) { answer(noted(stored)); });
  }
  const bool taken = in.reader->submit(
      [&in, of = std::move(*of), event = std::move(*event), request, answer](persistence::store& store) {
        if (of.kind == wire::callback_kind::script)
          give_script(in, of, event.heard, store, answer);
        else
          take_key(in, of, event, request, store, answer);
      });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

} // namespace ringdown::api
