#include "runs.h"

/* From each tick on those of the symbol that rise, up to the first that falls. */
typedef struct {
    symbols symbols;
    runs runs[SYMBOLS_MAX][2];
} state;

static inline void take(state *s, const floor_tick *tick, floor_result *result) {
    if (tick->kind != 'i') return;
    runs *open = s->runs[intern(&s->symbols, tick)];
    expire(&open[0], tick->time);
    expire(&open[1], tick->time);
    size_t kept = 0;
    for (size_t i = 0; i < open[1].count; i++) {
        run *at = &open[1].runs[i];
        if (tick->price < at->last) {
            if (at->taken > 2) {
                result->sum += at->last + (double)at->taken;
                result->outputs++;
            }
            continue;
        }
        if (tick->price > at->last) {
            at->last = tick->price;
            at->taken++;
        }
        open[1].runs[kept++] = *at;
    }
    open[1].count = kept;
    for (size_t i = 0; i < open[0].count; i++) {
        open[0].runs[i].last = tick->price;
        open[0].runs[i].taken = 1;
        add(&open[1], open[0].runs[i]);
    }
    open[0].count = 0;
    add(&open[0], (run){tick->time, tick->price, 0, 0});
}

#define SCENARIO rising
#include "loops.h"
