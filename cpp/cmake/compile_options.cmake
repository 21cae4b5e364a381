# What every simdnorm object is compiled with.
#
# Bits are a promise: a compiler that fuses a * b + c by itself would change them from one ISA to the next, so
# contraction is off and the code says fma() where it means it. Link-time optimization would let code compiled for
# one ISA leak into another, so it is off too.
function(simdnorm_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(
    ${target}
    PROPERTIES CXX_EXTENSIONS OFF
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               POSITION_INDEPENDENT_CODE ON
               INTERPROCEDURAL_OPTIMIZATION OFF
  )
  target_compile_options(${target} PRIVATE -ffp-contract=off -Wall -Wextra -Wshadow -Wconversion)
  if(SIMDNORM_SANITIZE)
    # For Debug: optimizing one instrumented kernel file keeps a compiler busy for many minutes.
    target_compile_options(
      ${target} PRIVATE -fsanitize=${SIMDNORM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    )
    target_link_options(${target} PUBLIC -fsanitize=${SIMDNORM_SANITIZE})
  endif()
endfunction()
