#include "persistence/cursor.hpp"
#include "persistence/sql/store_impl.hpp"

namespace ringdown::persistence {

namespace {

std::string text_of(const auto& id) { return id ? id->str() : std::string(); }

// Two statements, so that the deliveries of one alert are found by index among millions.
constexpr const char* of_one_alert = "select " RINGDOWN_DELIVERY_COLUMNS
                                     ", owner, epoch, claimed_at, ended, seq from delivery "
                                     "where seq in (select d.seq from delivery d where d.alert = ?1 union "
                                     "select d.seq from delivery_cover c join delivery d on d.tenant = c.tenant and "
                                     "d.id = c.delivery where c.alert = ?1) "
                                     "and seq < ?2 and (?3 = '' or tenant = ?3) and (?4 = '' or channel = ?4) and "
                                     "(?5 = '' or state = ?5) order by seq desc limit ?6";
constexpr const char* of_any = "select " RINGDOWN_DELIVERY_COLUMNS
                               ", owner, epoch, claimed_at, ended, seq from delivery "
                               "where ?1 = '' and seq < ?2 and (?3 = '' or tenant = ?3) and (?4 = '' or channel = "
                               "?4) and (?5 = '' or state = ?5) order by seq desc limit ?6";

} // namespace

result<page<alert>> sql_store::alerts(const alert_query& query) {
  return guard([&]() -> result<page<alert>> {
    page<alert> found;
    const auto beyond = read_cursor(query.cursor, 3);
    const auto before = beyond ? read_number((*beyond)[0], INT64_MAX) : std::nullopt;
    if (!before) return foreign_cursor();
    db_->rows(
        "select " RINGDOWN_ALERT_COLUMNS
        " from alert where (?1 = '' or tenant = ?1) and (?2 = '' or instance = ?2) and (?3 = 0 or phase <> 'resolved') "
        "and opened <= ?4 and (opened < ?4 or (tenant, id) > (?5, ?6)) order by opened desc, tenant, id limit ?7",
        [&](columns& row) { found.items.push_back(read_alert(row)); }, text_of(query.tenant), text_of(query.instance),
        query.open_only, *before, (*beyond)[1], (*beyond)[2], query.limit + 1);
    end_page(found, query.limit, [](const alert& last) {
      return write_cursor({std::to_string(micros(last.opened)), last.tenant.str(), last.id.str()});
    });
    return found;
  });
}

result<std::optional<alert>> sql_store::find_alert(const alert_id& id) {
  return guard([&]() -> result<std::optional<alert>> {
    std::optional<alert> found;
    db_->rows(
        "select " RINGDOWN_ALERT_COLUMNS " from alert where id = ? limit 1",
        [&](columns& row) { found = read_alert(row); }, id);
    return found;
  });
}

result<page<delivery_row>> sql_store::deliveries(const delivery_query& query) {
  return guard([&]() -> result<page<delivery_row>> {
    page<delivery_row> found;
    std::int64_t last = 0;
    const auto before = read_number(query.cursor, INT64_MAX);
    if (!before) return foreign_cursor();
    db_->rows(
        query.alert ? of_one_alert : of_any,
        [&](columns& row) {
          found.items.push_back(read_delivery_row(row));
          if (found.items.size() <= query.limit) last = row.number();
        },
        text_of(query.alert), *before, text_of(query.tenant), text_of(query.channel),
        query.state ? name(*query.state) : std::string_view(), query.limit + 1);
    end_page(found, query.limit, [&](const delivery_row&) { return std::to_string(last); });
    return found;
  });
}

result<std::optional<delivery_row>> sql_store::find_delivery(const delivery_id& id) {
  return guard([&]() -> result<std::optional<delivery_row>> {
    std::optional<delivery_row> found;
    db_->rows(
        "select " RINGDOWN_DELIVERY_COLUMNS ", owner, epoch, claimed_at, ended from delivery where id = ? limit 1",
        [&](columns& row) { found = read_delivery_row(row); }, id);
    return found;
  });
}

result<std::vector<attempt>> sql_store::attempts(const delivery_id& id) {
  return guard([&]() -> result<std::vector<attempt>> {
    std::vector<attempt> found;
    db_->rows(
        "select number, started, ended, outcome, status, address, answer from attempt where row in (select seq from "
        "delivery where id = ?) order by "
        "number, started",
        [&](columns& row) {
          attempt a;
          a.delivery = id;
          a.number = row.as<std::uint32_t>();
          a.started = row.time();
          a.ended = row.time();
          a.outcome = row.named(parse_outcome_kind);
          a.status = row.as<int>();
          a.address = row.text();
          a.answer = row.text();
          found.push_back(std::move(a));
        },
        id);
    return found;
  });
}

result<std::vector<decision>> sql_store::decisions(const alert_id& id) {
  return guard([&]() -> result<std::vector<decision>> {
    std::vector<decision> found;
    db_->rows(
        "select alert, episode, version, event, channel, target, deciding, gates, detail, made, at from decision where "
        "alert = ? order by seq",
        [&](columns& row) {
          decision d;
          d.alert = row.id<alert_id>();
          d.episode = row.as<std::uint32_t>();
          d.version = row.as<std::uint32_t>();
          d.event = row.named(parse_notice_event);
          d.channel = row.id<channel_id>();
          d.target = row.text();
          d.deciding = row.named(parse_reason);
          d.gates = row.text();
          d.detail = row.text();
          d.made = row.id<delivery_id>();
          d.at = row.time();
          found.push_back(std::move(d));
        },
        id);
    return found;
  });
}

result<store_figures> sql_store::figures(wall_time now) {
  return guard([&]() -> result<store_figures> {
    store_figures seen;
    db_->rows("select level, count(*) from alert where phase <> 'resolved' group by level", [&](columns& row) {
      const auto level = row.named(parse_severity);
      seen.open_alerts[level] = row.as<std::size_t>();
    });
    db_->rows("select state, count(*) from delivery where seq > 0 group by state", [&](columns& row) {
      const auto state = row.named(parse_delivery_state);
      seen.deliveries[state] = row.as<std::size_t>();
    });
    db_->rows(
        "select min(created) from delivery where state = 'pending' and not_before <= ?",
        [&](columns& row) { seen.oldest_pending = row.maybe_time(); }, now);
    // A removed tenant's silence is nobody's.
    db_->rows(
        "select count(*) from mute where scope = 'everything' and until > ? and tenant in (select tenant from "
        "config_document)",
        [&](columns& row) { seen.silenced_tenants = row.as<std::size_t>(); }, now);
    return seen;
  });
}

} // namespace ringdown::persistence
