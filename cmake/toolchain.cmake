# Language level, linker, compiler cache and the flags that hold for every unit of this project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()

# Assertions stay on in what is shipped: a broken invariant must stop the process, never corrupt what survives.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -fstack-protector-strong -D_GLIBCXX_ASSERTIONS")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -D_GLIBCXX_ASSERTIONS")

find_program(RINGDOWN_CCACHE ccache)
if(RINGDOWN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${RINGDOWN_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${RINGDOWN_CCACHE}")
endif()

# Linking takes a third of the time with lld; the result is the same.
find_program(RINGDOWN_LLD ld.lld)
if(RINGDOWN_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# Carried by every library and program of ours, never by what we include from the system.
add_library(ringdown_options INTERFACE)
target_include_directories(ringdown_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(ringdown_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(RINGDOWN_WERROR)
  target_compile_options(ringdown_options INTERFACE -Werror)
endif()

if(RINGDOWN_SANITIZE)
  # CAF 0.17.6 calls through a null reference in one header (function actors without arguments).
  add_compile_options(-fsanitize=${RINGDOWN_SANITIZE} -fno-sanitize=null -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RINGDOWN_SANITIZE})
endif()

# Undefined-behaviour checks cost some 100 s per unit that instantiates Beast, so such a unit keeps the
# address sanitizer only. `target` owns `file` (a path relative to the calling list).
function(ringdown_beast_source target file)
  if(RINGDOWN_SANITIZE MATCHES "undefined")
    set_property(SOURCE "${file}" TARGET_DIRECTORY ${target} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=undefined)
  endif()
endfunction()
