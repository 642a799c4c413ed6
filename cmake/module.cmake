# One static library and one test program per module. Sources are found, not listed: a new file needs no line here.

add_library(sluice_options INTERFACE)
target_include_directories(sluice_options INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
target_compile_definitions(sluice_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION BOOST_BEAST_USE_STD_STRING_VIEW
  BOOST_ALLOW_DEPRECATED_HEADERS SPDLOG_FMT_EXTERNAL $<$<BOOL:${SLUICE_FAILPOINTS}>:SLUICE_FAILPOINTS>
  $<$<BOOL:${SLUICE_TEETH}>:SLUICE_TEETH>)
target_compile_options(sluice_options INTERFACE -pthread -Wall -Wextra -Wpedantic -Wno-missing-field-initializers
  -Wno-missing-designated-field-initializers -Wno-deprecated-declarations
  -fno-omit-frame-pointer -ffunction-sections -fdata-sections -fstack-protector-strong
  $<$<CONFIG:Debug>:-O0 -g1 -D_GLIBCXX_ASSERTIONS>
  $<$<CONFIG:Release>:-g0> $<$<CONFIG:Release>:$<IF:$<BOOL:$<TARGET_PROPERTY:SLUICE_COLD>>,-Oz,-O2>>)
target_link_options(sluice_options INTERFACE -fuse-ld=lld -Wl,--gc-sections -Wl,-z,pack-relative-relocs $<$<CONFIG:Release>:-Wl,--icf=all>)
target_link_libraries(sluice_options INTERFACE Threads::Threads Boost::headers nlohmann_json::nlohmann_json fmt::fmt)
if(SLUICE_SANITIZE STREQUAL "address")
  target_compile_options(sluice_options INTERFACE -O1 -fsanitize=address,undefined -fno-sanitize=vptr,function,alignment -fno-sanitize-recover=undefined)
  target_compile_definitions(sluice_options INTERFACE BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
  target_link_options(sluice_options INTERFACE -fsanitize=address,undefined)
elseif(SLUICE_SANITIZE STREQUAL "thread")
  target_compile_options(sluice_options INTERFACE -O1 -fsanitize=thread)
  target_link_options(sluice_options INTERFACE -fsanitize=thread)
endif()

# Two precompiled headers for the whole tree: one for sources, one for tests.
set(pch_options -Xclang -fno-pch-timestamp)
file(WRITE ${CMAKE_BINARY_DIR}/generated/pch_anchor.cpp "")
file(WRITE ${CMAKE_BINARY_DIR}/generated/pch_test_anchor.cpp "")
add_library(sluice_pch OBJECT ${CMAKE_BINARY_DIR}/generated/pch_anchor.cpp)
target_link_libraries(sluice_pch PRIVATE sluice_options)
target_compile_options(sluice_pch PRIVATE ${pch_options})
target_precompile_headers(sluice_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)
# The same for what is built for size: a precompiled header holds for one level of optimisation.
set(cold_options "")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_library(sluice_pch_cold OBJECT ${CMAKE_BINARY_DIR}/generated/pch_anchor.cpp)
  set_target_properties(sluice_pch_cold PROPERTIES SLUICE_COLD ON)
  target_link_libraries(sluice_pch_cold PRIVATE sluice_options)
  target_compile_options(sluice_pch_cold PRIVATE ${pch_options})
  target_precompile_headers(sluice_pch_cold PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)
  set(cold_pch ${CMAKE_BINARY_DIR}/CMakeFiles/sluice_pch_cold.dir/cmake_pch.hxx)
  set(cold_options "-Oz -Xclang -include-pch -Xclang ${cold_pch}.pch -Xclang -include -Xclang ${cold_pch}")
endif()
if(SLUICE_TESTS)
  include(CTest)
  find_package(Catch2 2.13 REQUIRED)
  include(Catch)
  add_library(sluice_test_pch OBJECT ${CMAKE_BINARY_DIR}/generated/pch_test_anchor.cpp)
  target_link_libraries(sluice_test_pch PRIVATE sluice_options Catch2::Catch2)
  target_compile_options(sluice_test_pch PRIVATE ${pch_options})
  target_precompile_headers(sluice_test_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch_test.hpp)
  add_library(sluice_test_main STATIC ${CMAKE_SOURCE_DIR}/tests/main.cpp)
  target_link_libraries(sluice_test_main PUBLIC sluice_options Catch2::Catch2)
  add_custom_target(all_tests)
endif()

# sluice_embed(<target> <symbol> <root> <files…>): embeds files into the binary; the generated
# `sluice::embedded::<symbol>()` gives their paths below <root> and contents (see base/embedded.hpp).
function(sluice_embed target symbol root)
  set(out ${CMAKE_BINARY_DIR}/generated/embedded_${symbol}.cpp)
  set(body "#include \"sluice/base/embedded.hpp\"\n")
  set(rows "")
  set(index 0)
  foreach(file ${ARGN})
    file(RELATIVE_PATH relative ${root} ${file})
    string(APPEND body "asm(\".section .rodata\\n.balign 16\\n.hidden sluice_${symbol}_${index}\\n.global sluice_${symbol}_${index}\\nsluice_${symbol}_${index}:\\n.incbin \\\"${file}\\\"\\n.hidden sluice_${symbol}_${index}_end\\n.global sluice_${symbol}_${index}_end\\nsluice_${symbol}_${index}_end:\\n.byte 0\\n.text\\n\");\nextern \"C\" const char sluice_${symbol}_${index}[], sluice_${symbol}_${index}_end[];\n")
    string(APPEND rows "        {\"${relative}\", {sluice_${symbol}_${index}, static_cast<std::size_t>(sluice_${symbol}_${index}_end - sluice_${symbol}_${index})}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  # The last, empty row keeps the array valid when there is no file.
  string(APPEND body "namespace sluice::embedded {\nstd::span<const base::EmbeddedFile> ${symbol}();\nstd::span<const base::EmbeddedFile> ${symbol}() {\n    static const base::EmbeddedFile files[] = {\n${rows}        {}};\n    return {files, ${index}};\n}\n}  // namespace sluice::embedded\n")
  file(CONFIGURE OUTPUT ${out} CONTENT "${body}" @ONLY)
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${ARGN}" SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${out})
endfunction()

# What is done for each request, step or call. All else is built for size (-Oz). In the binary these objects come first: of an
# inline function that both kinds have, the linker keeps the first, which is the fast one.
set(hot_sources
  "/src/(cel|runtime)/"
  "/src/base/(clock|id|json|json_parse|json_schema|json_schema_validate|log|metrics|money|random|time)\\.cpp$"
  "/src/storage/(file_blobs|query|readers|sqlite_connection|sqlite_storage|writer)\\.cpp$"
  "/src/net/(client|connection|forwarded|http|rate_limiter|request_target|router|server|session|sse_parser|url)[a-z_]*\\.cpp$"
  "/src/events/bus"
  "/src/identity/(identity|identity_store|request_[a-z_]*)\\.cpp$"
  "/src/budget/(admission|settlement|budget_store|spend_store)"
  "/src/llm/(account[a-z_]*|answer_cache[a-z_]*|body_scan|catalogue|gateway[a-z_]*|prices[a-z_]*|targets[a-z_]*)\\.cpp$"
  "/src/llm/formats/[a-z_]*(stream|usage|wire_json)"
  "/src/flows/scope"
  "/src/nodes/(merge|node_parts|noop|set|switch_on|transform)\\.cpp$"
  "/src/engine/(engine|engine_routes|engine_store|engine_queue|instance|machine|machine_(attempts|control|judgements|loop|map|routing|steps|values)|run_queue|step_[a-z]*)\\.cpp$")

# sluice_module(<name> DEPENDS <modules…> LINK <libraries…>)
function(sluice_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)
    add_library(sluice_${name} INTERFACE)
    target_link_libraries(sluice_${name} INTERFACE sluice_options)
    return()
  endif()
  add_library(sluice_${name} STATIC ${sources})
  set_target_properties(sluice_${name} PROPERTIES SLUICE_SIZED ON)  # other targets of the same sources have flags of their own
  target_link_libraries(sluice_${name} PUBLIC sluice_options PRIVATE ${arg_LINK})
  foreach(dependency ${arg_DEPENDS})
    target_link_libraries(sluice_${name} PUBLIC sluice_${dependency})
  endforeach()
  target_compile_options(sluice_${name} PRIVATE ${pch_options})
  set(hot_here "")
  foreach(source ${sources})
    set(hot FALSE)
    foreach(pattern ${hot_sources})
      if(source MATCHES "${pattern}")
        set(hot TRUE)
      endif()
    endforeach()
    if(hot)
      list(APPEND hot_here ${source})
    elseif(cold_options)
      set_property(SOURCE ${source} APPEND_STRING PROPERTY COMPILE_FLAGS " $<$<BOOL:$<TARGET_PROPERTY:SLUICE_SIZED>>:${cold_options}>")
      set_property(SOURCE ${source} APPEND PROPERTY OBJECT_DEPENDS ${cold_pch}.pch)
      set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
  if(hot_here)
    list(TRANSFORM hot_here REPLACE "^${CMAKE_SOURCE_DIR}/" "")
    list(JOIN hot_here "|" hot_here)
    string(REPLACE "." "\\." hot_here "${hot_here}")
    set_property(GLOBAL APPEND PROPERTY sluice_hot_objects "$<FILTER:$<TARGET_OBJECTS:sluice_${name}>,INCLUDE,/(${hot_here})\\.o$>")
  endif()
  target_precompile_headers(sluice_${name} REUSE_FROM sluice_pch)
  if(SLUICE_TESTS)
    sluice_tests(${name})
  endif()
endfunction()

# The test program of a module: tests/<name>/*_test.cpp. A file test.cmake beside them adds link libraries or ctests.
function(sluice_tests name)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*_test.cpp)
  if(tests)
    add_executable(test_${name} ${tests})
    # runtime holds Asio's compiled half, which every source refers to through the precompiled header.
    target_link_libraries(test_${name} PRIVATE sluice_${name} sluice_runtime sluice_test_main PkgConfig::httplib OpenSSL::SSL)
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(test_${name} PRIVATE SLUICE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_compile_options(test_${name} PRIVATE ${pch_options})
    target_precompile_headers(test_${name} REUSE_FROM sluice_test_pch)
    catch_discover_tests(test_${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
    add_dependencies(all_tests test_${name})
  endif()
  if(EXISTS ${CMAKE_SOURCE_DIR}/tests/${name}/test.cmake)
    include(${CMAKE_SOURCE_DIR}/tests/${name}/test.cmake)
  endif()
endfunction()

# A binary of all modules with the files of a dashboard.
function(sluice_binary target dashboard)
  get_property(hot_objects GLOBAL PROPERTY sluice_hot_objects)
  add_executable(${target} ${CMAKE_SOURCE_DIR}/src/app/main.cpp ${hot_objects})
  target_link_libraries(${target} PRIVATE sluice_app ${dashboard})
  target_compile_options(${target} PRIVATE ${pch_options})
  target_precompile_headers(${target} REUSE_FROM sluice_pch)
  target_link_options(${target} PRIVATE $<$<CONFIG:Release>:-s>)
  if(NOT SLUICE_SANITIZE)
    # A run is a hundred small allocations; this allocator halves their cost (docs/decisions/0013). Named first, it serves all.
    target_link_libraries(${target} PRIVATE -Wl,--no-as-needed ${MIMALLOC})
  endif()
endfunction()

# The binary: build/<preset>/sluice.
function(sluice_program)
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/app/main.cpp)
    sluice_binary(sluice sluice_dashboard_files)
    if(SLUICE_TEETH)
      set_target_properties(sluice PROPERTIES OUTPUT_NAME sluice_teeth)  # never to be taken for the product
    endif()
    sluice_binary(sluice_without_dashboard sluice_dashboard_off)
    set_target_properties(sluice_without_dashboard PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  foreach(extra bench/extra.cmake tests/system/extra.cmake web/tests/extra.cmake tests/tidy/extra.cmake tests/fuzz/fuzz.cmake)
    if(EXISTS ${CMAKE_SOURCE_DIR}/${extra})
      include(${CMAKE_SOURCE_DIR}/${extra})
    endif()
  endforeach()
endfunction()
