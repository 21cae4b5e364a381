# libsimdnorm as a shared library: versions with the same minor number are as one to the loader, as they are to
# find_package; and it exports what the headers mark (simdnorm/export.h), not what the standard library leaves in it.
if(NOT BUILD_SHARED_LIBS)
  return()
endif()
if(NOT SKBUILD) # a wheel cannot hold the links from one name to the other
  set_target_properties(simdnorm PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()
if(UNIX AND NOT APPLE)
  set(exports ${CMAKE_CURRENT_SOURCE_DIR}/cmake/exports.map)
  target_link_options(simdnorm PRIVATE -Wl,--version-script=${exports})
  set_property(TARGET simdnorm APPEND PROPERTY LINK_DEPENDS ${exports})
endif()
