// What the thread sanitizer must report: a team whose members read what another one writes, and do not wait for each
// other. With the argument "wait" they do. So silence about the library means that there is no race in it, and not that
// the sanitizer knows nothing of its teams.
#include <cstdio>
#include <cstring>

#include "runtime/parallel.hpp"

int main(int count, char** arguments) {
  const bool waits = count == 2 && std::strcmp(arguments[1], "wait") == 0;
  long shared[2] = {0, 0}, sum[2] = {0, 0};
  simdnorm::parallel(2, [&](const simdnorm::Team& team) {
    team.each(2, [&](simdnorm::Index i, simdnorm::Index) { shared[i] = 1; });
    if (waits) team.wait();
    team.each(2, [&](simdnorm::Index i, simdnorm::Index) { sum[i] = shared[1 - i]; });
  });
  std::printf("%ld\n", sum[0] + sum[1]);
  return 0;
}
