// Small files that only the service's user may read (0600): keys and tokens. One that is made appears whole or not at all,
// whenever the process dies; one that exists is never overwritten.
#pragma once

#include "protocol/types/result.hpp"

#include <string>

namespace ringdown::persistence {

// conflict when `path` exists. Synced, its folder too.
[[nodiscard]] result<void> write_private_file(const std::string& path, const std::string& text);

// A new name in a folder survives a power cut only after this.
void sync_folder_of(const std::string& path);

} // namespace ringdown::persistence
