#include "protocol/types/tenant_config.hpp"

#include "test/support/catch.hpp"

namespace ringdown {

TEST_CASE("parts of a tenant are found by their ids") {
  tenant_config tenant;
  tenant.customers = {{customer_id("c1"), "Acme"}};
  tenant.users = {{user_id("jo"), "Jo", "", ""}};
  instance_config hq;
  hq.id = instance_id("hq");
  tenant.instances = {hq};
  channel_config push;
  push.id = channel_id("push");
  tenant.channels = {push};

  CHECK(tenant.find(customer_id("c1")) == &tenant.customers[0]);
  CHECK(tenant.find(user_id("jo")) == &tenant.users[0]);
  CHECK(tenant.find(instance_id("hq")) == &tenant.instances[0]);
  CHECK(tenant.find(channel_id("push")) == &tenant.channels[0]);
  CHECK(tenant.find(channel_id("hq")) == nullptr);
  CHECK(tenant.find(user_id("")) == nullptr);
}

} // namespace ringdown
