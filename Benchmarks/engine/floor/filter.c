#include "floor.h"

typedef struct {
    char nothing;
} state;

static inline void take(state *s, const floor_tick *tick, floor_result *result) {
    (void)s;
    if (tick->price > 180.0) {
        result->sum += tick->price * (double)tick->volume;
        result->outputs++;
    }
}

#define SCENARIO filter
#include "loops.h"
