# The writer against a bare loop of the same statements: build/<preset>/bench_storage prints one line a measurement.
add_executable(bench_storage EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/storage/writer_bench.cpp ${CMAKE_SOURCE_DIR}/tests/storage/bare_loop.cpp)
target_link_libraries(bench_storage PRIVATE sluice_storage SQLite::SQLite3)
target_include_directories(bench_storage PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(bench_storage PRIVATE ${pch_options})
target_precompile_headers(bench_storage REUSE_FROM sluice_pch)

# Crash images: the workload, its recording and the judge, which the teeth below use as well.
set(crash_images ${CMAKE_SOURCE_DIR}/tests/storage/recording_vfs.cpp ${CMAKE_SOURCE_DIR}/tests/storage/crash_images.cpp
  ${CMAKE_SOURCE_DIR}/tests/storage/crash_load.cpp)
target_sources(test_storage PRIVATE ${crash_images})

# Storage with seeded bugs to choose from (base/teeth.hpp), and the test that catches each. Nothing else links it.
add_library(sluice_storage_teeth STATIC EXCLUDE_FROM_ALL $<TARGET_PROPERTY:sluice_storage,SOURCES>)
target_compile_definitions(sluice_storage_teeth PUBLIC SLUICE_TEETH)
target_link_libraries(sluice_storage_teeth PUBLIC sluice_options sluice_base sluice_crypto sluice_runtime PRIVATE SQLite::SQLite3)
target_compile_options(sluice_storage_teeth PRIVATE ${pch_options})
target_precompile_headers(sluice_storage_teeth REUSE_FROM sluice_pch)
add_executable(test_storage_teeth EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/storage/teeth.cpp ${crash_images})
target_link_libraries(test_storage_teeth PRIVATE sluice_storage_teeth sluice_runtime sluice_test_main)
target_include_directories(test_storage_teeth PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_options(test_storage_teeth PRIVATE ${pch_options})
target_precompile_headers(test_storage_teeth REUSE_FROM sluice_test_pch)
catch_discover_tests(test_storage_teeth TEST_PREFIX "storage: teeth: " DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
add_dependencies(all_tests test_storage_teeth)
