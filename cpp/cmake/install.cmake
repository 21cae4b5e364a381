# The development files: headers, the library, the CMake package and one for pkg-config. The same tree serves
# `cmake --install` and the wheel, where the install prefix is the Python package itself.
include(CMakePackageConfigHelpers)
if(SKBUILD)
  set(CMAKE_INSTALL_LIBDIR lib) # the wheel is one place for all systems, Debian's multiarch directories are not
  set(CMAKE_INSTALL_BINDIR .) # Windows looks for a DLL beside the extension module
endif()
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/simdnorm)

install(TARGETS simdnorm EXPORT simdnorm)
install(EXPORT simdnorm NAMESPACE simdnorm:: DESTINATION ${package_dir} FILE simdnormTargets.cmake)
install(
  DIRECTORY include/simdnorm ${CMAKE_CURRENT_BINARY_DIR}/include/simdnorm
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*.hpp"
)

configure_package_config_file(
  cmake/simdnormConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/simdnormConfig.cmake INSTALL_DESTINATION ${package_dir}
)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/simdnormConfigVersion.cmake COMPATIBILITY SameMinorVersion
)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/simdnormConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/simdnormConfigVersion.cmake
        DESTINATION ${package_dir}
)

# pkg-config --static: the OpenMP runtime, and what a C++ compiler would have linked by itself.
set(needed_where_static ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
list(FILTER needed_where_static INCLUDE REGEX "^(stdc\\+\\+|c\\+\\+|m)$")
list(REMOVE_DUPLICATES needed_where_static)
list(TRANSFORM needed_where_static PREPEND -l)
list(TRANSFORM OpenMP_CXX_LIB_NAMES PREPEND -l OUTPUT_VARIABLE openmp)
string(JOIN " " needed_where_static ${openmp} ${needed_where_static} ${CMAKE_THREAD_LIBS_INIT})
file(RELATIVE_PATH prefix_from_here /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" prefix_from_here ${prefix_from_here})
configure_file(cmake/simdnorm.pc.in simdnorm.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/simdnorm.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
