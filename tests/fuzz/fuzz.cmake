# Coverage-guided fuzzing: what reads bytes from outside, compiled once more with libFuzzer's, ASan's and UBSan's
# instrumentation, and one program for each file of tests/fuzz. See tests/fuzz/README.md.
set(SLUICE_FUZZ_SECONDS 30 CACHE STRING "Seconds that one fuzz target runs as a test; the environment's FUZZ_SECONDS wins")

if(NOT SLUICE_TESTS OR SLUICE_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  return()
endif()

set(fuzz_checks address,undefined)
add_library(sluice_fuzz_options INTERFACE)
target_include_directories(sluice_fuzz_options INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(sluice_fuzz_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_USE_STD_STRING_VIEW
  BOOST_ALLOW_DEPRECATED_HEADERS SPDLOG_FMT_EXTERNAL _GLIBCXX_ASSERTIONS)
target_compile_options(sluice_fuzz_options INTERFACE -pthread -UNDEBUG -O1 -gline-tables-only -fno-omit-frame-pointer
  -ffunction-sections -fdata-sections -Wno-deprecated-declarations -fsanitize=${fuzz_checks}
  -fno-sanitize=vptr,function,alignment -fno-sanitize-recover=all)
target_link_options(sluice_fuzz_options INTERFACE -fuse-ld=lld -Wl,--gc-sections -fsanitize=${fuzz_checks})
target_link_libraries(sluice_fuzz_options INTERFACE Threads::Threads Boost::headers nlohmann_json::nlohmann_json fmt::fmt)

# The sources under test, each compiled once for all targets. They need no event loop: nothing here starts one.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/cel/*.cpp ${CMAKE_SOURCE_DIR}/src/base/json*.cpp)
list(FILTER fuzz_sources EXCLUDE REGEX "/cel/case\\.cpp$")
foreach(source base/error base/id base/log base/random base/time crypto/ed25519 crypto/hash crypto/jwt crypto/text
    net/egress net/egress_address net/forwarded net/http net/networks net/request_target net/url identity/request_credentials
    flows/canonical flows/compile_flow flows/compile_graph flows/compile_node flows/config_schema flows/graph_shape
    flows/mistakes flows/node_types flows/scope_check flows/secret_places flows/value_uses flows/yaml)
  list(APPEND fuzz_sources ${CMAKE_SOURCE_DIR}/src/${source}.cpp)
endforeach()
add_library(sluice_fuzzed STATIC EXCLUDE_FROM_ALL ${fuzz_sources})
target_link_libraries(sluice_fuzzed PUBLIC sluice_fuzz_options OpenSSL::Crypto PkgConfig::re2 date::date-tz spdlog::spdlog yaml-cpp)
target_compile_options(sluice_fuzzed PRIVATE -fsanitize=fuzzer-no-link ${pch_options})
target_precompile_headers(sluice_fuzzed PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)

# sluice_fuzz_target(<name>): the program fuzz_<name> of tests/fuzz/<name>.cpp, and its run as a test.
function(sluice_fuzz_target name)
  add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}.cpp)
  target_link_libraries(fuzz_${name} PRIVATE sluice_fuzzed)
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer-no-link ${pch_options})
  target_precompile_headers(fuzz_${name} REUSE_FROM sluice_fuzzed)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_test(NAME "fuzz: ${name}" COMMAND ${CMAKE_SOURCE_DIR}/tests/fuzz/run_target $<TARGET_FILE:fuzz_${name}>
    ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name} ${CMAKE_BINARY_DIR}/fuzz/${name} ${SLUICE_FUZZ_SECONDS})
  # Beyond the time of the fuzzing: reading the corpus on a slow machine.
  math(EXPR timeout "${SLUICE_FUZZ_SECONDS} + 270")
  set_tests_properties("fuzz: ${name}" PROPERTIES LABELS fuzz TIMEOUT ${timeout})
  add_dependencies(all_tests fuzz_${name})
endfunction()

sluice_fuzz_target(cel)
sluice_fuzz_target(flow_document)
sluice_fuzz_target(forwarded)
sluice_fuzz_target(http_head)
sluice_fuzz_target(json)
sluice_fuzz_target(jwt)
sluice_fuzz_target(template)
sluice_fuzz_target(url)
