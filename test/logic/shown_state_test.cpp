// What people are shown of a resource while its PBX starts or cannot be read.
#include "actors/logic/shown_state.hpp"

#include "test/logic/observations.hpp"
#include "test/support/catch.hpp"

namespace ringdown {

using namespace test;

TEST_CASE("what is not judged yet, or cannot be read, is not shown as fine") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  const auto shown = [&](const resource_ref& ref) {
    return logic::shown_state(*std::ranges::find(pbx.stored.resources, ref, &resource_record::ref), pbx.stored.health);
  };
  const auto stale = [&](resource_kind kind) { return logic::is_stale(pbx.stored.health, kind); };
  CHECK(stale(resource_kind::trunk));
  pbx.see_for(poll().read(), 2);
  CHECK_FALSE(stale(resource_kind::trunk));
  CHECK(shown(trunk_1) == resource_state::starting);
  pbx.see_for(poll().read(), 7);
  CHECK(shown(trunk_1) == resource_state::registered);
  pbx.see(blind_services(poll().read()));
  CHECK(stale(resource_kind::service));
  CHECK_FALSE(stale(resource_kind::trunk));
}

TEST_CASE("a start is written twice, at its beginning and at its end, however often the PBX is polled meanwhile") {
  watched_instance pbx;
  pbx.see_for(login_failed(transport(transport_error::connect_refused)), 4);
  std::vector<bool> written;
  for (int i = 0; i < 40; ++i) {
    const auto news = pbx.see(with_trunks({down("1"), up("2")}), i < 2 ? 10s : 15s);
    if (news.health) written.push_back(news.health->starting);
  }
  // Contact again, reachable again, judged again.
  CHECK(written == std::vector<bool>{true, true, false});
}

} // namespace ringdown
