#ifndef FLOOR_H
#define FLOOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What no engine can do with less work: for each scenario a loop that reads lines written by the benchmark, and of no other
   form, and does only that. */

/* The fields of an event that the scenarios read. */
typedef struct {
    const char *symbol;
    uint32_t symbol_length;
    /* A Tock, not a Tick. */
    bool is_second;
    /* The second letter of its type: Tick, Tock or Tack. */
    char kind;
    double price;
    int64_t volume;
    /* Milliseconds. */
    int64_t time;
} floor_tick;

typedef struct {
    /* How many events the engine would emit. */
    size_t outputs;
    /* Of a number in each, so that none is left out. */
    double sum;
} floor_result;

/* Reads at most `max` lines into `ticks`. Returns how many there are. */
size_t floor_parse(const char *text, size_t length, floor_tick *ticks, size_t max);

/* From JSON lines with zeros behind them. */
typedef floor_result floor_from_json(const char *text, size_t length);
floor_from_json floor_filter_json, floor_aggregate_json, floor_join_json, floor_crossover_json, floor_sequence_json,
    floor_sequence3_json, floor_kleene_json, floor_rising_json, floor_negation_json;

/* From ticks that are parsed already: again and again, each time `delay` milliseconds later. */
typedef floor_result floor_from_ticks(const floor_tick *ticks, size_t count, size_t rounds, int64_t delay);
floor_from_ticks floor_filter, floor_aggregate, floor_join, floor_crossover, floor_sequence, floor_sequence3,
    floor_kleene, floor_rising, floor_negation;

/* The same for trends, whose lines have another form. */
size_t floor_trend_parse(const char *text, size_t length, floor_tick *ticks, size_t max);
floor_from_json floor_trend_json, floor_trend_long_json;
floor_from_ticks floor_trend, floor_trend_long;

/* How often this process has asked for memory. */
uint64_t floor_allocations(void);
#endif
