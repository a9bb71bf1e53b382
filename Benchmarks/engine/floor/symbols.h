#ifndef SYMBOLS_H
#define SYMBOLS_H
#include "floor.h"
#include <stdlib.h>
#include <string.h>

/* Whoever has more defines it before. */
#ifndef SYMBOLS_LIMIT
#define SYMBOLS_LIMIT 256
#endif

enum { SYMBOLS_MAX = SYMBOLS_LIMIT, SLOTS = 4 * SYMBOLS_MAX };

/* Numbers for symbols of 1 to 8 bytes, by open addressing. Their text is kept as a word; 0 is an empty slot. */
typedef struct {
    uint64_t words[SLOTS];
    uint16_t numbers[SLOTS];
    uint16_t count;
} symbols;

static inline size_t intern(symbols *s, const floor_tick *tick) {
    uint64_t word;
    memcpy(&word, tick->symbol, 8);
    word &= ~(uint64_t)0 >> (64 - 8 * tick->symbol_length);
    size_t slot = (word * 0x9E3779B97F4A7C15u >> 32) % SLOTS;
    while (s->words[slot] != word) {
        if (s->words[slot] == 0) {
            if (s->count == SYMBOLS_MAX) abort();
            s->words[slot] = word;
            s->numbers[slot] = s->count++;
            break;
        }
        slot = (slot + 1) % SLOTS;
    }
    return s->numbers[slot];
}
#endif
