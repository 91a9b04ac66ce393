// The version of this build: `git describe` where it was built from a work tree with tags, else the release number
// and the short commit ("0.1.0+g1a2b3c4", with "-dirty" when files differed from it).
#pragma once

#include <string_view>

namespace ringdown {

[[nodiscard]] std::string_view version();

} // namespace ringdown
