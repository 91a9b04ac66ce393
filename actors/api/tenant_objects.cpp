// A tenant's file as it is stored: secrets apart, one object per thing with an id.
#include "actors/api/tenant_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <utility>

namespace ringdown::api {

namespace {

constexpr std::array<std::string_view, 5> listed{"customer", "instance", "user", "channel", "provider"};
constexpr std::array<std::string_view, 7> single{"tenant", "timing",     "severity", "oncall",
                                                 "voice",  "escalation", "routing"};

// One spelling for equal content: everything inside an object stands on its line, however it was written.
void make_inline(toml::node& node) {
  if (toml::array* list = node.as_array()) {
    for (toml::node& one : *list) make_inline(one);
  } else if (toml::table* table = node.as_table()) {
    for (auto&& [key, value] : *table) make_inline(value);
    table->is_inline(true);
  }
}

void make_inner_inline(toml::table& object) {
  for (auto&& [key, value] : object) make_inline(value);
  object.is_inline(false);
}

void make_canonical(toml::table& file) {
  for (auto&& [kind, value] : file) {
    if (toml::table* one = value.as_table()) make_inner_inline(*one);
    toml::array* list = value.as_array();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
      if (toml::table* one = list->get_as<toml::table>(i)) make_inner_inline(*one);
  }
}

// Strings between double quotes on one line, integers in decimal. The store looks for names of secrets in that form.
std::string write(const toml::table& table) {
  std::ostringstream out;
  out << toml::toml_formatter(table, toml::format_flags::allow_unicode_strings);
  return out.str();
}

// { file } and { env } of one table become { secret = "<kind>.<id>.<field>" }.
void name_secrets(toml::table& table, const std::string& prefix, const secret_lookup& secrets, fault_list& faults,
                  std::map<std::string, secret_text>& found) {
  for (auto&& [key, value] : table) {
    toml::table* inner = value.as_table();
    if (inner == nullptr || inner->size() != 1) continue;
    for (const char* kind : {"file", "env"}) {
      const auto what = (*inner)[kind].value<std::string>();
      if (!what) continue;
      const std::string name = prefix + "." + std::string(key.str());
      auto answer = secrets(kind, *what);
      if (answer.value)
        found[name] = std::move(*answer.value);
      else
        faults.add(&value, name + ": " + answer.problem);
      inner->clear();
      inner->insert("secret", name);
      break;
    }
  }
}

void make_absolute(toml::table& instance, const std::string& path) {
  toml::table* tls = instance["tls"].as_table();
  const auto file = tls == nullptr ? std::optional<std::string>() : (*tls)["ca_file"].value<std::string>();
  if (!file || std::filesystem::path(*file).is_absolute()) return;
  tls->insert_or_assign("ca_file", (std::filesystem::absolute(path).parent_path() / *file).lexically_normal().string());
}

} // namespace

canonical_file canonical(const std::string& text, const std::string& path, const secret_lookup& secrets) {
  canonical_file made;
  fault_list faults(path);
  auto table = parse_toml(text, faults);
  if (table) {
    for (const std::string_view kind : listed) {
      toml::array* list = (*table)[kind].as_array();
      for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        toml::table* one = list->get_as<toml::table>(i);
        if (one == nullptr) continue;
        name_secrets(*one, std::string(kind) + "." + (*one)["id"].value_or(std::string("?")), secrets, faults,
                     made.secrets);
        if (kind == "instance") make_absolute(*one, path);
      }
    }
    make_canonical(*table);
    made.text = write(*table) + "\n";
  }
  made.errors = faults.take();
  return made;
}

std::vector<tenant_object> split_objects(const std::string& canonical_text) {
  std::vector<tenant_object> objects;
  fault_list faults("");
  auto table = parse_toml(canonical_text, faults);
  if (!table) return objects;
  make_canonical(*table);
  for (const std::string_view kind : single)
    if (const toml::table* one = (*table)[kind].as_table()) objects.push_back({std::string(kind), "", write(*one)});
  for (const std::string_view kind : listed) {
    const toml::array* list = (*table)[kind].as_array();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
      if (const toml::table* one = list->get_as<toml::table>(i))
        objects.push_back({std::string(kind), (*one)["id"].value_or(std::string()), write(*one)});
  }
  return objects;
}

std::string join_objects(const std::vector<tenant_object>& objects) { return with_objects("", objects); }

std::string with_objects(const std::string& text, const std::vector<tenant_object>& more) {
  fault_list faults("");
  auto all = parse_toml(text, faults);
  if (!all) return text;
  for (const tenant_object& object : more) {
    auto body = parse_toml(object.body, faults);
    if (!body) continue;
    if (std::ranges::find(single, object.kind) != single.end()) {
      all->insert_or_assign(object.kind, std::move(*body));
      continue;
    }
    if (!all->contains(object.kind)) all->insert(object.kind, toml::array());
    if (toml::array* list = (*all)[object.kind].as_array()) list->push_back(std::move(*body));
  }
  make_canonical(*all);
  return write(*all) + "\n";
}

std::vector<object_change> diff_objects(const std::vector<tenant_object>& before,
                                        const std::vector<tenant_object>& after) {
  std::vector<object_change> changes;
  const auto same_thing = [](const tenant_object& a) {
    return [&a](const tenant_object& b) { return a.kind == b.kind && a.id == b.id; };
  };
  for (const tenant_object& one : after) {
    const auto was = std::ranges::find_if(before, same_thing(one));
    if (was == before.end())
      changes.push_back({"add", one.kind, one.id});
    else if (was->body != one.body)
      changes.push_back({"change", one.kind, one.id});
  }
  for (const tenant_object& one : before)
    if (std::ranges::none_of(after, same_thing(one))) changes.push_back({"remove", one.kind, one.id});
  return changes;
}

} // namespace ringdown::api
