// The call that binds a thread to processors. Glibc shows it only to programs that ask for its extensions before they
// include anything, which Swift's importer does not; under a name of our own it cannot clash with the one that others see.
#include <stddef.h>

extern int thread_set_affinity(int thread, size_t bytes, const void *mask) __asm__("sched_setaffinity");
extern int thread_get_affinity(int thread, size_t bytes, void *mask) __asm__("sched_getaffinity");
