// Delivers one mail, made by the email dialect from an awkward alert, with the client the daemon uses, and prints as JSON
// what a mailbox must show: {code, subject, text, message_id, references, from, to}.
// Arguments: port of the server on 127.0.0.1, file of the authority behind its certificate.
#include "actors/net/smtp_client.hpp"
#include "protocol/wire/dialects.hpp"
#include "protocol/wire/json_writer.hpp"
#include "test/protocol/samples.hpp"

#include <cstdio>
#include <future>
#include <string>
#include <utility>

namespace {

using namespace ringdown;

// A lone dot, dots in front, what quoted-printable escapes, a blank at a line's end, a line beyond every limit.
delivery awkward_delivery() {
  delivery row = samples::fired_delivery();
  row.content.title = "Störung: Leitung „Hafen–Büro“ ist ausgefallen, und zwar länger als eine Zeile lang ☎ 電話";
  row.content.text =
      "First line.\n.\n..two dots\n100 % = all \nFrom here: Söhne ☎ 📞\n\n" + std::string(1500, 'x') + " end.";
  row.possible_repeat = true;
  return row;
}

mail_outcome deliver(mail_request request) {
  net::smtp_options options;
  options.egress_allow = {"127.0.0.0/8"};
  const auto client = std::move(net::make_smtp_client(options)).value();
  std::promise<mail_outcome> told;
  client->send({.name = "oracle"}, std::move(request), [&told](mail_outcome o) { told.set_value(std::move(o)); });
  return told.get_future().get();
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const delivery row = awkward_delivery();
  channel_config channel = samples::email_channel();
  channel.settings["host"] = "127.0.0.1";
  channel.settings["port"] = argv[1];
  channel.settings["username"] = "ringdown";
  wire::delivery_job job = samples::job_for(row, channel);
  job.ca_file = argv[2];
  const wire::dialect* email = wire::find_dialect("email");
  wire::dialect_step step = email->start(job);
  if (!step.mail) return 1;
  const mail_outcome outcome = deliver(*step.mail);
  if (outcome.code == 0) std::fprintf(stderr, "not delivered: %s\n", outcome.detail.c_str());
  const auto ended = email->resume_mail(job, step.next, outcome).outcome;

  wire::json_writer json;
  json.open_object().number("code", outcome.code).text("subject", row.content.title);
  json.text("text", row.content.text + "\n\nAcknowledge: " + job.public_url + row.content.acknowledge_path +
                        "\n\n(Possible repeat: an earlier attempt may have reached you.)\n");
  json.text("message_id", ended ? ended->reference : "");
  json.text("references", "<" + row.alert.str() + "." + std::to_string(row.episode) + "@harbour.example>");
  json.text("from", channel.settings["from"]).text("to", channel.settings["to"]).close_object();
  std::puts(json.str().c_str());
  return 0;
}
