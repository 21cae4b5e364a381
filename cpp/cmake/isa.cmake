# One object library per instruction set, each with its own flags; dispatch.cpp learns of it as SIMDNORM_HAS_<ISA>.
# tests/cpp looks into the objects for symbols that would escape to another ISA.

# simdnorm_add_isa(<library> <isa> <pattern of processors> [flags...])
function(simdnorm_add_isa library isa processors)
  set(wanted portable ${SIMDNORM_ISAS}) # the portable kernels run everywhere
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(${processors})$" OR NOT isa IN_LIST wanted)
    return()
  endif()
  set(objects ${library}_${isa})
  add_library(${objects} OBJECT src/targets/${isa}.cpp)
  simdnorm_compile_options(${objects})
  target_include_directories(${objects} PRIVATE include src)
  # Kernels throw nothing; what would clean up if they did is code, and a symbol that two objects would share.
  # Nobody reads errno or floating-point exceptions, and roots and choices can only then be taken by vectors.
  target_compile_options(
    ${objects} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O3> -fno-exceptions -fno-math-errno -fno-trapping-math
                       # Loops over the few rows of a group stay loops: to fill or to copy so little, a string
                       # instruction takes longer than all else that is scalar in a row.
                       $<$<CXX_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns> ${ARGN}
  )

  string(TOUPPER ${isa} name)
  target_sources(${library} PRIVATE $<TARGET_OBJECTS:${objects}>)
  target_compile_definitions(${library} PRIVATE SIMDNORM_HAS_${name})
  set_property(TARGET ${library} APPEND PROPERTY SIMDNORM_ISA_OBJECTS ${objects})

  # For whoever asks how this was built; what warns changes no code.
  set(options $<FILTER:$<TARGET_GENEX_EVAL:${objects},$<TARGET_PROPERTY:${objects},COMPILE_OPTIONS>>,EXCLUDE,^-W>)
  string(STRIP "${CMAKE_CXX_FLAGS} $<JOIN:${options}, >" flags)
  set_property(TARGET ${library} APPEND PROPERTY SIMDNORM_FLAGS "${isa}: ${flags}")
endfunction()
