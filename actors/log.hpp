// How actors say what they do: an event, its trace and fields; never text assembled from secrets. The program decides the
// format and where it goes. Any thread.
#pragma once

#include "protocol/types/node_config.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace ringdown {

struct log_field {
  std::string_view key;
  std::string value;
};

class log_sink {
public:
  virtual ~log_sink() = default;
  virtual void write(log_level level, std::string_view event, std::initializer_list<log_field> fields) = 0;

  // What must be read though the process ends at once: it is out when this returns, whatever waits before it.
  virtual void last_words(std::string_view event, std::initializer_list<log_field> fields) {
    write(log_level::error, event, fields);
  }

  void debug(std::string_view event, std::initializer_list<log_field> fields) {
    write(log_level::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<log_field> fields) { write(log_level::info, event, fields); }
  void warning(std::string_view event, std::initializer_list<log_field> fields) {
    write(log_level::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<log_field> fields) {
    write(log_level::error, event, fields);
  }
};

} // namespace ringdown
