# Tests and targets that only some sanitizers have.

# The OpenMP runtime of Clang tells the thread sanitizer, by its tool Archer, who waits for whom; its own memory is not
# instrumented. GCC's does not, and every team would look like a race.
if(SIMDNORM_SANITIZE STREQUAL "thread")
  add_executable(simdnorm-planted-race planted_race.cpp)
  simdnorm_compile_options(simdnorm-planted-race)
  target_include_directories(simdnorm-planted-race PRIVATE ${PROJECT_SOURCE_DIR}/cpp/src)
  target_link_libraries(simdnorm-planted-race PRIVATE simdnorm::simdnorm)
  add_test(NAME a-planted-race-is-found COMMAND simdnorm-planted-race)
  set_tests_properties(a-planted-race-is-found PROPERTIES PASS_REGULAR_EXPRESSION "ThreadSanitizer: data race")
  add_test(NAME no-race-where-there-is-none COMMAND simdnorm-planted-race wait)
  set_tests_properties(
    ${promises} fuzz-regressions fuzz-random a-planted-race-is-found no-race-where-there-is-none
    PROPERTIES ENVIRONMENT
               "SIMDNORM_TEST_ONE_OF=7;OMP_NUM_THREADS=4;TSAN_OPTIONS=ignore_noninstrumented_modules=1 halt_on_error=1"
  )
endif()

# What guides libFuzzer is the coverage of the library, not of the trials that call it.
if(SIMDNORM_SANITIZE MATCHES "fuzzer")
  target_compile_options(simdnorm-trials PRIVATE -fno-sanitize=fuzzer-no-link)
  add_executable(simdnorm-fuzz fuzz/described.cpp fuzz/promises.cpp fuzz/target.cpp)
  simdnorm_compile_options(simdnorm-fuzz)
  target_link_libraries(simdnorm-fuzz PRIVATE simdnorm-trials)
  target_include_directories(simdnorm-fuzz PRIVATE ${PROJECT_SOURCE_DIR}/cpp/src)
  target_link_options(simdnorm-fuzz PRIVATE -fsanitize=fuzzer)
endif()
