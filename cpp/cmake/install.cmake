# The development files: headers, libsimdnorm.a and the CMake package. The same tree serves `cmake --install` and the
# wheel, where the install prefix is the Python package itself.
include(CMakePackageConfigHelpers)
if(SKBUILD)
  set(CMAKE_INSTALL_LIBDIR lib) # the wheel is one place for all systems, Debian's multiarch directories are not
endif()
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/simdnorm)

install(TARGETS simdnorm EXPORT simdnorm ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT simdnorm NAMESPACE simdnorm:: DESTINATION ${package_dir} FILE simdnormTargets.cmake)
install(
  DIRECTORY include/simdnorm ${CMAKE_CURRENT_BINARY_DIR}/include/simdnorm
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING
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
