# The three kinds of target this project has. Sources are listed by name, never globbed.

# While the tree grows: sources listed and not yet written are left out, and the folder is
# watched so that they join as soon as they exist. The ci preset refuses them.
function(ringdown_present out)
  set(present)
  foreach(source IN LISTS ARGN)
    get_filename_component(path "${source}" ABSOLUTE)
    if(EXISTS "${path}")
      list(APPEND present "${source}")
    elseif(RINGDOWN_WERROR)
      message(FATAL_ERROR "listed and not there: ${path}")
    else()
      message(STATUS "not yet written: ${path}")
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}")
    endif()
  endforeach()
  if(NOT present)
    set(present "${PROJECT_SOURCE_DIR}/cmake/empty.cpp")
  endif()
  set(${out} ${present} PARENT_SCOPE)
endfunction()

# ringdown_library(NAME source... LIBS library...): a static library; LIBS are public, because our headers show
# the types of the layers below.
function(ringdown_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  ringdown_present(sources ${arg_UNPARSED_ARGUMENTS})
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ringdown_options ${arg_LIBS})
endfunction()

# What the sanitizer build compiles: all Catch2 programs and what they link.
add_custom_target(unit_tests)

# ringdown_test(NAME source... LIBS library...): one Catch2 program, and one ctest entry of the same name.
# Nothing is built for it in a fuzzing build, which has no test framework.
function(ringdown_test name)
  if(RINGDOWN_FUZZ)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  ringdown_present(sources ${arg_UNPARSED_ARGUMENTS})
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ringdown_options ringdown_test_main ${arg_LIBS})
  add_test(NAME ${name} COMMAND ${name})
  add_dependencies(unit_tests ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()

# ringdown_fuzz_target(NAME source... LIBS library...): one libFuzzer program, named fuzz_*, with its kept corpus
# in test/fuzz/corpus/NAME. Does nothing unless RINGDOWN_FUZZ is on.
function(ringdown_fuzz_target name)
  if(NOT RINGDOWN_FUZZ)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ringdown_options ${arg_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name})
endfunction()

if(RINGDOWN_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "RINGDOWN_FUZZ needs clang (preset fuzz uses clang++-16)")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_custom_target(fuzzers)
endif()
