#include "protocol/wire/form.hpp"

#include "test/fuzz/fuzz.hpp"

// What a provider posts to us without being known yet: read whole or not at all, and what is written again reads the same.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const auto fields = wire::read_form(fuzz::text_of(data, size));
  if (!fields) return 0;
  fuzz::must(fields->size() <= wire::most_form_fields);
  const std::string again = wire::write_form(*fields);
  if (again.size() <= wire::largest_form) fuzz::must(wire::read_form(again) == *fields || fields->empty());
  return 0;
}
