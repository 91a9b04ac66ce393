#include "bin/ringdownctl/tenant_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace ringdown::ctl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_secret = 64 << 10;

api::secret_answer secret_in_file(const std::string& file, const std::string& named) {
  const fs::path given(named);
  const fs::path path = given.is_absolute() ? given : fs::absolute(file).parent_path() / given;
  std::error_code none;
  if (!fs::is_regular_file(path, none))
    return {std::nullopt, fmt::format("no file {}", path.lexically_normal().string())};
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return {std::nullopt, fmt::format("cannot read {}", path.lexically_normal().string())};
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty() || text.size() > longest_secret)
    return {std::nullopt, fmt::format("{} must hold the secret and nothing else", path.lexically_normal().string())};
  return {secret_text(std::move(text)), {}};
}

api::secret_answer secret_in_variable(const environment& variables, const std::string& name) {
  std::string text = variables(name.c_str());
  if (text.empty()) return {std::nullopt, fmt::format("the environment has no {}", name)};
  return {secret_text(std::move(text)), {}};
}

api::secret_lookup lookup_for(const std::string& file, const environment& variables) {
  return [file, variables](const std::string& kind, const std::string& what) -> api::secret_answer {
    if (kind == "file") return secret_in_file(file, what);
    if (kind == "env") return secret_in_variable(variables, what);
    return {}; // only the daemon has it
  };
}

} // namespace

found_files find_files(const std::vector<std::string>& paths) {
  found_files found;
  for (const std::string& path : paths) {
    std::error_code none;
    if (fs::is_regular_file(path, none)) {
      found.files.push_back(path);
      continue;
    }
    if (!fs::is_directory(path, none)) {
      found.errors.push_back({path, 0, "no such file or folder"});
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : fs::directory_iterator(path, none))
      if (entry.path().extension() == ".toml" && entry.is_regular_file(none)) inside.push_back(entry.path().string());
    if (none)
      found.errors.push_back({path, 0, "cannot be read: " + none.message()});
    else if (inside.empty())
      found.errors.push_back({path, 0, "holds no *.toml file"});
    std::ranges::sort(inside);
    found.files.insert(found.files.end(), inside.begin(), inside.end());
  }
  return found;
}

tenant_sources read_tenants(const std::vector<std::string>& files, const environment& variables,
                            api::callback_reach reach) {
  tenant_sources read;
  std::map<tenant_id, std::string> seen;
  for (const std::string& file : files) {
    const auto text = api::read_whole_file(file);
    if (!text) {
      read.errors.push_back({file, 0, "cannot be read"});
      continue;
    }
    const auto lookup = lookup_for(file, variables);
    // The daemon alone knows its [limits]; it checks them again.
    auto parsed = api::parse_tenant_file(*text, {file, timing{}, std::chrono::milliseconds(100)}, lookup);
    read.errors.insert(read.errors.end(), parsed.errors.begin(), parsed.errors.end());
    if (!parsed.config) continue;
    const auto [other, is_new] = seen.try_emplace(parsed.config->id, file);
    if (!is_new)
      read.errors.push_back(
          {file, 0, fmt::format("tenant \"{}\" is also in {}", parsed.config->id.str(), other->second)});
    auto made = api::canonical(*text, file, lookup);
    read.errors.insert(read.errors.end(), made.errors.begin(), made.errors.end());
    read.tenants.push_back({file, parsed.config->id, std::move(made.text), std::move(made.secrets),
                            api::warnings_of(*parsed.config, reach)});
  }
  return read;
}

} // namespace ringdown::ctl
