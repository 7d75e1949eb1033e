# Compiler flags that every target of the project shares: target bs_flags.
add_library(bs_flags INTERFACE)
target_compile_options(bs_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wformat=2 -Wvla -Wpointer-arith -Wcast-qual -Wundef
    -Wwrite-strings -Wimplicit-fallthrough -fno-common -fstack-protector-strong)
target_compile_definitions(bs_flags INTERFACE _GNU_SOURCE BS_VERSION="${PROJECT_VERSION}")
target_include_directories(bs_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(BS_WERROR)
    target_compile_options(bs_flags INTERFACE -Werror)
endif()
if(BS_SANITIZE)
    target_compile_options(bs_flags INTERFACE
        -fsanitize=${BS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    target_link_options(bs_flags INTERFACE -fsanitize=${BS_SANITIZE})
endif()
if(BS_COVERAGE)
    target_compile_options(bs_flags INTERFACE --coverage)
    target_link_options(bs_flags INTERFACE --coverage)
endif()
if(BS_FUZZ)
    target_compile_options(bs_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_definitions(bs_flags INTERFACE BS_DEBUG)
else()
    target_compile_options(bs_flags INTERFACE -O2)
    # Fortified calls bypass the sanitizers, which look closer.
    if(NOT BS_SANITIZE)
        target_compile_definitions(bs_flags INTERFACE _FORTIFY_SOURCE=2)
    endif()
endif()
