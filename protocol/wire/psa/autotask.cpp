// A conversation begins with the zone, where the tenant's database lives. From there:
//
//   fired, no ticket known      search -> (none) create; S-D2 where a create may have been taken
//   fired, ticket known         read -> note, or reopen and note (closed by us), or a ticket in its place (closed by hand)
//   a parent takes one over     read -> retitle -> note
//   acknowledged, updated       note
//   resolved                    read -> close, or nothing (closed by hand), or note (it is a parent's by now)
//   a test                      search -> create -> close
#include "protocol/wire/psa/autotask.hpp"

#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/psa/autotask_replies.hpp"
#include "protocol/wire/psa/autotask_requests.hpp"
#include "protocol/wire/psa/create_doubt.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::wire::psa {

namespace {

constexpr std::uint32_t tries_of_unknown_text = 5;
constexpr std::string_view no_login = "the API user, its secret or the integration code is not accepted";
constexpr std::string_view no_company =
    "no company: give the customer its number (company = \"...\" in its [[customer]]), or the channel a default "
    "company";
constexpr std::string_view ticket_gone = "the ticket is gone, somebody deleted it; nothing is opened in its place";

namespace phase {
constexpr std::string_view zone = "zone";
constexpr std::string_view search = "search";
constexpr std::string_view create = "create";
constexpr std::string_view read = "read";
constexpr std::string_view retitle = "retitle";
constexpr std::string_view reopen = "reopen";
constexpr std::string_view close = "close";
constexpr std::string_view sweep = "sweep";
constexpr std::string_view notes = "notes";
constexpr std::string_view note = "note";
constexpr std::string_view whole = "whole"; // read before a PUT
constexpr std::string_view put = "put";
} // namespace phase

enum class deed : std::uint8_t { open, note, close, try_out };

deed deed_of(notice_event event) {
  switch (event) {
    case notice_event::fired:
    case notice_event::escalated:
    case notice_event::summary: return deed::open;
    case notice_event::acknowledged:
    case notice_event::updated:
    case notice_event::reminder:
    case notice_event::handed_over: return deed::note;
    case notice_event::resolved: return deed::close;
    case notice_event::test: return deed::try_out;
  }
  return deed::note;
}

std::string noted(const conversation& at, const std::string& key) {
  const auto found = at.notes.find(key);
  return found == at.notes.end() ? std::string() : found->second;
}

// An attempt before this one, or one whose record was lost, may have written already.
bool repeats(const delivery& row) { return row.attempts > 1 || row.possible_repeat; }

// What is known of creates at the end of this attempt, unless the step says otherwise. An end without a known ticket comes
// after a fire that was never answered for.
create_doubt doubt_at(const delivery_job& job) {
  create_doubt doubt = doubt_of(job.row);
  if (doubt.is == create_state::clear && deed_of(job.row.event) == deed::close) doubt.is = create_state::doubtful;
  return doubt;
}

dialect_step end_with(const delivery_job& job, attempt_outcome outcome, const create_doubt& doubt) {
  if (outcome.kind != outcome_kind::accepted && outcome.kind != outcome_kind::refused)
    outcome.progress = written_down(job.row, doubt);
  return ended(std::move(outcome));
}

dialect_step end_with(const delivery_job& job, attempt_outcome outcome) {
  return end_with(job, std::move(outcome), doubt_at(job));
}

dialect_step refuse(int status, std::string_view why) { return ended(refused(status, why)); }

// Said before anything is asked: no answer could change it.
dialect_step refuse_without_company() {
  attempt_outcome outcome;
  outcome.kind = outcome_kind::refused;
  outcome.answer = no_company;
  return ended(std::move(outcome));
}

bool needs_company(const delivery_job& job) { return deed_of(job.row.event) != deed::close && company_of(job).empty(); }

dialect_step done(const conversation& at, int status) {
  attempt_outcome outcome = accepted(status, noted(at, "ticket"));
  outcome.remote = noted(at, "ticket");
  return ended(std::move(outcome));
}

// Which ticket a PATCH of this phase is about, and what it changes.
std::string patched_ticket(const conversation& at, std::string_view what) {
  return what == phase::sweep ? noted(at, "extra") : noted(at, "ticket");
}

std::vector<json_member> changes_of(const delivery_job& job, const conversation& at, std::string_view what) {
  if (what == phase::retitle) return adopting(job);
  if (what == phase::reopen) return reopening(job);
  if (what == phase::sweep) return closing_extra(job, noted(at, "ticket"));
  return closing(job);
}

http_request request_of(const delivery_job& job, const conversation& at) {
  const std::string zone = noted(at, "zone");
  const std::string ticket = noted(at, "ticket");
  const auto call = [&](http_method method, std::string_view path, std::string body = {}) {
    return api_request(job.channel, job.ca_file, method, zone, path, std::move(body));
  };
  const std::string_view what = at.phase;
  if (what == phase::zone) return zone_request(job.channel, job.base_url, job.ca_file);
  if (what == phase::search) return call(http_method::post, "Tickets/query", search_body(noted(at, "reference")));
  if (what == phase::create) return call(http_method::post, "Tickets", create_body(job, noted(at, "reference")));
  if (what == phase::read) return call(http_method::get, "Tickets/" + ticket);
  if (what == phase::notes) return call(http_method::get, fmt::format("Tickets/{}/Notes", ticket));
  if (what == phase::note) return call(http_method::post, fmt::format("Tickets/{}/Notes", ticket), note_body(job));
  if (what == phase::whole) return call(http_method::get, "Tickets/" + patched_ticket(at, noted(at, "patch")));
  if (what == phase::put) return call(http_method::put, "Tickets", noted(at, "whole"));
  return call(http_method::patch, "Tickets", patch_body(patched_ticket(at, what), changes_of(job, at, what)));
}

dialect_step go(const delivery_job& job, conversation at, std::string_view to) {
  at.phase = to;
  http_request request = request_of(job, at);
  return ask(std::move(request), std::move(at));
}

dialect_step search_for(const delivery_job& job, conversation at, std::string reference) {
  at.notes["reference"] = std::move(reference);
  return go(job, std::move(at), phase::search);
}

dialect_step add_note(const delivery_job& job, conversation at) {
  return go(job, std::move(at), repeats(job.row) ? phase::notes : phase::note);
}

// The first step behind the zone.
dialect_step begin(const delivery_job& job, conversation at) {
  if (job.row.remote.empty()) return search_for(job, std::move(at), reference_of(job.row));
  at.notes["ticket"] = job.row.remote;
  if (deed_of(job.row.event) == deed::note) return add_note(job, std::move(at));
  return go(job, std::move(at), phase::read);
}

dialect_step on_zone(const delivery_job& job, conversation at, const http_response& response) {
  const auto zone = read_zone(response.body);
  if (!zone) {
    attempt_outcome outcome = retry(response, job.now, "the zone cannot be read");
    return end_with(job, std::move(outcome));
  }
  if (!is_trusted_zone(*zone, job.base_url)) return refuse(response.status, "the zone is not a host of Autotask's");
  const std::string before = noted(at, "refused");
  if (before.empty()) {
    at.notes["zone"] = *zone;
    return begin(job, std::move(at));
  }
  // A 401 and the same zone again: the tenant has not moved.
  if (noted(at, "zone") == *zone) return refuse(401, no_login);
  at.notes["zone"] = *zone;
  return go(job, std::move(at), before);
}

// The tickets found for one reference: the first goes on, the others are closed.
dialect_step after_search(const delivery_job& job, conversation at, int status) {
  std::string extras = noted(at, "extras");
  if (!extras.empty()) {
    const auto end = std::min(extras.find(' '), extras.size());
    at.notes["extra"] = extras.substr(0, end);
    at.notes["extras"] = extras.substr(std::min(end + 1, extras.size()));
    return go(job, std::move(at), phase::sweep);
  }
  switch (deed_of(job.row.event)) {
    case deed::try_out: return go(job, std::move(at), phase::close);
    case deed::note: return add_note(job, std::move(at));
    case deed::close: return go(job, std::move(at), phase::read);
    case deed::open: break;
  }
  // Opened by the attempt before; nothing is left to say. In place of one that was closed, or of an earlier row: said there.
  if (repeats(job.row) || !noted(at, "replaces").empty()) return done(at, status);
  return go(job, std::move(at), phase::read);
}

dialect_step on_nothing_found(const delivery_job& job, conversation at, const http_response& response) {
  create_doubt doubt = doubt_at(job);
  const bool waited = doubt.is == create_state::searched_once && job.now - doubt.searched >= job.search_gap;
  if (doubt.is != create_state::clear && !waited) {
    if (doubt.is == create_state::doubtful) doubt = {create_state::searched_once, job.now};
    attempt_outcome outcome = retry(response, job.now, "no ticket found; searched again before one is opened");
    outcome.retry_after = doubt.searched + job.search_gap - job.now;
    return end_with(job, std::move(outcome), doubt);
  }
  if (deed_of(job.row.event) == deed::close) return ended(accepted(response.status, noted(at, "reference")));
  if (needs_company(job)) return refuse_without_company();
  return go(job, std::move(at), phase::create);
}

dialect_step on_search(const delivery_job& job, conversation at, const http_response& response) {
  const auto found = read_tickets(response.body);
  // Never "nothing found": a ticket would be opened twice.
  if (!found) return end_with(job, retry(response, job.now, "the search cannot be read"));
  if (found->empty()) return on_nothing_found(job, std::move(at), response);
  at.notes["ticket"] = std::to_string(found->front().id);
  std::string extras;
  for (const autotask_ticket& one : *found)
    if (one.id != found->front().id && one.status != ticket_complete)
      extras += (extras.empty() ? "" : " ") + std::to_string(one.id);
  at.notes["extras"] = extras;
  return after_search(job, std::move(at), response.status);
}

dialect_step on_created(const delivery_job& job, conversation at, const http_response& response) {
  const auto made = read_item_id(response.body);
  if (!made)
    return end_with(job, unknown(response.status, "without the ticket's number"), {create_state::doubtful, {}});
  at.notes["ticket"] = std::to_string(*made);
  if (deed_of(job.row.event) == deed::try_out) return go(job, std::move(at), phase::close);
  return done(at, response.status);
}

dialect_step reopened_or_replaced(const delivery_job& job, conversation at, const autotask_ticket& ticket) {
  // A parent's by now, and closed: this alert goes on by itself.
  if (!is_ours(ticket, job.row)) {
    at.notes["replaces"] = "1";
    return search_for(job, std::move(at), reference_of(job.row));
  }
  if (was_closed_by_us(ticket)) return go(job, std::move(at), phase::reopen);
  // What a person closed stays closed.
  at.notes["replaces"] = "1";
  return search_for(job, std::move(at), replacement_of(job.row));
}

dialect_step on_read(const delivery_job& job, conversation at, const http_response& response) {
  const auto read = read_ticket(response.body);
  if (!read) return end_with(job, retry(response, job.now, "the ticket cannot be read"));
  if (read->first == item_there::gone) return refuse(response.status, ticket_gone);
  const autotask_ticket& ticket = read->second;
  const bool complete = ticket.status == ticket_complete;
  const bool ours = is_ours(ticket, job.row);
  if (deed_of(job.row.event) == deed::close) {
    if (complete) return done(at, response.status);
    if (!ours && !job.row.adopts) return add_note(job, std::move(at));
    return go(job, std::move(at), phase::close);
  }
  if (complete) return reopened_or_replaced(job, std::move(at), ticket);
  if (job.row.adopts && !ours) return go(job, std::move(at), phase::retitle);
  return add_note(job, std::move(at));
}

dialect_step on_notes(const delivery_job& job, conversation at, const http_response& response) {
  const auto there = notes_hold(response.body, note_marker(job.row));
  if (!there) return end_with(job, retry(response, job.now, "the notes cannot be read"));
  if (*there) return done(at, response.status);
  return go(job, std::move(at), phase::note);
}

dialect_step on_noted(const delivery_job& job, const conversation& at, const http_response& response) {
  if (!read_item_id(response.body)) return end_with(job, unknown(response.status, "without the note's number"));
  return done(at, response.status);
}

// A PATCH or PUT of `what` was taken.
dialect_step after_change(const delivery_job& job, conversation at, std::string_view what, int status) {
  if (what == phase::sweep) return after_search(job, std::move(at), status);
  if (what == phase::close) return done(at, status);
  return add_note(job, std::move(at));
}

dialect_step on_whole(const delivery_job& job, conversation at, const http_response& response) {
  auto item = item_with(response.body, changes_of(job, at, noted(at, "patch")));
  if (!item) return end_with(job, retry(response, job.now, "the ticket cannot be read"));
  at.notes["whole"] = std::move(*item);
  return go(job, std::move(at), phase::put);
}

dialect_step on_success(const delivery_job& job, const conversation& at, const http_response& response) {
  const std::string_view what = at.phase;
  if (what == phase::zone) return on_zone(job, at, response);
  if (what == phase::search) return on_search(job, at, response);
  if (what == phase::create) return on_created(job, at, response);
  if (what == phase::read) return on_read(job, at, response);
  if (what == phase::notes) return on_notes(job, at, response);
  if (what == phase::note) return on_noted(job, at, response);
  if (what == phase::whole) return on_whole(job, at, response);
  // {"itemId"} or not: what was changed is asked for again by whoever needs it.
  return after_change(job, at, what == phase::put ? noted(at, "patch") : at.phase, response.status);
}

bool is_patch(std::string_view what) {
  return what == phase::retitle || what == phase::reopen || what == phase::close || what == phase::sweep;
}

// A create or a note that comes again is a second one; everything else may be repeated.
bool doubles(std::string_view what) { return what == phase::create || what == phase::note; }

constexpr std::size_t error_limit = 120; // an answer of the ledger has 200

// What their text says, in their words too: only there the field is named. A text that repeats a secret is kept back, also where
// the cut would go through it.
std::string words_for_ledger(const channel_config& channel, const error_reading& error) {
  const bool tells_a_secret = std::ranges::any_of(channel.secrets, [&](const auto& one) {
    return !one.second.empty() && error.text.find(one.second.reveal()) != std::string::npos;
  });
  return error.text.empty() || tells_a_secret ? error.words
                                              : fmt::format("{}: {}", error.words, one_line(error.text, error_limit));
}

attempt_outcome by_text(const delivery_job& job, const http_response& response) {
  const error_reading error = read_errors(response.body);
  const std::string words = words_for_ledger(job.channel, error);
  switch (error.is) {
    case error_class::permission:
    case error_class::invalid_value:
    case error_class::missing_value:
    case error_class::not_found: return refused(response.status, words);
    case error_class::busy:
    case error_class::no_text: return retry(response, job.now, words);
    case error_class::unknown: break;
  }
  if (job.row.attempts >= tries_of_unknown_text) return refused(response.status, words);
  return retry(response, job.now, words);
}

attempt_outcome outcome_of(const delivery_job& job, const conversation& at, const http_response& response) {
  const int status = response.status;
  if (status == 408 || status == 429 || status == 503) return retry(response, job.now, {});
  if (status == 500) return by_text(job, response);
  if ((status == 502 || status == 504) && doubles(at.phase)) return unknown(status, {});
  if (status > 500) return retry(response, job.now, {});
  if (status == 401) return refused(status, no_login);
  if (status == 404 && at.phase != phase::zone && at.phase != phase::search && at.phase != phase::create)
    return refused(status, ticket_gone);
  return refused(status, {});
}

dialect_step on_failure(const delivery_job& job, conversation at, const http_response& response) {
  if (response.status == 401 && at.phase != phase::zone && noted(at, "refused").empty()) {
    at.notes["refused"] = at.phase;
    return go(job, std::move(at), phase::zone);
  }
  if (response.status == 405 && is_patch(at.phase)) {
    at.notes["patch"] = at.phase;
    return go(job, std::move(at), phase::whole);
  }
  attempt_outcome outcome = outcome_of(job, at, response);
  const std::string what = at.phase == phase::put ? noted(at, "patch") : at.phase;
  // That one too many stays open keeps nobody from hearing the news.
  if (what == phase::sweep && outcome.kind == outcome_kind::refused)
    return after_search(job, std::move(at), response.status);
  if (at.phase != phase::create) return end_with(job, std::move(outcome));
  // Asked to come later, it was not taken; after any other failure it may have been.
  const bool not_taken = response.status == 429;
  return end_with(job, std::move(outcome), {not_taken ? create_state::clear : create_state::doubtful, {}});
}

dialect_step on_no_answer(const delivery_job& job, const conversation& at, const http_outcome& answer) {
  attempt_outcome outcome = without_response(answer);
  // Its host is told by the zone, not by any setting.
  if (const auto host = parse_url(request_of(job, at).url))
    outcome.answer = fmt::format("{}: {}", host->host, outcome.answer);
  if (!answer.sent) {
    // Steps before this one had their answers: this was an attempt.
    if (outcome.kind == outcome_kind::not_sent && at.phase != phase::zone) outcome.kind = outcome_kind::retry;
    return end_with(job, std::move(outcome),
                    at.phase == phase::create ? create_doubt{create_state::clear, {}} : doubt_at(job));
  }
  if (!doubles(at.phase)) outcome.kind = outcome_kind::retry;
  return end_with(job, std::move(outcome),
                  at.phase == phase::create ? create_doubt{create_state::doubtful, {}} : doubt_at(job));
}

} // namespace

dialect_step start_autotask(const delivery_job& job) {
  if (job.row.remote.empty() && needs_company(job)) return refuse_without_company();
  return go(job, {}, phase::zone);
}

dialect_step resume_autotask(const delivery_job& job, const conversation& at, const http_outcome& answer) {
  if (!answer.response) return on_no_answer(job, at, answer);
  const http_response& response = *answer.response;
  const bool good = response.status >= 200 && response.status <= 299;
  return good ? on_success(job, at, response) : on_failure(job, at, response);
}

} // namespace ringdown::wire::psa
