#ifndef FLOOR_H
#define FLOOR_H
#include <stddef.h>
#include <stdint.h>

/* The fields of an event that the scenarios read. */
typedef struct {
    const char *symbol;
    uint32_t symbol_length;
    double price;
    int64_t volume;
    int64_t time;
} floor_tick;

/* Reads lines written by the benchmark, and of no other form, and sums up price * volume of those that the filter passes:
   what no engine can do with less work. Returns how many passed. */
size_t floor_filter_json(const char *text, size_t length, double limit, double *sum);

/* Reads the lines into `ticks`, which has room for all. Returns how many there are. */
size_t floor_parse(const char *text, size_t length, floor_tick *ticks);

/* The same filter over ticks that are parsed already. */
size_t floor_filter(const floor_tick *ticks, size_t count, double limit, double *out);

/* How often this process has asked for memory. */
uint64_t floor_allocations(void);
#endif
