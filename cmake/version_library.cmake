# `ringdown::version()` for --version and the build_info metric. Only one generated .cpp holds the text, so a new
# commit compiles one line and relinks; nothing that includes the header is compiled again.
set(generated "${PROJECT_BINARY_DIR}/generated")
configure_file("${PROJECT_SOURCE_DIR}/cmake/ringdown_version.hpp" "${generated}/ringdown_version.hpp" COPYONLY)
add_custom_target(ringdown_version_text
  COMMAND "${CMAKE_COMMAND}" -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DBASE_VERSION=${PROJECT_VERSION}
          -DOUTPUT=${generated}/ringdown_version.cpp -P "${PROJECT_SOURCE_DIR}/cmake/version.cmake"
  BYPRODUCTS "${generated}/ringdown_version.cpp"
  COMMENT "Reading the version from git")
add_library(ringdown_version STATIC "${generated}/ringdown_version.cpp")
add_dependencies(ringdown_version ringdown_version_text)
target_include_directories(ringdown_version PUBLIC "${generated}")
target_link_libraries(ringdown_version PRIVATE ringdown_options)
