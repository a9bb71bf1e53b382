// A closed-loop HTTP/1.1 load generator: every connection has one request under way at a time.
//
// Unlike wrk it waits for the answers to what it has sent, so that acknowledged and stored counts can be compared, and
// it looks into each answer. The request is a template; `{serial}` in it becomes nine digits that count upwards from
// --first (or walk at random through --among numbers), `{serial64}` the same digits in base64: twelve characters.
//
//   load --ports 1,2 --connections 64 --request FILE (--seconds 3 | --requests 1000) [--first 0] [--among 100]
//        [--expect TEXT]
//
// Prints one line of JSON. An answer counts if its status is 200 or 201 and it contains the expected text.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 16384, LATENCY_MAX = 2000000, PLACES_MAX = 8, DRAIN_SECONDS = 20 };

struct place { int offset, base64; };

struct template {
    char bytes[4096];
    int length, places;
    struct place place[PLACES_MAX];
};

struct connection {
    int socket, sent, filled, failed;
    double started;
    long serial;
    char request[4096];
    char answer[ANSWER_MAX + 1];
};

static struct template request, expected;
static struct connection *connections;
static int connectionCount = 1, underWay, epoll;
static long requestsMax = -1, first, among, issued, acknowledged, inTime, errors;
static double seconds = 1, begun;
static unsigned latencies[LATENCY_MAX + 1];  // one bucket a microsecond

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

// Replaces the placeholders by blanks and remembers where they were.
static void prepare(struct template *out, const char *text, int length) {
    for (int at = 0; at < length;) {
        int base64 = strncmp(text + at, "{serial64}", 10) == 0;
        if (base64 || strncmp(text + at, "{serial}", 8) == 0) {
            if (out->places == PLACES_MAX) { fprintf(stderr, "load: too many places\n"); exit(2); }
            out->place[out->places++] = (struct place){out->length, base64};
            out->length += base64 ? 12 : 9;
            at += base64 ? 10 : 8;
        } else {
            out->bytes[out->length++] = text[at++];
        }
        if (out->length > 4000) { fprintf(stderr, "load: the template is too long\n"); exit(2); }
    }
}

static void fill(const struct template *template, long serial, char *out) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char digits[16], base64[13];
    snprintf(digits, sizeof digits, "%09ld", serial);
    for (int i = 0; i < 3; i++) {
        unsigned word = digits[3 * i] << 16 | digits[3 * i + 1] << 8 | digits[3 * i + 2];
        for (int j = 0; j < 4; j++) base64[4 * i + j] = alphabet[word >> (18 - 6 * j) & 63];
    }
    memcpy(out, template->bytes, template->length);
    for (int i = 0; i < template->places; i++) {
        const struct place *place = &template->place[i];
        memcpy(out + place->offset, place->base64 ? base64 : digits, place->base64 ? 12 : 9);
    }
}

static void fail(struct connection *c, const char *why) {
    if (errors++ == 0) {
        c->answer[c->filled] = 0;
        fprintf(stderr, "load: %s, serial %ld: %.300s\n", why, c->serial, c->answer);
    }
    c->failed = 1;
    underWay--;
    close(c->socket);
}

static void push(struct connection *c) {
    while (c->sent < request.length) {
        ssize_t count = send(c->socket, c->request + c->sent, request.length - c->sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) return;  // EPOLLOUT tells when to go on
        if (count <= 0) return fail(c, "sending failed");
        c->sent += count;
    }
}

// Whether another request may begin; its number is `issued`.
static int isOpen(double time) { return requestsMax >= 0 ? issued < requestsMax : time - begun < seconds; }

static void issue(struct connection *c, double time) {
    c->serial = among ? first + random() % among : first + issued;
    issued++;
    underWay++;
    fill(&request, c->serial, c->request);
    c->sent = c->filled = 0;
    c->started = time;
    push(c);
}

// The length of the whole answer, 0 if its end has not come, -1 if it is none that this program understands.
static int answerLength(struct connection *c) {
    c->answer[c->filled] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end) return c->filled == ANSWER_MAX ? -1 : 0;
    for (char *line = c->answer; line && line < end; line = strstr(line, "\r\n"), line = line ? line + 2 : 0) {
        if (strncasecmp(line, "content-length:", 15) == 0) {
            int length = end + 4 - c->answer + atoi(line + 15);
            return length > ANSWER_MAX ? -1 : c->filled >= length ? length : 0;
        }
    }
    return -1;
}

static void finish(struct connection *c, int length) {
    double time = now();
    char wanted[4096];
    int status = atoi(c->answer + 9);
    if (length != c->filled) return fail(c, "more than one answer");
    if (status != 200 && status != 201) return fail(c, "refused");
    if (expected.length) {
        fill(&expected, c->serial, wanted);
        if (!memmem(c->answer, c->filled, wanted, expected.length)) return fail(c, "unexpected answer");
    }
    acknowledged++;
    if (requestsMax >= 0 || time - begun <= seconds) inTime++;
    long micros = (time - c->started) * 1e6;
    latencies[micros < LATENCY_MAX ? micros : LATENCY_MAX]++;
    c->started = 0;
    underWay--;
    if (isOpen(time)) issue(c, time);
}

static void take(struct connection *c) {
    ssize_t count = recv(c->socket, c->answer + c->filled, ANSWER_MAX - c->filled, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return fail(c, "the connection was closed");
    c->filled += count;
    int length = answerLength(c);
    if (length < 0) fail(c, "malformed answer");
    if (length > 0) finish(c, length);
}

static void dial(struct connection *c, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->socket, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    int yes = 1;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->socket, &event) < 0) die("epoll_ctl");
}

static void run(void) {
    struct epoll_event events[256];
    begun = now();
    for (int i = 0; i < connectionCount && isOpen(begun); i++) issue(&connections[i], begun);
    while (underWay > 0) {
        int count = epoll_wait(epoll, events, 256, 100);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (events[i].events & EPOLLOUT && c->started > 0 && !c->failed) push(c);
            if (events[i].events & ~EPOLLOUT && !c->failed) take(c);
        }
        if (requestsMax < 0 && now() - begun > seconds + DRAIN_SECONDS) break;
    }
    errors += underWay;
}

static long percentile(double share) {
    long rank = acknowledged * share, seen = 0;
    for (long micros = 0; micros <= LATENCY_MAX; micros++)
        if ((seen += latencies[micros]) > rank) return micros;
    return 0;
}

int main(int count, char **arguments) {
    char *ports = 0, text[4096];
    for (int i = 1; i + 1 < count; i += 2) {
        char *name = arguments[i], *value = arguments[i + 1];
        if (!strcmp(name, "--ports")) ports = value;
        else if (!strcmp(name, "--connections")) connectionCount = atoi(value);
        else if (!strcmp(name, "--seconds")) seconds = atof(value);
        else if (!strcmp(name, "--requests")) requestsMax = atol(value);
        else if (!strcmp(name, "--first")) first = atol(value);
        else if (!strcmp(name, "--among")) among = atol(value);
        else if (!strcmp(name, "--expect")) prepare(&expected, value, strlen(value));
        else if (!strcmp(name, "--request")) {
            FILE *file = fopen(value, "r");
            if (!file) die(value);
            prepare(&request, text, fread(text, 1, sizeof text, file));
            fclose(file);
        } else { fprintf(stderr, "load: unknown argument %s\n", name); return 2; }
    }
    if (!ports || !request.length || connectionCount < 1) { fprintf(stderr, "load: arguments are missing\n"); return 2; }
    epoll = epoll_create1(0);
    connections = calloc(connectionCount, sizeof *connections);
    char *port = ports;
    for (int i = 0; i < connectionCount; i++) {
        dial(&connections[i], atoi(port));
        port = strchr(port, ',') ? strchr(port, ',') + 1 : ports;
    }
    run();
    double end = now();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("{\"issued\": %ld, \"acknowledged\": %ld, \"errors\": %ld, \"rate\": %.1f, \"seconds\": %.3f, "
           "\"p50_us\": %ld, \"p99_us\": %ld, \"cpu_s\": %.3f}\n",
           issued, acknowledged, errors, inTime / (requestsMax >= 0 ? end - begun : seconds), end - begun,
           percentile(0.5), percentile(0.99), cpu);
    return 0;
}
