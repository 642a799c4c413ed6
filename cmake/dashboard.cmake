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

# A library of the files of a folder: <target> <folder> <generated source> <what it is made from…>
function(sluice_dashboard_library target folder out)
  add_custom_command(OUTPUT ${out} DEPENDS ${ARGN} ${embed_script}
    COMMAND ${CMAKE_COMMAND} -DDIST=${folder} -DOUT=${out} -P ${embed_script} COMMENT "Embedding the dashboard" VERBATIM)
  add_library(${target} STATIC ${out})
  target_link_libraries(${target} PUBLIC sluice_options)
  set_source_files_properties(${out} PROPERTIES SKIP_PRECOMPILE_HEADERS ON OBJECT_DEPENDS "${ARGN}")
endfunction()
sluice_dashboard_library(sluice_dashboard_files ${dist} ${generated} ${dashboard_inputs})
# What stands for it where there is none; bench/bench.py takes the size of the binary without a dashboard.
file(GLOB off_inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/off/*)
sluice_dashboard_library(sluice_dashboard_off ${CMAKE_SOURCE_DIR}/web/off ${CMAKE_BINARY_DIR}/generated/dashboard_off.cpp ${off_inputs})
set_target_properties(sluice_dashboard_off PROPERTIES EXCLUDE_FROM_ALL ON)
