#include "actors/api/tenant_file.hpp"

#include "test/fuzz/fuzz.hpp"

// Read as a tenant file; what is sound is written again and must say the same.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  using namespace ringdown::api;
  const std::string text = fuzz::text_of(data, size);
  const auto lookup = [](const std::string& /*kind*/, const std::string& /*what*/) {
    return secret_answer{secret_text("whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"), {}};
  };
  const tenant_file_options options{"fuzz.toml", timing{}, std::chrono::seconds(5)};
  const auto read = parse_tenant_file(text, options, lookup);
  fuzz::must(read.config.has_value() == read.errors.empty());
  const auto made = canonical(text, "fuzz.toml", lookup);
  if (!made.errors.empty()) return 0;
  const auto objects = split_objects(made.text);
  const std::string joined = join_objects(objects);
  fuzz::must(split_objects(joined) == objects);
  if (read.config) fuzz::must(parse_tenant_file(joined, options, lookup).config.has_value());
  return 0;
}
