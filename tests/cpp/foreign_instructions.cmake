# cmake -DOBJDUMP=<objdump> -DPROCESSOR=<processor> -DISA=<isa> -DOBJECTS=<object;...> -P foreign_instructions.cmake
#
# What is compiled for one ISA must run on every processor that has it, and what is compiled for none (portable, and all
# that is not a kernel) on every processor of its family: an instruction from beyond ends the process of a user whose
# processor is older than ours. Patterns are of objdump's lines.

# x86-64 itself ends with SSE2. (What older processors take for another instruction on purpose, tzcnt, may stay.)
string(
  JOIN
  "|"
  beyond_x86_64
  "%[yzk]mm|%k[0-7]|\tv[a-z]" # AVX and all later vectors
  "\t(addsub|hadd|hsub|lddqu|movddup|movs[hl]dup|fisttp)" # SSE3
  "\t(pshufb|phadd|phsub|pabs|psign|pmulhrsw|pmaddubsw|palignr)" # SSSE3
  "\t(pblend|blend|dpp[sd]|round[sp]|extractps|insertps|mpsadbw|packusdw|pcmpeqq|pcmpgtq|pcmp[ei]str|ptest|movntdqa)"
  "\t(pextr[bdq]|pinsr[bdq]|pmin(sb|sd|uw|ud)|pmax(sb|sd|uw|ud)|pmov[sz]x|pmuldq|pmulld|crc32)" # SSE4
  "\t(popcnt|lzcnt|movbe|andn |bextr|bls|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|adcx|adox|aes|sha|pclmul)"
)
# AVX2, FMA and F16C: neither masks nor the upper half of 32 registers.
set(beyond_avx2 "%zmm|%k[0-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])|\t(bextr|bls|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)|\tandn ")
# AVX-512 F, VL, BW and DQ: what later sets added to it, and CD.
string(
  JOIN
  "|"
  beyond_avx512
  "\tv(pdp|dpbf16|cvtne|pmadd52|popcnt|pshufbit|pcompress[bw]|pexpand[bw]|pshld|pshrd|gf2p8|aes|pclmul|4fma|p4dp)"
  "\tv(perm[it2]*b|pmultishift|pconflict|plzcnt|pbroadcastm|exp2|rcp28|rsqrt28|p2intersect)"
  "\tv(add|sub|mul|div|sqrt|max|min|cmp|fn?m[a-z]*[0-9]*|get[a-z]*|scalef|reduce|rndscale)[ps]h" # FP16
)
# Arm's 64 bits begin with NEON: no SVE, no arithmetic on 16 bits, no dot products, no atomics of a later version.
string(
  JOIN
  "|"
  beyond_neon
  "[ ,{]z[0-9]+\\.[bhsdq]|[ ,]p[0-9]+(/[mz]|\\.[bhsd])"
  "\tf(add|sub|mul|mla|mls|div|sqrt|max|min|neg|abs|cm[a-z]*)[a-z]*\t(v[0-9]+\\.[48]h|h[0-9])"
  "\t(bf[a-z0-9]*(dot|mla|cvt|mmla)|[su]dot|[su]mmla|cas|ldadd|ldset|ldclr|swp)"
)

if(PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(beyond_portable "${beyond_x86_64}")
else()
  set(beyond_portable "${beyond_neon}")
endif()

foreach(object IN LISTS OBJECTS)
  execute_process(
    COMMAND "${OBJDUMP}" --disassemble --no-show-raw-insn "${object}"
    COMMAND grep -E -m 3 "${beyond_${ISA}}"
    OUTPUT_VARIABLE foreign
    RESULTS_VARIABLE results
  )
  list(GET results 1 found)
  if(found EQUAL 0)
    message(SEND_ERROR "${object} is to run on ${PROCESSOR} with ${ISA} kernels alone, and has\n${foreign}")
  elseif(NOT found EQUAL 1 OR NOT "0" IN_LIST results)
    message(SEND_ERROR "${object}: ${OBJDUMP} and grep ended with ${results}")
  endif()
endforeach()
