# Tests of the dashboard: how it is served, its types, its code, and its pages in a browser. Without a dashboard there is nothing to test.
if(SLUICE_TESTS AND TARGET sluice AND dashboard_switch MATCHES "^(ON|YES|TRUE|1)$")
  sluice_system_test("dashboard: files, caches, nonces and paths" system/dashboard_test.py TIMEOUT 300)
  add_test(NAME "dashboard: the types are what the API says" COMMAND ${CMAKE_SOURCE_DIR}/web/tests/api_types $<TARGET_FILE:sluice>)
  add_test(NAME "dashboard: types, format and rules of the code" COMMAND ${CMAKE_SOURCE_DIR}/web/tests/code)
  add_test(NAME "dashboard: what needs no browser" COMMAND ${NODE} node_modules/vitest/vitest.mjs run
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/web)
  add_test(NAME "dashboard: the weight of pages"
    COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/web/tests/weight.mjs ${CMAKE_BINARY_DIR}/web/manifest.json ${CMAKE_BINARY_DIR}/web/dist)
  if(NOT SLUICE_SANITIZE)
    # Alone: what moves on a page, and when, is part of what is judged.
    add_test(NAME "dashboard: its pages in a browser" COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/web/tests/browser.mjs)
    set_tests_properties("dashboard: its pages in a browser" PROPERTIES TIMEOUT 1500 RUN_SERIAL TRUE LABELS "system;browser"
      ENVIRONMENT "SLUICE_BINARY=$<TARGET_FILE:sluice>;SLUICE_TEST_PLACE=${CMAKE_BINARY_DIR}")
  endif()
endif()
