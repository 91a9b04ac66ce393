# Run as a script on every build. In: SOURCE_DIR, BASE_VERSION, OUTPUT. Writes OUTPUT only when the text changed.
cmake_minimum_required(VERSION 3.25)
execute_process(
  COMMAND git describe --tags --always --dirty --abbrev=10
  WORKING_DIRECTORY "${SOURCE_DIR}"
  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR described STREQUAL "")
  set(version "${BASE_VERSION}+unknown")
elseif(described MATCHES "^v?[0-9]+\\.[0-9]+")
  string(REGEX REPLACE "^v" "" version "${described}")
else()
  set(version "${BASE_VERSION}+g${described}")
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT
"#include \"ringdown_version.hpp\"

namespace ringdown {

std::string_view version() {
  return \"@version@\";
}

} // namespace ringdown
" @ONLY)
