#include "persistence/cursor.hpp"
#include "persistence/sql/store_impl.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

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

constexpr row_statement audit_row_of_chain{
    "insert into audit(tenant, seq, at, actor, action, subject, detail, hash) values(?,?,?,?,?,?,?,?)",
    row_kind::inserted};
constexpr std::size_t most_reported = 100;
constexpr std::string_view all_tenants; // whose head counts the heads

void report(audit_verdict& verdict, std::string text) {
  if (verdict.broken.size() < most_reported) verdict.broken.push_back(std::move(text));
}

} // namespace

// What only the holder of the key can say of a chain's end.
std::string sql_store::mac_of(std::string_view tenant, std::uint64_t sequence, std::string_view hash) const {
  std::string text = std::string(tenant) + "|" + std::to_string(sequence) + "|";
  text += hash;
  const auto mac = box_.sign("audit-head", text);
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

std::optional<sql_store::chain_head> sql_store::head_of(std::string_view tenant) {
  std::optional<chain_head> head;
  db_->rows(
      "select seq, mac from audit_head where tenant = ?",
      [&](columns& row) {
        const auto sequence = row.as<std::uint64_t>();
        head = chain_head{sequence, row.text()};
      },
      tenant);
  return head;
}

void sql_store::write_head(std::string_view tenant, std::uint64_t sequence, std::string_view hash) {
  db_->post(
      "insert into audit_head(tenant, seq, mac) values(?,?,?) on conflict(tenant) do update set seq = excluded.seq, "
      "mac = excluded.mac",
      tenant, sequence, blob{mac_of(tenant, sequence, hash)});
}

std::uint64_t sql_store::count_heads() {
  std::uint64_t count = 0;
  db_->rows("select count(*) from audit_head where tenant <> ''",
            [&](columns& row) { count = row.as<std::uint64_t>(); });
  return count;
}

bool sql_store::ends_well(const tenant_id& tenant, const chain_end& end, const std::optional<chain_head>& head) const {
  if (!head) return end.sequence == 0;
  return head->sequence == end.sequence && head->mac == mac_of(tenant.str(), end.sequence, end.hash);
}

sql_store::chain_end& sql_store::end_of(const tenant_id& tenant) {
  const auto [at, fresh] = chains_.try_emplace(tenant);
  if (!fresh) return at->second;
  chain_end& end = at->second;
  db_->hold("chain/" + tenant.str(), hold_kind::alone);
  db_->rows(
      "select seq, hash from audit where tenant = ? order by seq desc limit 1",
      [&](columns& row) {
        end.sequence = row.as<std::uint64_t>();
        end.hash = row.text();
      },
      tenant);
  const auto head = head_of(tenant.str());
  // Going on as if nothing were wrong would sign what somebody cut or forged: a number left out shows it for ever.
  if (!ends_well(tenant, end, head)) end.sequence = std::max(end.sequence, head ? head->sequence : 0) + 1;
  return end;
}

void sql_store::append_audit(const tenant_id& tenant, const audit_entry& e) {
  chain_end& end = end_of(tenant);
  const std::uint64_t sequence = end.sequence + 1;
  std::string hash = link_of(end.hash, tenant, sequence, e);
  db_->gather(audit_row_of_chain, {}, tenant, sequence, e.at, e.actor, e.action, e.subject, e.detail, blob{hash});
  end = {sequence, std::move(hash)};
  grown_.tenants.insert(tenant);
  grown_.begun = grown_.begun || sequence == 1;
}

// One signature for all rows of a transaction: they become durable together.
void sql_store::sign_chains() {
  if (grown_.begun) db_->hold("chain/", hold_kind::alone); // after those of tenants, so that nobody waits in a ring
  for (const tenant_id& tenant : grown_.tenants) {
    const chain_end& end = chains_.at(tenant);
    write_head(tenant.str(), end.sequence, end.hash);
  }
  if (grown_.begun) write_head(all_tenants, count_heads(), "");
}

result<page<audit_row>> sql_store::audit(const audit_query& query) {
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

void sql_store::verify_end(const tenant_id& tenant, const chain_end& end, audit_verdict& verdict) {
  const auto head = head_of(tenant.str());
  if (ends_well(tenant, end, head)) return;
  if (!head)
    report(verdict, tenant.str() + ": nothing says where its chain ends");
  else if (head->sequence != end.sequence)
    report(verdict, tenant.str() + ": ends at #" + std::to_string(end.sequence) + ", and was written up to #" +
                        std::to_string(head->sequence));
  else
    report(verdict, tenant.str() + ": its end was not signed with this key");
}

// Tenants of whom not one entry is left, and whether any head is missing.
void sql_store::verify_heads(audit_verdict& verdict) {
  std::vector<std::string> empty;
  db_->rows(
      "select tenant from audit_head h where tenant <> '' and not exists(select 1 from audit a where a.tenant = "
      "h.tenant) order by tenant",
      [&](columns& row) { empty.push_back(row.text()); });
  for (const std::string& one : empty) verify_end(tenant_id(one), {}, verdict);
  const auto total = head_of(all_tenants);
  const std::uint64_t count = count_heads();
  const bool fits = total ? total->sequence == count && total->mac == mac_of(all_tenants, count, "") : count == 0;
  if (!fits)
    report(verdict, "entries of " + std::to_string(count) + " tenants, and there were those of " +
                        std::to_string(total ? total->sequence : 0));
}

result<audit_verdict> sql_store::verify_audit() {
  return guard([&]() -> result<audit_verdict> {
    // One view for rows and heads, whatever is written meanwhile.
    const transaction view(*db_, transaction_kind::snapshot);
    audit_verdict verdict;
    tenant_id walking;
    chain_end end;
    const auto close = [&] {
      if (end.sequence > 0) verify_end(walking, end, verdict);
    };
    db_->rows("select tenant, seq, at, actor, action, subject, detail, hash from audit order by tenant, seq",
              [&](columns& row) {
                const auto tenant = row.id<tenant_id>();
                if (tenant != walking) {
                  close();
                  end = {};
                }
                walking = tenant;
                const auto sequence = row.as<std::uint64_t>();
                const audit_entry entry = read_entry(row);
                std::string hash = row.text();
                ++verdict.checked;
                if (sequence != end.sequence + 1 || hash != link_of(end.hash, tenant, sequence, entry))
                  report(verdict, tenant.str() + " #" + std::to_string(sequence) + " (" + rfc3339(entry.at) + " " +
                                      entry.action + ")");
                end = {sequence, std::move(hash)};
              });
    close();
    verify_heads(verdict);
    return verdict;
  });
}

} // namespace ringdown::persistence
