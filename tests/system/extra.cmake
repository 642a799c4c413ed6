# Tests of the whole program: the real binary from outside, and every statement of it.

find_package(Python3 REQUIRED COMPONENTS Interpreter)

# sluice_system_test(<name> <script> TIMEOUT <seconds> [LABELS …] [ARGUMENTS …])
function(sluice_system_test name script)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;ARGUMENTS" ${ARGN})
  add_test(NAME "${name}" COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/${script} $<TARGET_FILE:sluice> ${arg_ARGUMENTS})
  set_tests_properties("${name}" PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "system;${arg_LABELS}"
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endfunction()

if(SLUICE_TESTS AND TARGET sluice)
  add_dependencies(all_tests sluice)
  sluice_system_test("system: REST, events and artifacts" system/rest_test.py TIMEOUT 600)
  sluice_system_test("system: the queue of runs" system/queue_test.py TIMEOUT 600)
  sluice_system_test("system: the same Idempotency-Key twice on every route" system/idempotency_test.py TIMEOUT 300)
  sluice_system_test("system: bad input and a bad environment" system/bad_input_test.py TIMEOUT 600)
  sluice_system_test("system: the edge" system/edge_test.py TIMEOUT 600)
  sluice_system_test("system: people, sign-in and roles" system/people_test.py TIMEOUT 600)
  sluice_system_test("system: control of runs" system/control_test.py TIMEOUT 600)
  sluice_system_test("system: bad input to the control of runs" system/control_bad_input_test.py TIMEOUT 600)
  sluice_system_test("system: the examples" system/examples_test.py TIMEOUT 600)
  sluice_system_test("system: backup and restore" system/backup_test.py TIMEOUT 300)
  sluice_system_test("system: a disk that is full" system/disk_full_test.py TIMEOUT 300)
  sluice_system_test("system: dead letters, why, diff and replay" system/history_test.py TIMEOUT 600)
  sluice_system_test("system: the audit trail" system/audit_trail_test.py TIMEOUT 600)
  sluice_system_test("reliability: a graceful restart" reliability/restart_test.py TIMEOUT 600)
  sluice_system_test("reliability: 60 kills at random moments under load" reliability/kill_loop.py TIMEOUT 600 LABELS slow
    ARGUMENTS --cycles 60)
  set_tests_properties("reliability: 60 kills at random moments under load" PROPERTIES RUN_SERIAL TRUE)

  add_executable(test_system ${CMAKE_SOURCE_DIR}/tests/system/audit_test.cpp)
  target_link_libraries(test_system PRIVATE sluice_app sluice_test_main)
  target_compile_options(test_system PRIVATE ${pch_options})
  target_precompile_headers(test_system REUSE_FROM sluice_test_pch)
  catch_discover_tests(test_system TEST_PREFIX "system: " DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
  add_dependencies(all_tests test_system)
endif()
