#ifndef LINE_H
#define LINE_H
#include "floor.h"
#include <string.h>

static inline const char *read_number(const char *p, int64_t *value) {
    int64_t v = 0;
    while (*p >= '0' && *p <= '9') v = v * 10 + (*p++ - '0');
    *value = v;
    return p;
}

/* {"event_type":"Tick","timestamp":0,"data":{"symbol":"S000","price":12.34,"volume":100,"venue":"X"}}
   Returns where the next line begins. */
static inline const char *read_line(const char *p, floor_tick *tick) {
    tick->kind = p[sizeof("{\"event_type\":\"T") - 1];
    tick->is_second = tick->kind == 'o';
    p += sizeof("{\"event_type\":\"Tick\",\"timestamp\":") - 1;
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
    p += sizeof(",\"volume\":") - 1;
    p = read_number(p, &tick->volume);
    return (const char *)memchr(p, '\n', 256) + 1;
}
#endif
