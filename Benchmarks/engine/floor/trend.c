#include "line.h"
#define SYMBOLS_LIMIT 2048
#include "symbols.h"

/* All trends Start, one Reading or more above 10.00, Stop of each symbol, within a time after the first Start: how many there
   are, how many readings are part of one, and the sum of their prices over all trends. */

typedef struct {
    int64_t start;
    uint64_t starts, readings, complete;
    double start_weight, reading_weight, complete_weight;
    double reading_sum, complete_sum;
    uint64_t pending, parts;
    bool is_open;
} window;

typedef struct {
    symbols devices;
    window windows[SYMBOLS_MAX];
} state;

static inline uint64_t sum(uint64_t a, uint64_t b) {
    uint64_t c = a + b;
    return c > INT64_MAX ? INT64_MAX : c;
}

/* The kind of an event is in place of a volume: 0 for a Start, 1 for a Reading, 2 for a Stop. */
static inline void take(state *s, const floor_tick *tick, int64_t within, floor_result *result) {
    window *w = &s->windows[intern(&s->devices, tick)];
    if (w->is_open && tick->time > w->start + within) {
        if (w->complete > 0) {
            result->outputs++;
            result->sum += (double)w->complete + (double)w->parts + w->complete_sum;
        }
        memset(w, 0, sizeof(*w));
    }
    if (tick->volume == 0) {
        if (!w->is_open) w->start = tick->time;
        w->is_open = true;
        w->starts = sum(w->starts, 1);
        w->start_weight += 1;
    } else if (tick->volume == 1) {
        if (w->starts == 0 || tick->price <= 10.0) return;
        w->readings = sum(w->readings, sum(w->starts, w->readings));
        double weight = w->start_weight + w->reading_weight;
        w->reading_weight += weight;
        w->reading_sum += w->reading_sum + tick->price * weight;
        w->pending++;
    } else {
        if (w->readings == 0) return;
        w->complete = sum(w->complete, w->readings);
        w->complete_weight += w->reading_weight;
        w->complete_sum += w->reading_sum;
        w->parts += w->pending;
        w->pending = 0;
    }
}

/* {"event_type":"Start","timestamp":0,"data":{"symbol":"D000","price":12.34}} */
static inline const char *read_event(const char *p, floor_tick *tick) {
    p += sizeof("{\"event_type\":\"") - 1;
    tick->volume = *p == 'R' ? 1 : p[2] == 'a' ? 0 : 2;
    p = (const char *)memchr(p, '"', 16) + sizeof("\",\"timestamp\":") - 1;
    p = read_number(p, &tick->time);
    p += sizeof(",\"data\":{\"symbol\":\"") - 1;
    const char *quote = memchr(p, '"', 64);
    tick->symbol = p;
    tick->symbol_length = (uint32_t)(quote - p);
    p = quote + sizeof("\",\"price\":") - 1;
    int64_t whole, cents;
    p = read_number(p, &whole);
    p = read_number(p + 1, &cents);
    tick->price = (double)(whole * 100 + cents) / 100.0;
    return (const char *)memchr(p, '\n', 256) + 1;
}

size_t floor_trend_parse(const char *text, size_t length, floor_tick *ticks, size_t max) {
    const char *p = text, *end = text + length;
    size_t count = 0;
    while (p < end && count < max) p = read_event(p, &ticks[count++]);
    return count;
}

static floor_result run_json(const char *text, size_t length, int64_t within) {
    const char *p = text, *end = text + length;
    state *s = calloc(1, sizeof(state));
    floor_result result = {0, 0};
    floor_tick tick;
    while (p < end) {
        p = read_event(p, &tick);
        take(s, &tick, within, &result);
    }
    free(s);
    return result;
}

static floor_result run(const floor_tick *ticks, size_t count, size_t rounds, int64_t delay, int64_t within) {
    state *s = calloc(1, sizeof(state));
    floor_result result = {0, 0};
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            floor_tick tick = ticks[i];
            tick.time += delay * (int64_t)round;
            take(s, &tick, within, &result);
        }
    }
    free(s);
    return result;
}

floor_result floor_trend_json(const char *text, size_t length) { return run_json(text, length, 1000); }

floor_result floor_trend(const floor_tick *ticks, size_t count, size_t rounds, int64_t delay) {
    return run(ticks, count, rounds, delay, 1000);
}

floor_result floor_trend_long_json(const char *text, size_t length) { return run_json(text, length, 10000); }

floor_result floor_trend_long(const floor_tick *ticks, size_t count, size_t rounds, int64_t delay) {
    return run(ticks, count, rounds, delay, 10000);
}
