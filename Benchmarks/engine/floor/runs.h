#ifndef RUNS_H
#define RUNS_H
#define SYMBOLS_LIMIT 1024
#include "symbols.h"

/* Partial matches of one symbol, the oldest first. */
enum { RUNS_MAX = 256 };

typedef struct {
    int64_t start;
    double first, last;
    int64_t taken;
} run;

typedef struct {
    size_t count;
    run runs[RUNS_MAX];
} runs;

static inline void add(runs *list, run added) {
    if (list->count == RUNS_MAX) abort();
    list->runs[list->count++] = added;
}

/* Drops those that began more than ten seconds before. */
static inline void expire(runs *list, int64_t now) {
    size_t old = 0;
    while (old < list->count && list->runs[old].start < now - 10000) old++;
    if (old == 0) return;
    list->count -= old;
    memmove(list->runs, list->runs + old, list->count * sizeof(run));
}
#endif
