// Carries out one errand: connect, send, read the answer. Knows Asio, like server.cpp, which alone uses it.
#pragma once

#include "bin/ringdown-sim/errand.hpp"

#include <boost/asio/awaitable.hpp>

namespace ringdown::sim {

// Loopback addresses only; never throws.
[[nodiscard]] boost::asio::awaitable<hearing> carry_out(errand what);

} // namespace ringdown::sim
