#include "line.h"

size_t floor_parse(const char *text, size_t length, floor_tick *ticks, size_t max) {
    const char *p = text, *end = text + length;
    size_t count = 0;
    while (p < end && count < max) p = read_line(p, &ticks[count++]);
    return count;
}
