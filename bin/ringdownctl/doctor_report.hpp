// What the doctor found, told step by step as it goes.
#pragma once

#include "bin/ringdownctl/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ringdown::ctl {

enum class step_state { fine, failed, skipped };

struct doctor_step {
  std::string_view name; // dns, tcp, certificate, tls, http, owner, login, trunks, sbcs, system_status, services
  step_state state = step_state::fine;
  std::string found;
  std::string cause;  // for programs: "tls_name", "unauthorized"; "" unless it failed
  std::string advice; // what to do; may be empty
};

class doctor_report {
public:
  explicit doctor_report(const session& run) : run_(run) {}

  // Prints it, unless JSON is wanted: then all steps are printed at the end.
  void add(doctor_step step);
  [[nodiscard]] bool failed() const;
  // The last line, and the exit code.
  [[nodiscard]] int finish() const;

private:
  const session& run_;
  std::vector<doctor_step> steps_;
};

} // namespace ringdown::ctl
