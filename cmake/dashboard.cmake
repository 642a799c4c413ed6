# The dashboard's files, as a library of their own: only programs link it, so that compiling a source never waits for npm.
#   SLUICE_DASHBOARD=ON      builds web/ with Node.js and npm (default)
#   SLUICE_DASHBOARD=OFF     one page that says how to have it
#   SLUICE_DASHBOARD=FOLDER  a built one, as web/dist of a release: no Node.js needed
set(default_dashboard ON)
if(SLUICE_TEETH)
  set(default_dashboard OFF)
endif()
set(SLUICE_DASHBOARD ${default_dashboard} CACHE STRING "The dashboard: ON (needs Node.js and npm), OFF, or the folder of a built one")

set(generated ${CMAKE_BINARY_DIR}/generated/dashboard_files.cpp)
set(embed_script ${CMAKE_SOURCE_DIR}/cmake/dashboard_files.cmake)
string(TOUPPER "${SLUICE_DASHBOARD}" dashboard_switch)
if(dashboard_switch MATCHES "^(ON|YES|TRUE|1)$")
  find_program(NODE node)
  find_program(NPM npm)
  if(NOT NODE OR NOT NPM)
    message(FATAL_ERROR "The dashboard is built with Node.js 18 or newer and npm, and they are not here. Install them (scripts/setup does), "
      "or configure with -DSLUICE_DASHBOARD=OFF for a binary without pages, or with -DSLUICE_DASHBOARD=FOLDER of a built dashboard.")
  endif()
  set(web ${CMAKE_SOURCE_DIR}/web)
  set(dist ${CMAKE_BINARY_DIR}/web/dist)
  set(installed ${CMAKE_BINARY_DIR}/web/installed)
  set(built ${CMAKE_BINARY_DIR}/web/built)
  add_custom_command(OUTPUT ${installed} DEPENDS ${web}/package-lock.json ${web}/package.json ${web}/.npmrc
    COMMAND ${web}/scripts/install ${installed} COMMENT "npm ci in web/" VERBATIM)
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/src/*.ts ${web}/src/*.tsx ${web}/src/*.css ${web}/public/*)
  list(FILTER web_sources EXCLUDE REGEX "\\.test\\.tsx?$")
  add_custom_command(OUTPUT ${built}
    DEPENDS ${installed} ${web_sources} ${web}/index.html ${web}/vite.config.ts ${web}/tsconfig.json ${web}/scripts/precompress.mjs
      ${web}/scripts/licenses.mjs
    COMMAND ${NODE} node_modules/vite/bin/vite.js build --logLevel warn --emptyOutDir --outDir ${dist}
    COMMAND ${CMAKE_COMMAND} -E copy ${dist}/.vite/manifest.json ${CMAKE_BINARY_DIR}/web/manifest.json
    COMMAND ${NODE} scripts/precompress.mjs ${dist}
    COMMAND ${CMAKE_COMMAND} -E touch ${built}
    WORKING_DIRECTORY ${web} COMMENT "Building the dashboard" VERBATIM)
  set(dashboard_inputs ${built})
elseif(dashboard_switch MATCHES "^(OFF|NO|FALSE|0|)$")
  set(dist ${CMAKE_SOURCE_DIR}/web/off)
  file(GLOB dashboard_inputs CONFIGURE_DEPENDS ${dist}/*)
else()
  get_filename_component(dist ${SLUICE_DASHBOARD} ABSOLUTE)
  file(GLOB_RECURSE dashboard_inputs CONFIGURE_DEPENDS ${dist}/*)
endif()

add_custom_command(OUTPUT ${generated} DEPENDS ${dashboard_inputs} ${embed_script}
  COMMAND ${CMAKE_COMMAND} -DDIST=${dist} -DOUT=${generated} -P ${embed_script} COMMENT "Embedding the dashboard" VERBATIM)
add_library(sluice_dashboard_files STATIC ${generated})
target_link_libraries(sluice_dashboard_files PUBLIC sluice_options)
set_source_files_properties(${generated} PROPERTIES SKIP_PRECOMPILE_HEADERS ON OBJECT_DEPENDS "${dashboard_inputs}")

# The same binary without the dashboard: what bench/bench.py takes the size of.
function(sluice_program_without_dashboard hot_objects)
  set(generated_off ${CMAKE_BINARY_DIR}/generated/dashboard_off.cpp)
  file(GLOB inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/off/*)
  add_custom_command(OUTPUT ${generated_off} DEPENDS ${inputs} ${embed_script}
    COMMAND ${CMAKE_COMMAND} -DDIST=${CMAKE_SOURCE_DIR}/web/off -DOUT=${generated_off} -P ${embed_script} VERBATIM)
  set_source_files_properties(${generated_off} PROPERTIES SKIP_PRECOMPILE_HEADERS ON OBJECT_DEPENDS "${inputs}")
  add_executable(sluice_without_dashboard EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/src/app/main.cpp ${hot_objects} ${generated_off})
  target_link_libraries(sluice_without_dashboard PRIVATE sluice_app)
  target_compile_options(sluice_without_dashboard PRIVATE ${pch_options})
  target_precompile_headers(sluice_without_dashboard REUSE_FROM sluice_pch)
  target_link_options(sluice_without_dashboard PRIVATE $<$<CONFIG:Release>:-s>)
endfunction()
