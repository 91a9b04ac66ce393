// Writes what `ringdownctl apply` reads for this fleet: one TOML file per tenant, secrets in files of their own (0600).
#pragma once

#include "bin/ringdown-sim/model.hpp"
#include "protocol/types/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringdown::sim {

// Without it nobody is called.
struct twilio_access {
  std::string url;
  std::string account;
  std::string token;
  std::string from;
};

struct tenant_file_plan {
  std::string directory; // made when absent; files of the same name are replaced
  std::string ca_file;
  std::string ntfy_url;
  std::string webhook_url;
  std::string webhook_secret_file; // empty: one is made in `directory`/secrets
  int pbx_port = 0;
  int smtp_port = 0;     // 0: no email channel
  bool slack = false;    // with a channel over a hook of Slack's
  bool autotask = false; // with a ticket channel, and customers that have a company there
  std::optional<twilio_access> twilio = std::nullopt;
};

// The text of one tenant's file.
[[nodiscard]] std::string tenant_toml(const std::string& tenant, const std::vector<pbx>& fleet,
                                      const tenant_file_plan& plan);

[[nodiscard]] result<void> write_tenant_files(const std::vector<std::string>& tenants, const std::vector<pbx>& fleet,
                                              tenant_file_plan plan);

} // namespace ringdown::sim
