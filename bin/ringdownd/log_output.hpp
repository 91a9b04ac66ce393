// Structured logs on standard error: logfmt or JSON, one line an event. Known secrets never get here (failure texts carry
// none); what looks like one is masked all the same. Any thread; never blocks the actor that logs (a bounded queue, the
// oldest lines are dropped when the terminal is slower than we are; how many is said by a line `log_lines_lost`).
#pragma once

#include "actors/log.hpp"

#include <chrono>
#include <memory>

namespace ringdown {

class log_output : public log_sink {
public:
  virtual void write_from(log_level level) = 0; // what is less than it is dropped; any thread
};
// `patience`: how long whoever reads is waited for where standard error does not block.
[[nodiscard]] std::unique_ptr<log_output> make_log_output(log_format format, log_level from,
                                                          std::chrono::milliseconds patience = std::chrono::seconds(1));

// One line, for tests: without the time.
[[nodiscard]] std::string format_line(log_format format, log_level level, std::string_view event,
                                      std::initializer_list<log_field> fields);

} // namespace ringdown
