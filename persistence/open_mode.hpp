#pragma once

#include <cstdint>

namespace ringdown::persistence {

// reader: a second connection, queries only.
enum class open_mode : std::uint8_t { writer, reader };

} // namespace ringdown::persistence
