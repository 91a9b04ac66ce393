// A channel of kind email between a scripted mail port and a store and a tenant that only listen.
#include "actors/channel_actor.hpp"

#include "test/support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/after.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

struct silent_log final : log_sink {
  void write(log_level, std::string_view, std::initializer_list<log_field>) override {}
};

// Keeps each mail until the test says what came of it; rings `due{ticket}` at the test for each.
class scripted_mail final : public net::mail_port {
public:
  explicit scripted_mail(caf::actor asked) : asked_(std::move(asked)) {}

  std::uint64_t send(const net::lane& on, mail_request request, net::mail_completion done) override {
    const std::lock_guard hold(guard_);
    lane = on;
    open_[++last_] = {std::move(request), std::move(done)};
    caf::anon_send(asked_, due{last_});
    return last_;
  }
  void cancel(std::uint64_t ticket) override { caf::anon_send(asked_, news_committed{0, ticket}); }

  [[nodiscard]] mail_request mail(std::uint64_t ticket) {
    const std::lock_guard hold(guard_);
    return open_.at(ticket).first;
  }
  void finish(std::uint64_t ticket, mail_outcome outcome) {
    net::mail_completion done;
    {
      const std::lock_guard hold(guard_);
      done = open_.at(ticket).second;
    }
    done(std::move(outcome));
  }

  net::lane lane;

private:
  std::mutex guard_;
  caf::actor asked_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::pair<mail_request, net::mail_completion>> open_;
};

channel_config mailbox() {
  channel_config config;
  config.id = channel_id("mail");
  config.kind = "email";
  config.settings = {{"host", "mx.harbour.example"}, {"from", "alerts@harbour.example"}, {"to", "jo@harbour.example"}};
  return config;
}

delivery row(severity level) {
  delivery made;
  made.id = delivery_id("dl_1");
  made.tenant = tenant_id("t");
  made.channel = channel_id("mail");
  made.level = made.content.level = level;
  made.content.title = "Trunk down";
  made.attempts = 1;
  made.give_up_at = wall_time{std::chrono::hours(500'001)};
  return made;
}

struct bench {
  bench() {
    auto made = std::make_shared<ports>();
    made->time.now = [] { return moment{wall_time{std::chrono::hours(500'000)}, steady_time{1h}}; };
    made->time.boot = [] { return std::chrono::nanoseconds(5h); };
    made->time.spread = [] { return 0.0; };
    made->log = &log;
    made->mail = &mail;
    made->metrics = std::make_shared<node_metrics>(std::vector<std::string>{"email"});
    made->health = std::make_shared<health_board>();
    made->clock = caf::actor_cast<clock_actor>(listener());
    made->store = caf::actor_cast<store_actor>(listener());
    under_test = system.spawn<channel>(ports_ptr(made), made->health->probe("channel/t/mail", "channel", "group/t"),
                                       tenant_id("t"), mailbox(), times);
    caf::anon_send(under_test, tenant_attached{listener()});
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  ~bench() { end(); }

  void end() {
    caf::anon_send_exit(under_test, caf::exit_reason::user_shutdown);
    self->wait_for(under_test);
  }
  [[nodiscard]] caf::strong_actor_ptr listener() { return caf::actor_cast<caf::strong_actor_ptr>(self); }
  template <class Message>
  Message hear() {
    Message heard;
    self->receive([&](const Message& one) { heard = one; }, caf::after(20s) >> [] { FAIL("it was not said"); });
    return heard;
  }
  // The ticket of the mail that this row becomes.
  std::uint64_t hand_over(const delivery& one) {
    caf::anon_send(under_test, deliveries_ready{{one}});
    return hear<due>().token;
  }
  persistence::settlement settled() { return hear<settle_rows>().settlements.at(0); }

  timing times;
  silent_log log;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  scripted_mail mail{caf::actor_cast<caf::actor>(self)};
  channel_actor under_test;
};

mail_outcome reply(int code) {
  mail_outcome outcome;
  outcome.code = code;
  return outcome;
}

mail_outcome lost() {
  mail_outcome outcome;
  outcome.error = transport_error::reset;
  outcome.maybe_taken = true;
  return outcome;
}

} // namespace

TEST_CASE("a row of an email channel is a mail on the channel's lane, within its time") {
  bench at;
  const auto ticket = at.hand_over(row(severity::critical));
  const mail_request mail = at.mail.mail(ticket);
  CHECK(at.mail.lane.name == "channel/t/mail");
  CHECK(mail.to == "jo@harbour.example");
  CHECK(mail.timeout == at.times.attempt_timeout);
  CHECK(mail.send_by == std::chrono::nanoseconds(5h) + at.times.send_by);
  at.mail.finish(ticket, reply(250));
  const auto stored = at.settled();
  CHECK(stored.state == delivery_state::sent);
  CHECK(stored.ledger.outcome == outcome_kind::accepted);
  CHECK(stored.ledger.status == 250);
  CHECK(stored.reference == "<dl_1@harbour.example>");
}

TEST_CASE("a mail that may have been taken is sent again for a critical alone, and flagged") {
  for (const auto level : {severity::critical, severity::warning}) {
    bench at;
    at.mail.finish(at.hand_over(row(level)), lost());
    const auto stored = at.settled();
    CHECK(stored.ledger.outcome == outcome_kind::unknown);
    CHECK(stored.possible_repeat == (level == severity::critical));
    CHECK(stored.state == (level == severity::critical ? delivery_state::pending : delivery_state::unknown));
  }
}

TEST_CASE("a refused mail is dead, one that may be taken later waits") {
  for (const auto& [code, state] : {std::pair{550, delivery_state::dead}, std::pair{451, delivery_state::pending}}) {
    bench at;
    at.mail.finish(at.hand_over(row(severity::critical)), reply(code));
    CHECK(at.settled().state == state);
  }
}

TEST_CASE("a channel that ends cancels its mail, and a late answer harms nobody") {
  bench at;
  const auto ticket = at.hand_over(row(severity::critical));
  at.end();
  CHECK(at.hear<news_committed>().sequence == ticket); // its cancellation
  at.mail.finish(ticket, reply(250));
}
