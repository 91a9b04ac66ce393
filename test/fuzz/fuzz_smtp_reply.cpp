#include "protocol/types/mail.hpp"

#include "test/fuzz/fuzz.hpp"

#include <algorithm>

// A line that a mail server said: what is taken from it is a short code and nothing else of it. Read as an address, what
// passes cannot end the command it stands in.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::string text = fuzz::text_of(data, size);
  const std::string code = enhanced_code(text);
  const auto of_a_code = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  fuzz::must(code.size() <= 9 && std::ranges::all_of(code, of_a_code));
  fuzz::must(code.empty() || (std::ranges::count(code, '.') == 2 && code.front() == text.front()));
  if (is_mailbox(text) || is_mail_name(text))
    fuzz::must(std::ranges::none_of(text, [](char c) { return c <= ' ' || c == '<' || c == '>' || c == '\x7F'; }));
  return 0;
}
