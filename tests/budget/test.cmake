# What admission costs a call: build/<preset>/bench_budget prints one line.
add_executable(bench_budget EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/budget/admission_bench.cpp)
target_link_libraries(bench_budget PRIVATE sluice_budget sluice_runtime)
target_include_directories(bench_budget PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(bench_budget PRIVATE ${pch_options})
target_precompile_headers(bench_budget REUSE_FROM sluice_pch)
