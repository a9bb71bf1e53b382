#include "floor.h"
#include <string.h>

static const char *number(const char *p, int64_t *value) {
    int64_t v = 0;
    while (*p >= '0' && *p <= '9') v = v * 10 + (*p++ - '0');
    *value = v;
    return p;
}

/* {"event_type":"Tick","timestamp":0,"data":{"symbol":"S000","price":12.34,"volume":100,"venue":"X"}} */
static const char *line(const char *p, floor_tick *tick) {
    p += sizeof("{\"event_type\":\"Tick\",\"timestamp\":") - 1;
    p = number(p, &tick->time);
    p += sizeof(",\"data\":{\"symbol\":\"") - 1;
    const char *quote = memchr(p, '"', 64);
    tick->symbol = p;
    tick->symbol_length = (uint32_t)(quote - p);
    p = quote + sizeof("\",\"price\":") - 1;
    int64_t whole, cents;
    p = number(p, &whole);
    const char *point = p + 1;
    p = number(point, &cents);
    tick->price = (double)(whole * 100 + cents) / 100.0;
    p += sizeof(",\"volume\":") - 1;
    p = number(p, &tick->volume);
    return (const char *)memchr(p, '\n', 256) + 1;
}

size_t floor_filter_json(const char *text, size_t length, double limit, double *sum) {
    const char *p = text, *end = text + length;
    size_t passed = 0;
    floor_tick tick;
    while (p < end) {
        p = line(p, &tick);
        if (tick.price > limit) {
            *sum += tick.price * (double)tick.volume;
            passed++;
        }
    }
    return passed;
}

size_t floor_parse(const char *text, size_t length, floor_tick *ticks) {
    const char *p = text, *end = text + length;
    size_t count = 0;
    while (p < end) p = line(p, &ticks[count++]);
    return count;
}

size_t floor_filter(const floor_tick *ticks, size_t count, double limit, double *out) {
    size_t passed = 0;
    for (size_t i = 0; i < count; i++) {
        if (ticks[i].price > limit) out[passed++] = ticks[i].price * (double)ticks[i].volume;
    }
    return passed;
}
