#include "persistence/cursor.hpp"
#include "persistence/sqlite/store_impl.hpp"

#include <sodium.h>

namespace ringdown::persistence {

namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

// SHA-256 over the hash before, the sequence, and every field with its length: no two rows can be read as each other.
std::string link_of(const std::string& before, const tenant_id& tenant, std::uint64_t sequence, const audit_entry& e) {
  std::string text = before;
  for (const std::string& part :
       {tenant.str(), std::to_string(sequence), std::to_string(micros(e.at)), e.actor, e.action, e.subject, e.detail})
    text += std::to_string(part.size()) + ":" + part;
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size());
  return hash;
}

audit_entry read_entry(columns& row) {
  audit_entry e;
  e.at = row.time();
  e.actor = row.text();
  e.action = row.text();
  e.subject = row.text();
  e.detail = row.text();
  return e;
}

constexpr std::size_t most_reported = 100;

} // namespace

sqlite_store::chain_end& sqlite_store::end_of(const tenant_id& tenant) {
  const auto [at, fresh] = chains_.try_emplace(tenant);
  if (fresh)
    db_->rows(
        "select seq, hash from audit where tenant = ? order by seq desc limit 1",
        [&](columns& row) {
          at->second.sequence = row.as<std::uint64_t>();
          at->second.hash = row.text();
        },
        tenant);
  return at->second;
}

void sqlite_store::append_audit(const tenant_id& tenant, const audit_entry& e) {
  chain_end& end = end_of(tenant);
  const std::uint64_t sequence = end.sequence + 1;
  std::string hash = link_of(end.hash, tenant, sequence, e);
  db_->run("insert into audit(tenant, seq, at, actor, action, subject, detail, hash) values(?,?,?,?,?,?,?,?)", tenant,
           sequence, e.at, e.actor, e.action, e.subject, e.detail, blob{hash});
  end = {sequence, std::move(hash)};
}

result<page<audit_row>> sqlite_store::audit(const audit_query& query) {
  return guard([&]() -> result<page<audit_row>> {
    page<audit_row> found;
    const auto before = read_number(query.cursor, INT64_MAX);
    if (!before) return foreign_cursor();
    db_->rows(
        "select seq, at, actor, action, subject, detail, hash from audit where tenant = ? and seq < ? order by seq "
        "desc limit ?",
        [&](columns& row) {
          audit_row one;
          one.sequence = row.as<std::uint64_t>();
          one.entry = read_entry(row);
          one.hash = hex(row.text());
          found.items.push_back(std::move(one));
        },
        query.tenant, *before, query.limit + 1);
    end_page(found, query.limit, [](const audit_row& last) { return std::to_string(last.sequence); });
    return found;
  });
}

result<audit_verdict> sqlite_store::verify_audit() {
  return guard([&]() -> result<audit_verdict> {
    audit_verdict verdict;
    tenant_id walking;
    chain_end end;
    db_->rows("select tenant, seq, at, actor, action, subject, detail, hash from audit order by tenant, seq",
              [&](columns& row) {
                const auto tenant = row.id<tenant_id>();
                if (tenant != walking) end = {};
                walking = tenant;
                const auto sequence = row.as<std::uint64_t>();
                const audit_entry entry = read_entry(row);
                std::string hash = row.text();
                ++verdict.checked;
                const bool fits = sequence == end.sequence + 1 && hash == link_of(end.hash, tenant, sequence, entry);
                if (!fits && verdict.broken.size() < most_reported)
                  verdict.broken.push_back(tenant.str() + " #" + std::to_string(sequence) + " (" + rfc3339(entry.at) +
                                           " " + entry.action + ")");
                end = {sequence, std::move(hash)};
              });
    return verdict;
  });
}

} // namespace ringdown::persistence
