// The one place that knows which Catch2 is installed: 2.13 (Debian 12) has a single header, 3.x (Debian 13, Ubuntu
// 24.04) has many. Tests include this and use what both have in common; `Approx` is in scope for both.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
