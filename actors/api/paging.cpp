#include "actors/api/paging.hpp"

#include <charconv>

namespace ringdown::api {

result<page_request> page_asked(const server_request& request, std::size_t usual) {
  page_request asked{usual, parameter(request, "cursor")};
  const std::string text = parameter(request, "limit");
  if (text.empty()) return asked;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), asked.limit);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  if (!whole || asked.limit < 1 || asked.limit > longest_page)
    return failure{failure_kind::invalid, "limit: a whole number from 1 to 1000"};
  return asked;
}

} // namespace ringdown::api
