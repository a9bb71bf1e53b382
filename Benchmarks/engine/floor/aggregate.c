#include "symbols.h"

/* Mean, sum, highest and count of each hundred events of a symbol. */
typedef struct {
    symbols symbols;
    struct {
        double prices, volume, high;
        size_t count;
    } windows[SYMBOLS_MAX];
} state;

static inline void take(state *s, const floor_tick *tick, floor_result *result) {
    size_t number = intern(&s->symbols, tick);
    double volume = (double)tick->volume;
    if (s->windows[number].count == 0) s->windows[number].high = tick->price;
    s->windows[number].prices += tick->price;
    s->windows[number].volume += volume;
    if (tick->price > s->windows[number].high) s->windows[number].high = tick->price;
    if (++s->windows[number].count < 100) return;
    double mean = s->windows[number].prices / (double)s->windows[number].count;
    result->sum += mean + s->windows[number].volume + s->windows[number].high;
    result->outputs++;
    memset(&s->windows[number], 0, sizeof(s->windows[number]));
}

#define SCENARIO aggregate
#include "loops.h"
