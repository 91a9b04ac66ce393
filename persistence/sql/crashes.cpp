#include "persistence/sql/store_impl.hpp"

namespace ringdown::persistence {

result<std::vector<crash_record>> sql_store::crashes() {
  return guard([&]() -> result<std::vector<crash_record>> {
    std::vector<crash_record> all;
    db_->rows("select actor, count, last from crash order by actor", [&](columns& row) {
      crash_record one;
      one.actor = row.text();
      one.count = row.as<std::uint32_t>();
      one.last = row.time();
      all.push_back(std::move(one));
    });
    return all;
  });
}

result<void> sql_store::note_crash(const std::optional<fence>& owner, const tenant_id& tenant, const std::string& actor,
                                   wall_time at) {
  return guard([&] {
    return transact([&]() -> result<void> {
      if (auto ours = owner ? holds_or_held_last(*owner) : result<void>(); !ours) return ours;
      db_->post(
          "insert into crash(actor, tenant, count, last) values(?,?,1,?) on conflict(actor) do update set count = "
          "crash.count + 1, last = excluded.last",
          actor, tenant, at);
      return {};
    });
  });
}

result<void> sql_store::forget_crashes(const fence& owner, const std::string& actor) {
  return guard([&] {
    return transact([&]() -> result<void> {
      if (auto ours = holds_or_held_last(owner); !ours) return ours;
      db_->post("delete from crash where actor = ?", actor);
      return {};
    });
  });
}

} // namespace ringdown::persistence
