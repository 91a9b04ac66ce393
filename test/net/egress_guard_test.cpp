#include "actors/net/egress_guard.hpp"

#include "test/support/catch.hpp"

#include <utility>

using namespace ringdown;
using namespace ringdown::net;

namespace {

bool permits(const egress_guard& guard, const char* address, egress_class as) {
  return guard.permits(*parse_address(address), as);
}

} // namespace

TEST_CASE("every address is of the kind the registries say", "[net][egress]") {
  using enum address_kind;
  const auto [address, kind] = GENERATE(table<const char*, address_kind>({{"8.8.8.8", global},
                                                                          {"1.1.1.1", global},
                                                                          {"100.63.255.255", global},
                                                                          {"100.128.0.0", global},
                                                                          {"172.15.0.1", global},
                                                                          {"172.32.0.1", global},
                                                                          {"192.167.1.1", global},
                                                                          {"223.255.255.1", global},
                                                                          {"10.0.0.1", site},
                                                                          {"172.16.0.1", site},
                                                                          {"172.31.255.1", site},
                                                                          {"192.168.1.1", site},
                                                                          {"100.64.0.1", site},
                                                                          {"100.127.255.255", site},
                                                                          {"fc00::1", site},
                                                                          {"fd12:3456::1", site},
                                                                          {"0.0.0.0", special},
                                                                          {"0.1.2.3", special},
                                                                          {"127.0.0.1", special},
                                                                          {"127.255.0.1", special},
                                                                          {"169.254.169.254", special},
                                                                          {"192.0.0.1", special},
                                                                          {"192.0.2.1", special},
                                                                          {"192.88.99.1", special},
                                                                          {"198.18.0.1", special},
                                                                          {"198.19.255.1", special},
                                                                          {"198.51.100.1", special},
                                                                          {"203.0.113.1", special},
                                                                          {"224.0.0.1", special},
                                                                          {"239.1.1.1", special},
                                                                          {"240.0.0.1", special},
                                                                          {"255.255.255.255", special},
                                                                          {"2606:4700::1", global},
                                                                          {"2a00:1450::1", global},
                                                                          {"::", special},
                                                                          {"::1", special},
                                                                          {"fe80::1", special},
                                                                          {"fec0::1", special},
                                                                          {"ff02::1", special},
                                                                          {"100::1", special},
                                                                          {"2001:db8::1", special},
                                                                          {"3fff::1", special},
                                                                          {"fd00:ec2::254", special},
                                                                          {"2001::1", special},
                                                                          {"2002:0808:0808::1", special},
                                                                          {"64:ff9b:1::808:808", special},
                                                                          {"::8.8.8.8", special},
                                                                          {"::ffff:8.8.8.8", global},
                                                                          {"::ffff:127.0.0.1", special},
                                                                          {"::ffff:10.0.0.1", site},
                                                                          {"::ffff:169.254.169.254", special},
                                                                          {"64:ff9b::8.8.8.8", global},
                                                                          {"64:ff9b::127.0.0.1", special},
                                                                          {"64:ff9b::10.0.0.1", site},
                                                                          {"64:ff9b::169.254.169.254", special}}));
  INFO(address);
  CHECK(classify(*parse_address(address)) == kind);
}

TEST_CASE("a PBX may be private, a channel may not, neither may be special", "[net][egress]") {
  const egress_guard guard;
  CHECK(permits(guard, "192.168.1.1", egress_class::pbx));
  CHECK_FALSE(permits(guard, "192.168.1.1", egress_class::channel));
  CHECK(permits(guard, "8.8.8.8", egress_class::channel));
  CHECK_FALSE(permits(guard, "127.0.0.1", egress_class::pbx));
  CHECK_FALSE(permits(guard, "169.254.169.254", egress_class::pbx));
  CHECK_FALSE(permits(guard, "fd00:ec2::254", egress_class::pbx));
}

TEST_CASE("what is listed is permitted in each of its spellings, and nothing beside it", "[net][egress]") {
  const auto guard = *make_egress_guard({"127.0.0.0/30", "192.168.7.0/24", "fe80::/10"});
  CHECK(permits(guard, "127.0.0.1", egress_class::pbx));
  CHECK(permits(guard, "::ffff:127.0.0.1", egress_class::channel));
  CHECK(permits(guard, "192.168.7.9", egress_class::channel));
  CHECK(permits(guard, "fe80::1", egress_class::channel));
  CHECK_FALSE(permits(guard, "127.0.0.4", egress_class::pbx));
  CHECK_FALSE(permits(guard, "192.168.8.9", egress_class::channel));
}

TEST_CASE("a list with something else in it is refused", "[net][egress]") {
  const auto refused = make_egress_guard({"127.0.0.0/8", "everything"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == failure_kind::invalid);
}
