// Facts: RFC 5321 (replies: 4yz may work later, 5yz will not), RFC 5322 (fields, threads), RFC 3834 (Auto-Submitted keeps
// vacation notices quiet), RFC 2919 (List-ID, which rules of mail programs go by).
#include "protocol/wire/email/smtp.hpp"

#include "protocol/wire/email/mime.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ringdown::wire::email {

namespace {

constexpr std::size_t title_limit = 250;
constexpr std::size_t text_limit = 8192;
constexpr std::size_t name_limit = 120;
constexpr std::size_t body_limit = 64UL << 10; // quoted-printable triples the bytes at worst
constexpr std::string_view repeat_remark = "(Possible repeat: an earlier attempt may have reached you.)";
constexpr std::string_view test_remark = "This is a test. Nothing has failed.";

mail_security security_of(const channel_config& channel) {
  return parse_mail_security(setting(channel, "security")).value_or(mail_security::starttls);
}

// RFC 8314: 587 with STARTTLS, 465 with TLS from the start; 25 is the one a relay without TLS has.
int usual_port(mail_security security) {
  switch (security) {
    case mail_security::starttls: return 587;
    case mail_security::implicit: return 465;
    case mail_security::none: return 25;
  }
  return 587;
}

// 0 when it is no number.
int port_of(const channel_config& channel) {
  const std::string written = setting(channel, "port");
  if (written.empty()) return usual_port(security_of(channel));
  int port = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), port);
  return error == std::errc() && end == written.data() + written.size() ? port : 0;
}

std::string domain_of(std::string_view mailbox) {
  const std::size_t at = mailbox.rfind('@');
  return at == std::string_view::npos ? "localhost" : std::string(mailbox.substr(at + 1));
}

// Who logs in: nobody without a password; the sender unless another is named.
std::string user_of(const channel_config& channel) {
  if (secret(channel, "password").empty()) return {};
  const std::string user = setting(channel, "username");
  return user.empty() ? setting(channel, "from") : user;
}

std::string ehlo_of(const channel_config& channel) {
  const std::string given = setting(channel, "ehlo");
  return given.empty() ? domain_of(setting(channel, "from")) : given;
}

bool is_over(notice_event event) { return event == notice_event::resolved || event == notice_event::acknowledged; }

bool is_urgent(const delivery& row) {
  return row.content.level == severity::critical && !is_over(row.event) && row.event != notice_event::test;
}

std::string subject_of(const delivery& row) {
  const std::string marked = row.content.test ? "TEST: " + row.content.title : row.content.title;
  const std::string line = cut_to_bytes(one_line(marked, title_limit), title_limit);
  return line.empty() ? "Ringdown" : line;
}

std::string acknowledge_page(const delivery_job& job) {
  const std::string& path = job.row.content.acknowledge_path;
  if (path.empty() || job.public_url.empty() || is_over(job.row.event)) return {};
  const std::string url = job.public_url + path;
  return parse_url(url) ? url : std::string();
}

std::string body_of(const delivery_job& job) {
  const delivery& row = job.row;
  std::string text = paragraphs(row.content.text, text_limit);
  if (text.empty()) text = subject_of(row);
  const auto add = [&text](std::string_view paragraph) {
    if (!paragraph.empty()) text += fmt::format("\n\n{}", paragraph);
  };
  // The page asks before it acknowledges: mail scanners follow links.
  if (const std::string page = acknowledge_page(job); !page.empty()) add("Acknowledge: " + page);
  if (row.content.test) add(test_remark);
  if (row.possible_repeat) add(repeat_remark);
  return text + "\n";
}

std::string message_id(const delivery_job& job) {
  return fmt::format("<{}@{}>", id_part(job.row.id.str()), domain_of(setting(job.channel, "from")));
}

// One per alert and episode, the same in every mail of it, so that mail programs show them together although nobody
// remembers which was the first.
std::string thread_id(const delivery_job& job) {
  const delivery& row = job.row;
  if (row.alert.empty()) return {};
  return fmt::format("<{}.{}@{}>", id_part(row.alert.str()), row.episode, domain_of(setting(job.channel, "from")));
}

std::string list_id(const delivery_job& job) {
  const std::string tenant = one_line(job.row.content.tenant_name, name_limit);
  const bool plain = std::ranges::all_of(tenant, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '-';
  });
  const std::string id =
      fmt::format("<{}.alerts.{}>", id_part(job.row.tenant.str()), domain_of(setting(job.channel, "from")));
  return plain && !tenant.empty() ? fmt::format("{} {}", tenant, id) : id;
}

mail_headers headers_of(const delivery_job& job) {
  const delivery& row = job.row;
  mail_headers headers{{"Date", mail_date(row.content.at)},
                       {"From", fmt::format("Ringdown <{}>", setting(job.channel, "from"))},
                       {"To", fmt::format("<{}>", setting(job.channel, "to"))},
                       {"Subject", subject_of(row)},
                       {"Message-ID", message_id(job)}};
  if (const std::string thread = thread_id(job); !thread.empty()) {
    headers.emplace_back("In-Reply-To", thread);
    headers.emplace_back("References", thread);
  }
  headers.emplace_back("Auto-Submitted", "auto-generated");
  headers.emplace_back("List-ID", list_id(job));
  if (is_urgent(row)) {
    headers.emplace_back("Importance", "high");
    headers.emplace_back("X-Priority", "1");
  }
  // For rules of mail programs; not meant to be read.
  headers.emplace_back("X-Ringdown-Event", name(row.event));
  headers.emplace_back("X-Ringdown-Severity", name(row.content.level));
  if (!row.alert.empty()) headers.emplace_back("X-Ringdown-Alert", id_part(row.alert.str()));
  return headers;
}

std::string answer_text(const mail_outcome& answer, std::string_view note) {
  std::string text = fmt::format("SMTP {}", answer.code);
  if (!answer.enhanced.empty()) text += " " + answer.enhanced;
  if (!note.empty()) text += fmt::format(": {}", note);
  return text;
}

attempt_outcome without_reply(const delivery_job& job, const mail_outcome& answer) {
  attempt_outcome outcome;
  outcome.answer = no_answer_words(answer.error, setting(job.channel, "host"));
  const bool ours = answer.error == transport_error::too_late || answer.error == transport_error::cancelled;
  if (answer.maybe_taken)
    outcome.kind = outcome_kind::unknown;
  else
    outcome.kind = ours ? outcome_kind::not_sent : outcome_kind::retry;
  return outcome;
}

// A reply that is none of the standard's after all was sent says nothing.
outcome_kind kind_of(const mail_outcome& answer) {
  const int group = answer.code / 100;
  if (group == 2) return outcome_kind::accepted;
  if (group == 4) return outcome_kind::retry;
  return group == 5 ? outcome_kind::refused : outcome_kind::unknown;
}

std::string_view note_for(const mail_outcome& answer) {
  if (answer.login_refused) return "the login was refused, see username and password";
  return answer.code / 100 == 5 && answer.enhanced.starts_with("5.1.") ? "see to and from" : std::string_view();
}

std::string masked(std::string_view mailbox) {
  const std::size_t at = mailbox.rfind('@');
  if (at == std::string_view::npos) return "***";
  return fmt::format("{}***{}", mailbox.substr(0, at > 1 ? 1 : 0), mailbox.substr(at));
}

std::vector<field_description> fields() {
  return {
      {"host", "Mail server", field_kind::text, field_need::required, "name or address of the SMTP server", {}, {}},
      {"port", "Port", field_kind::number, field_need::optional, "587; 465 with implicit TLS, 25 without TLS", {}, {}},
      {"security",
       "Security",
       field_kind::choice,
       field_need::optional,
       "starttls, implicit, or none for a relay that offers no TLS",
       "starttls",
       {"starttls", "implicit", "none"}},
      {"username",
       "User name",
       field_kind::text,
       field_need::optional,
       "of the login; the sender's address unless given",
       {},
       {}},
      {"password",
       "Password",
       field_kind::secret,
       field_need::optional,
       "of that user; without it there is no login, and without TLS it goes to this machine only",
       {},
       {}},
      {"from", "Sender", field_kind::text, field_need::required, "address that the mails come from", {}, {}},
      {"to",
       "Recipient",
       field_kind::text,
       field_need::required,
       "one address; the email of the channel's user unless given",
       {},
       {},
       user_detail::email},
      {"ehlo",
       "Own name",
       field_kind::text,
       field_need::optional,
       "how we greet; the sender's domain unless given",
       {},
       {}},
  };
}

} // namespace

dialect_description describe_smtp() {
  dialect_description description;
  description.kind = "email";
  description.title = "Email (SMTP)";
  description.is = channel_class::email;
  description.rows = delivery_kind::interrupt;
  description.keys = target_key::unknown_to_it;
  description.limits = {.title = title_limit, .text = text_limit, .body = body_limit};
  description.connections = 2;
  description.fields = fields();
  return description;
}

std::optional<std::string> check_smtp(const channel_config& channel) {
  if (auto fault = check_fields(describe_smtp(), channel)) return fault;
  if (!is_mailbox(setting(channel, "from"))) return "from: is not one plain address";
  if (!is_mailbox(setting(channel, "to"))) return "to: is not one plain address";
  if (!setting(channel, "username").empty() && secret(channel, "password").empty())
    return "password: is required with a username";
  mail_request request;
  request.host = setting(channel, "host");
  request.port = port_of(channel);
  request.ehlo = ehlo_of(channel);
  request.user = user_of(channel);
  request.password = secret(channel, "password");
  request.from = setting(channel, "from");
  request.to = setting(channel, "to");
  request.text = "\r\n";
  const auto fault = fault_of(request);
  return fault && fault->starts_with("user:") ? "username" + fault->substr(4) : fault;
}

dialect_step start_smtp(const delivery_job& job) {
  mail_request request;
  request.host = setting(job.channel, "host");
  request.port = port_of(job.channel);
  request.security = security_of(job.channel);
  request.ehlo = ehlo_of(job.channel);
  request.user = user_of(job.channel);
  request.password = secret(job.channel, "password");
  request.from = setting(job.channel, "from");
  request.to = setting(job.channel, "to");
  request.text = write_mail(headers_of(job), body_of(job));
  request.ca_file = job.ca_file;
  return ask(std::move(request));
}

dialect_step resume_smtp(const delivery_job& job, const conversation& /*at*/, const mail_outcome& answer) {
  if (answer.code == 0 && !answer.login_refused) return ended(without_reply(job, answer));
  attempt_outcome outcome;
  // A login that found no way both sides know has no reply of its own.
  outcome.kind = answer.code == 0 ? outcome_kind::refused : kind_of(answer);
  outcome.status = answer.code;
  outcome.answer = answer_text(answer, note_for(answer));
  if (outcome.kind == outcome_kind::accepted) outcome.reference = message_id(job);
  return ended(std::move(outcome));
}

std::string smtp_address(const channel_config& channel, const delivery& /*row*/) {
  return fmt::format("{}:{} {}", setting(channel, "host"), port_of(channel), masked(setting(channel, "to")));
}

} // namespace ringdown::wire::email
