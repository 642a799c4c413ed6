# The writer against a bare loop of the same statements: build/<preset>/bench_storage prints one line a measurement.
add_executable(bench_storage EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/storage/writer_bench.cpp ${CMAKE_SOURCE_DIR}/tests/storage/bare_loop.cpp)
target_link_libraries(bench_storage PRIVATE sluice_storage SQLite::SQLite3)
target_include_directories(bench_storage PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(bench_storage PRIVATE ${pch_options})
target_precompile_headers(bench_storage REUSE_FROM sluice_pch)
