#include "symbols.h"

/* Two running averages of each symbol. An event changes the fast one first, which then meets the slow one of the event before,
   and then the slow one: they are compared twice, as the program does. */
typedef struct {
    symbols symbols;
    struct {
        bool is_there;
        int64_t time;
        double fast, slow;
    } averages[SYMBOLS_MAX];
} state;

static inline double moved(double average, double price, double weight) {
    return price * weight + average * (1 - weight);
}

static inline void compare(double fast, double slow, floor_result *result) {
    if (fast > slow + 20.0) {
        result->sum += fast - slow;
        result->outputs++;
    }
}

static inline void take(state *s, const floor_tick *tick, floor_result *result) {
    size_t number = intern(&s->symbols, tick);
    bool is_there = s->averages[number].is_there;
    double fast = is_there ? moved(s->averages[number].fast, tick->price, 2.0 / 13) : tick->price;
    if (is_there && s->averages[number].time >= tick->time - 60000) compare(fast, s->averages[number].slow, result);
    double slow = is_there ? moved(s->averages[number].slow, tick->price, 2.0 / 27) : tick->price;
    compare(fast, slow, result);
    s->averages[number].is_there = true;
    s->averages[number].time = tick->time;
    s->averages[number].fast = fast;
    s->averages[number].slow = slow;
}

#define SCENARIO crossover
#include "loops.h"
