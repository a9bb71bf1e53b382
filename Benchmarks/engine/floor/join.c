#include "symbols.h"

/* The newest Tick and the newest Tock of each symbol, neither more than ten seconds older than what arrives. */
typedef struct {
    bool is_there;
    int64_t time;
    double price;
} newest;

typedef struct {
    symbols symbols;
    newest kept[SYMBOLS_MAX][2];
} state;

static inline void take(state *s, const floor_tick *tick, floor_result *result) {
    newest *kept = s->kept[intern(&s->symbols, tick)];
    kept[tick->is_second] = (newest){true, tick->time, tick->price};
    const newest *partner = &kept[!tick->is_second];
    if (!partner->is_there || partner->time < tick->time - 10000) return;
    if (kept[1].price > kept[0].price + 190.0) {
        result->sum += kept[1].price - kept[0].price;
        result->outputs++;
    }
}

#define SCENARIO join
#include "loops.h"
