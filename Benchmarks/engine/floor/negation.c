#include "runs.h"

/* A dear tick, and the next dear tock of the symbol unless a dear tack comes between. */
typedef struct {
    symbols symbols;
    runs runs[SYMBOLS_MAX];
} state;

static inline void take(state *s, const floor_tick *tick, floor_result *result) {
    if (tick->price <= 100.0) return;
    runs *open = &s->runs[intern(&s->symbols, tick)];
    expire(open, tick->time);
    if (tick->kind == 'i') {
        add(open, (run){tick->time, tick->price, 0, 0});
        return;
    }
    if (tick->kind == 'o') {
        for (size_t i = 0; i < open->count; i++) result->sum += tick->price - open->runs[i].first;
        result->outputs += open->count;
    }
    open->count = 0;
}

#define SCENARIO negation
#include "loops.h"
