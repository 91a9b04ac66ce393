// The providers that answer when they are asked: ntfy, a webhook receiver, a Slack hook and an Autotask, as the demo's
// simulator plays them. Twilio, which also asks, is in telephone.cpp.
#include "bin/ringdown-sim/sinks.hpp"
#include "bin/ringdown-sim/slack_hook.hpp"
#include "protocol/wire/json.hpp"
#include "test/simulation/provider.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace ringdown::simulation {

namespace {

// A receiving end of the simulator's, with what it shares with others there to itself.
struct receiver {
  explicit receiver(std::uint64_t seed) : ends(effects, rules, seed) {}
  sim::effect_log effects{[](const sim::journal_line&) {}};
  sim::sink_rules rules{[](std::string_view, const std::string&) {}};
  sim::sinks ends;
};

// As it arrives: a client adds the host.
sim::question question_of(const http_request& request) {
  const auto parts = parse_url(request.url);
  sim::question made{std::string(name(request.method)), parts ? parts->target : "/", request.headers, request.body,
                     "simulation"};
  if (parts) made.headers.emplace_back("Host", parts->host);
  return made;
}

http_response answer_of(receiver& from, sim::sink_kind kind, const http_request& request, wall_time now) {
  const auto said = from.ends.receive(kind, question_of(request), now);
  http_response made;
  made.status = said.status;
  made.headers = {{"Content-Type", said.content_type}};
  if (said.body) made.body = *said.body;
  return made;
}

// The members of a JSON body that tell what it is about.
class body_reader final : public wire::json_visitor {
public:
  bool on_value(const wire::json_path& path, const wire::json_value& value) override {
    const std::string text(value.as_text().value_or(""));
    if (path.depth() == 1 && path.last() == "sequence_id") sequence = text;
    if (path.last() == "title") title = text;
    if (path.depth() == 1 && path.last() == "type") type = text;
    if (path.depth() == 2 && path.key(0) == "tags") tags.push_back(text);
    return true;
  }
  bool on_end(const wire::json_path& /*path*/, wire::json_kind /*kind*/) override { return true; }

  std::string sequence;
  std::string title;
  std::string type;
  std::vector<std::string> tags;
};

constexpr std::size_t body_limit = 64 << 10;

class ntfy final : public provider {
public:
  explicit ntfy(std::uint64_t seed)
      : provider({mood::slow, mood::hung, mood::forgetful, mood::dropping, mood::halving, mood::failing,
                  mood::overloaded, mood::limited, mood::impatient, mood::captive, mood::refusing, mood::unreachable}),
        answers_(seed) {}

  [[nodiscard]] std::optional<asked> understand(const http_request& request) const override {
    body_reader body;
    if (wire::read_json(request.body, body_limit, body) != wire::json_problem::none || body.tags.size() < 2)
      return std::nullopt;
    return asked{body.sequence, body.tags[1], body.title,
                 std::ranges::find(body.tags, "possible_repeat") != body.tags.end()};
  }
  [[nodiscard]] http_response thank(const http_request& request, wall_time now) override {
    return answer_of(answers_, sim::sink_kind::ntfy, request, now);
  }

private:
  receiver answers_;
};

class webhook final : public provider {
public:
  explicit webhook(std::uint64_t seed)
      : provider({mood::slow, mood::hung, mood::forgetful, mood::dropping, mood::halving, mood::failing,
                  mood::overloaded, mood::limited, mood::refusing, mood::unreachable}),
        answers_(seed) {}

  [[nodiscard]] std::optional<asked> understand(const http_request& request) const override {
    body_reader body;
    const auto key = header(request.headers, "webhook-id");
    constexpr std::string_view prefix = "alert.";
    if (!key || wire::read_json(request.body, body_limit, body) != wire::json_problem::none ||
        !body.type.starts_with(prefix))
      return std::nullopt;
    return asked{std::string(*key), body.type.substr(prefix.size()), body.title, false};
  }
  [[nodiscard]] http_response thank(const http_request& request, wall_time now) override {
    return answer_of(answers_, sim::sink_kind::webhook, request, now);
  }

private:
  receiver answers_;
};

// A Slack hook returns nothing that could be searched for: a repeat says that it may be one.
class slack final : public provider {
public:
  explicit slack(std::uint64_t seed)
      : provider({mood::slow, mood::hung, mood::forgetful, mood::dropping, mood::halving, mood::failing,
                  mood::overloaded, mood::limited, mood::impatient, mood::captive, mood::refusing, mood::unreachable}),
        answers_(seed) {}

  [[nodiscard]] std::optional<asked> understand(const http_request& request) const override {
    const auto message = sim::read_slack(question_of(request));
    if (!message.refusal.empty()) return std::nullopt;
    return asked{"", "message", message.title, request.body.find("Possible repeat") != std::string::npos};
  }
  [[nodiscard]] http_response thank(const http_request& request, wall_time now) override {
    return answer_of(answers_, sim::sink_kind::slack, request, now);
  }

private:
  receiver answers_;
};

// An Autotask remembers its tickets whatever became of the answer.
class autotask final : public provider {
public:
  explicit autotask(std::uint64_t seed)
      : provider({mood::slow, mood::hung, mood::forgetful, mood::dropping, mood::halving, mood::failing,
                  mood::overloaded, mood::limited, mood::impatient, mood::unreachable}),
        answers_(seed) {}

  [[nodiscard]] std::optional<asked> understand(const http_request& request) const override {
    const auto call = reader_.understand(question_of(request));
    if (call.name == "unknown") return std::nullopt;
    const auto title = call.fields.find("title");
    return asked{call.reference, call.name, title == call.fields.end() ? std::string() : title->second, false};
  }
  [[nodiscard]] bool has_effect(const http_request& request) const override {
    static constexpr auto changing = std::to_array<std::string_view>({"create", "note", "patch", "put", "unknown"});
    return std::ranges::find(changing, reader_.understand(question_of(request)).name) != changing.end();
  }
  [[nodiscard]] http_response thank(const http_request& request, wall_time now) override {
    return answer_of(answers_, sim::sink_kind::autotask, request, now);
  }

private:
  receiver answers_;
  sim::autotask_desk reader_; // has no tickets: only says what a request is
};

} // namespace

std::unique_ptr<provider> make_provider(std::string_view kind, std::uint64_t seed) {
  if (kind == "ntfy") return std::make_unique<ntfy>(seed);
  if (kind == "webhook") return std::make_unique<webhook>(seed);
  if (kind == "slack") return std::make_unique<slack>(seed);
  if (kind == "autotask") return std::make_unique<autotask>(seed);
  return nullptr;
}

} // namespace ringdown::simulation
