#include "actors/logic/failure_words.hpp"

#include "protocol/types/http.hpp"
#include "protocol/types/observation.hpp"

#include <array>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr auto transport_words = std::to_array<std::pair<transport_error, std::string_view>>({
    {transport_error::dns, "Its name cannot be looked up"},
    {transport_error::refused_address, "Its address may not be connected to, see [egress] allow"},
    {transport_error::connect_refused, "The connection is refused"},
    {transport_error::connect_timeout, "The connection is not taken"},
    {transport_error::unreachable, "There is no way to its network"},
    {transport_error::tls_untrusted, "Its certificate is signed by nobody trusted"},
    {transport_error::tls_name, "Its certificate is for another name"},
    {transport_error::tls_expired, "Its certificate is not valid now"},
    {transport_error::tls_pin, "Its certificate is not the pinned one"},
    {transport_error::tls_other, "The encrypted connection cannot be set up"},
    {transport_error::reset, "It closes the connection"},
    {transport_error::timeout, "It does not answer in time"},
});
constexpr auto problem_words = std::to_array<std::pair<read_problem, std::string_view>>({
    {read_problem::not_asked, "It was not asked"},
    {read_problem::transport, "There is no answer"},
    {read_problem::unauthorized, "It refuses the login"},
    {read_problem::forbidden, "It forbids the read"},
    {read_problem::not_in_build, "It has no such part"},
    {read_problem::bad_request, "It does not understand the question"},
    {read_problem::throttled, "It asks for fewer questions"},
    {read_problem::server_error, "It answers with an error of its own"},
    {read_problem::not_json, "Another kind of page answers"},
    {read_problem::malformed, "Its answer cannot be read"},
    {read_problem::too_large, "Its answer is too large"},
    {read_problem::too_deep, "Its answer is too deeply nested"},
});

} // namespace

std::string_view failure_words(std::string_view code) {
  for (const auto& [error, words] : transport_words)
    if (name(error) == code) return words;
  for (const auto& [problem, words] : problem_words)
    if (name(problem) == code) return words;
  return {};
}

} // namespace ringdown::logic
