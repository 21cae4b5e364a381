# The extension module simdnorm._core. In the wheel it stands at the root of the package.
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 3.0.2 CONFIG REQUIRED)

# NO_EXTRAS: pybind11 would add link-time optimization.
pybind11_add_module(
  _core
  MODULE
  NO_EXTRAS
  bind/module.cpp
  bind/arrays.cpp
  bind/batch_norm.cpp
  bind/batch_norm_parts.cpp
  bind/blocks.cpp
  bind/checked.cpp
  bind/elements.cpp
  bind/express.cpp
  bind/fresh.cpp
  bind/group_norm.cpp
  bind/layer_norm.cpp
  bind/pages.cpp
  bind/rms_norm.cpp
  bind/runtime.cpp
  bind/seen.cpp
  bind/tensors.cpp
  bind/views.cpp
)
simdnorm_compile_options(_core)
target_link_libraries(_core PRIVATE simdnorm::simdnorm)
if(SKBUILD AND BUILD_SHARED_LIBS)
  # Linked with the path of the build, it would have another build ID in every directory.
  set_target_properties(
    _core PROPERTIES INSTALL_RPATH "$<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>/lib" BUILD_WITH_INSTALL_RPATH ON
  )
endif()
install(TARGETS _core LIBRARY DESTINATION . COMPONENT python)
