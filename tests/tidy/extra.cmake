# Tests of the tree itself: its rules, the unit file, the sample configuration, the OpenAPI document.
if(SLUICE_TESTS)
  find_program(PYTHON3 python3 REQUIRED)
  add_test(NAME "tidy: the tree keeps its rules" COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tests/tidy/tidy.py ${CMAKE_SOURCE_DIR})
  add_test(NAME "tidy: every rule finds what it is for" COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tests/tidy/tidy_test.py)
  if(TARGET sluice)
    add_test(NAME "tidy: systemd accepts config/sluice.service"
      COMMAND ${CMAKE_SOURCE_DIR}/tests/tidy/unit_file $<TARGET_FILE:sluice>)
    set_tests_properties("tidy: systemd accepts config/sluice.service" PROPERTIES SKIP_RETURN_CODE 77)
    add_test(NAME "tidy: config/sluice.toml is what the binary prints and accepts"
      COMMAND ${CMAKE_SOURCE_DIR}/tests/tidy/sample_configuration $<TARGET_FILE:sluice>)
    add_test(NAME "tidy: the OpenAPI document passes redocly lint"
      COMMAND ${CMAKE_SOURCE_DIR}/tests/tidy/openapi_lint $<TARGET_FILE:sluice> ${CMAKE_BINARY_DIR}/tools)
    set_tests_properties("tidy: the OpenAPI document passes redocly lint" PROPERTIES TIMEOUT 600)
  endif()
endif()
