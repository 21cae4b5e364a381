// What a shared library exports: nothing but what is marked so. In a static one the marks are empty, and whoever links
// it into a library of their own exports nothing of it.
#pragma once

#if !defined(simdnorm_EXPORTS)  // CMake defines it while it builds a shared library, and only then
#define SIMDNORM_API
#elif defined(_WIN32)
#define SIMDNORM_API __declspec(dllexport)
#else
#define SIMDNORM_API __attribute__((visibility("default")))
#endif
