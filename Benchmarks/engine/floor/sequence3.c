#include "runs.h"

/* A dear tick, the next dear tock and then the next dear tack of the symbol. */
typedef struct {
    symbols symbols;
    runs runs[SYMBOLS_MAX][2];
} state;

static inline void take(state *s, const floor_tick *tick, floor_result *result) {
    if (tick->price <= 100.0) return;
    runs *open = s->runs[intern(&s->symbols, tick)];
    expire(&open[0], tick->time);
    expire(&open[1], tick->time);
    if (tick->kind == 'i') {
        add(&open[0], (run){tick->time, tick->price, 0, 0});
    } else if (tick->kind == 'o') {
        for (size_t i = 0; i < open[0].count; i++) {
            open[0].runs[i].last = tick->price;
            add(&open[1], open[0].runs[i]);
        }
        open[0].count = 0;
    } else {
        for (size_t i = 0; i < open[1].count; i++) result->sum += tick->price - open[1].runs[i].first;
        result->outputs += open[1].count;
        open[1].count = 0;
    }
}

#define SCENARIO sequence3
#include "loops.h"
