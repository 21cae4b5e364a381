# cmake -DNM=<nm> -DOBJECTS=<object;...> -P leaked_symbols.cmake
#
# An object compiled for one ISA may export its kernel table and nothing else. Anything more, an inline function of the
# standard library above all, could be merged by the linker into code that runs where the ISA is missing.
foreach(object IN LISTS OBJECTS)
  execute_process(
    COMMAND "${NM}" --extern-only --defined-only --demangle "${object}"
    OUTPUT_VARIABLE symbols
    COMMAND_ERROR_IS_FATAL ANY
  )
  string(STRIP "${symbols}" symbols)
  string(REPLACE "\n" ";" lines "${symbols}")
  list(LENGTH lines count)
  if(NOT count EQUAL 1)
    message(SEND_ERROR "${object} must export one table, but exports ${count} symbols:\n${symbols}")
  else()
    message(STATUS "${object}: ${symbols}")
  endif()
endforeach()
