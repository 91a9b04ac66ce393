// What is asked of Autotask's REST API, from a delivery to bytes. One function per step of a conversation.
#pragma once

#include "protocol/wire/dialect.hpp"
#include "protocol/wire/psa/autotask_replies.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::wire::psa {

inline constexpr std::size_t autotask_title_limit = 255;
inline constexpr std::size_t autotask_text_limit = 8000;
inline constexpr std::size_t autotask_body_limit = 48 << 10;

// Where a channel's zone is asked for: the vendor's own host, or what the node says.
[[nodiscard]] http_request zone_request(const channel_config& channel, const std::string& base_url,
                                        const std::string& ca_file);

// May our credentials go there? Autotask's own hosts, or the one that the node says.
[[nodiscard]] bool is_trusted_zone(std::string_view url, std::string_view base_url);

// A request with the channel's credentials. `path` begins behind the zone's URL: "Tickets/query".
[[nodiscard]] http_request api_request(const channel_config& channel, const std::string& ca_file, http_method method,
                                       std::string_view zone, std::string_view path, std::string body = {});

// Our name of the episode, at most 50 characters: "rd-al_...-2"; of a test its delivery's.
[[nodiscard]] std::string reference_of(const delivery& row);
// Of the ticket that takes the place of one that somebody closed: "rd-al_...-2.4".
[[nodiscard]] std::string replacement_of(const delivery& row);
// Was that ticket opened for this episode, or has it no reference at all?
[[nodiscard]] bool is_ours(const autotask_ticket& ticket, const delivery& row);

// Whose ticket it becomes: the customer's company, else the channel's; a test goes to one's own. Empty: nobody said.
[[nodiscard]] std::string company_of(const delivery_job& job);

[[nodiscard]] std::string search_body(std::string_view reference);
[[nodiscard]] std::string create_body(const delivery_job& job, std::string_view reference);
[[nodiscard]] std::string note_body(const delivery_job& job);
// A page of the active ones, behind the number `after` if there is one.
inline constexpr std::size_t autotask_company_page = 500; // the most Autotask gives
[[nodiscard]] std::string companies_body(std::string_view after);

// What a PATCH changes, or a PUT replaces.
[[nodiscard]] std::vector<json_member> closing(const delivery_job& job);
[[nodiscard]] std::vector<json_member> closing_extra(const delivery_job& job, std::string_view kept);
[[nodiscard]] std::vector<json_member> reopening(const delivery_job& job);
[[nodiscard]] std::vector<json_member> adopting(const delivery_job& job);
[[nodiscard]] std::string patch_body(std::string_view ticket, const std::vector<json_member>& changed);

// Stands at the end of every resolution of ours: what has it was closed by us.
[[nodiscard]] bool was_closed_by_us(const autotask_ticket& ticket);

// Stands in a note, so that one whose answer was lost is found again.
[[nodiscard]] std::string note_marker(const delivery& row);

} // namespace ringdown::wire::psa
