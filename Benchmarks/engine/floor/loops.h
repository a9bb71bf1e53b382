/* The two functions of a scenario. Whoever includes this has defined SCENARIO, a type `state` of which a fresh one is zeros,
   and `take(state, tick, result)`. */
#include "line.h"
#include <stdlib.h>

#define JOINED(scenario, suffix) floor_##scenario##suffix
#define NAME(scenario, suffix) JOINED(scenario, suffix)

floor_result NAME(SCENARIO, _json)(const char *text, size_t length) {
    const char *p = text, *end = text + length;
    state *s = calloc(1, sizeof(state));
    floor_result result = {0, 0};
    floor_tick tick;
    while (p < end) {
        p = read_line(p, &tick);
        take(s, &tick, &result);
    }
    free(s);
    return result;
}

floor_result NAME(SCENARIO, )(const floor_tick *ticks, size_t count, size_t rounds, int64_t delay) {
    state *s = calloc(1, sizeof(state));
    floor_result result = {0, 0};
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            floor_tick tick = ticks[i];
            tick.time += delay * (int64_t)round;
            take(s, &tick, &result);
        }
    }
    free(s);
    return result;
}
