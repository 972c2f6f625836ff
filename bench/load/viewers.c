/* SPDX-License-Identifier: MIT */
/*
 * viewers PORT PATH SECONDS FAST SLOW STALLED [SLOW_KB_PER_S]
 *
 * Opens MJPEG viewers of 127.0.0.1:PORT: FAST ones read all they can, SLOW ones at a fixed rate,
 * STALLED ones nothing. Prints one JSON line per kind: pictures a second (of each viewer: the least
 * and the most), how old a picture is when its last byte has been read (milliseconds, against the
 * capture time it carries; of the slow ones also over the last third of the time), and how many
 * connections the server closed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VIEWERS_MAX 20000
#define LINE_MAX_BYTES 512
#define READ_BYTES (256 * 1024)
#define TICK_MS 10
#define AGES_MAX 4000000
#define WARM_UP_S 1.0

enum kind { FAST, SLOW, STALLED, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = { "fast", "slow", "stalled" };

struct viewer {
    int fd;
    enum kind kind;
    bool is_closed;
    size_t body_left;      /* of the picture being read */
    size_t content_length; /* of the head being read */
    double captured_s;     /* X-Timestamp of the picture being read */
    size_t line_size;
    char line[LINE_MAX_BYTES];
    uint64_t pictures; /* after the warm-up */
};

struct ages {
    uint32_t *us;
    size_t count;
};

struct run {
    struct viewer *viewers;
    int viewer_count;
    int epoll;
    double began_s, warm_s, late_s, end_s;
    double slow_bytes_per_s;
    struct ages all[KIND_COUNT], late[KIND_COUNT];
    uint64_t bytes;
};

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void ages_add(struct ages *ages, double age_s)
{
    if (ages->count < AGES_MAX) {
        ages->us[ages->count++] = age_s > 0 ? (uint32_t)(age_s * 1e6) : 0;
    }
}

static void picture_done(struct run *run, struct viewer *viewer)
{
    const double now = now_s(CLOCK_MONOTONIC);
    const double age = now_s(CLOCK_REALTIME) - viewer->captured_s;
    if (now >= run->warm_s) {
        viewer->pictures++;
        ages_add(&run->all[viewer->kind], age);
    }
    if (now >= run->late_s) {
        ages_add(&run->late[viewer->kind], age);
    }
}

/* One line of a response head or a part head, without its CRLF. */
static void take_line(struct viewer *viewer)
{
    viewer->line[viewer->line_size] = '\0';
    if (strncasecmp(viewer->line, "Content-Length:", 15) == 0) {
        viewer->content_length = strtoull(viewer->line + 15, NULL, 10);
    } else if (strncasecmp(viewer->line, "X-Timestamp:", 12) == 0) {
        viewer->captured_s = strtod(viewer->line + 12, NULL);
    } else if (viewer->line_size == 0 && viewer->content_length > 0) {
        viewer->body_left = viewer->content_length;
        viewer->content_length = 0;
    }
    viewer->line_size = 0;
}

static void take_bytes(struct run *run, struct viewer *viewer, const char *data, size_t size)
{
    run->bytes += size;
    for (size_t at = 0; at < size;) {
        if (viewer->body_left > 0) {
            const size_t step = viewer->body_left < size - at ? viewer->body_left : size - at;
            viewer->body_left -= step;
            at += step;
            if (viewer->body_left == 0) {
                picture_done(run, viewer);
            }
            continue;
        }
        const char c = data[at++];
        if (c == '\n') {
            take_line(viewer);
        } else if (c != '\r' && viewer->line_size < LINE_MAX_BYTES - 1) {
            viewer->line[viewer->line_size++] = c;
        }
    }
}

static void viewer_close(struct viewer *viewer)
{
    if (!viewer->is_closed) {
        viewer->is_closed = true;
        close(viewer->fd);
    }
}

/* Read at most max bytes; the end of the stream is remembered. */
static void viewer_read(struct run *run, struct viewer *viewer, size_t max)
{
    static char buffer[READ_BYTES];
    while (max > 0 && !viewer->is_closed) {
        const size_t want = max < sizeof(buffer) ? max : sizeof(buffer);
        const ssize_t size = recv(viewer->fd, buffer, want, MSG_DONTWAIT);
        if (size > 0) {
            take_bytes(run, viewer, buffer, (size_t)size);
            max -= (size_t)size;
            if ((size_t)size < want) {
                return;
            }
        } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
            viewer_close(viewer);
        } else {
            return;
        }
    }
}

static void viewer_open(struct run *run, struct viewer *viewer, enum kind kind, uint16_t port,
                        const char *path)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *viewer = (struct viewer){ .kind = kind };
    viewer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (viewer->fd < 0 ||
        connect(viewer->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        die("connect");
    }
    char request[256];
    const int size =
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    if (write(viewer->fd, request, (size_t)size) != size) {
        die("write");
    }
    struct epoll_event event = {
        .events = kind == FAST ? EPOLLIN | EPOLLRDHUP : EPOLLRDHUP,
        .data.ptr = viewer,
    };
    if (kind != SLOW && epoll_ctl(run->epoll, EPOLL_CTL_ADD, viewer->fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static void read_slow_ones(struct run *run, double elapsed_s)
{
    const size_t share = (size_t)(run->slow_bytes_per_s * elapsed_s);
    for (int i = 0; i < run->viewer_count; i++) {
        if (run->viewers[i].kind == SLOW) {
            viewer_read(run, &run->viewers[i], share);
        }
    }
}

static void run_until_end(struct run *run)
{
    struct epoll_event events[256];
    double ticked_s = run->began_s;
    for (double now = run->began_s; now < run->end_s; now = now_s(CLOCK_MONOTONIC)) {
        const int count = epoll_wait(run->epoll, events, 256, TICK_MS);
        for (int i = 0; i < count; i++) {
            struct viewer *viewer = events[i].data.ptr;
            if (viewer->kind == FAST) {
                viewer_read(run, viewer, 4 * READ_BYTES);
            } else {
                viewer_close(viewer);
            }
        }
        const double elapsed = now_s(CLOCK_MONOTONIC) - ticked_s;
        if (elapsed >= TICK_MS / 1e3) {
            read_slow_ones(run, elapsed);
            ticked_s += elapsed;
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double age_ms(const struct ages *ages, double fraction)
{
    if (ages->count == 0) {
        return -1;
    }
    return ages->us[(size_t)(fraction * (double)(ages->count - 1))] / 1e3;
}

static void print_kind(struct run *run, enum kind kind)
{
    int count = 0;
    int closed = 0;
    double least = -1;
    double most = -1;
    for (int i = 0; i < run->viewer_count; i++) {
        const struct viewer *viewer = &run->viewers[i];
        if (viewer->kind != kind) {
            continue;
        }
        const double fps = (double)viewer->pictures / (run->end_s - run->warm_s);
        count++;
        closed += viewer->is_closed;
        least = least < 0 || fps < least ? fps : least;
        most = fps > most ? fps : most;
    }
    struct ages *all = &run->all[kind];
    struct ages *late = &run->late[kind];
    qsort(all->us, all->count, sizeof(*all->us), by_value);
    qsort(late->us, late->count, sizeof(*late->us), by_value);
    printf("{\"kind\": \"%s\", \"viewers\": %d, \"closed\": %d, \"fps_min\": %.2f, \"fps_max\": "
           "%.2f, \"age_ms\": {\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}, \"late_age_ms\": "
           "{\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}}\n",
           kind_names[kind], count, closed, least, most, age_ms(all, 0.5), age_ms(all, 0.99),
           age_ms(all, 1), age_ms(late, 0.5), age_ms(late, 0.99), age_ms(late, 1));
}

static void open_all(struct run *run, uint16_t port, const char *path, const int counts[KIND_COUNT])
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        run->all[kind].us = calloc(AGES_MAX, sizeof(uint32_t));
        run->late[kind].us = calloc(AGES_MAX, sizeof(uint32_t));
        if (!run->all[kind].us || !run->late[kind].us) {
            die("memory");
        }
        for (int i = 0; i < counts[kind]; i++) {
            viewer_open(run, &run->viewers[run->viewer_count++], (enum kind)kind, port, path);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "viewers PORT PATH SECONDS FAST SLOW STALLED [SLOW_KB_PER_S]\n");
        return 2;
    }
    const int counts[KIND_COUNT] = { atoi(argv[4]), atoi(argv[5]), atoi(argv[6]) };
    const int total = counts[FAST] + counts[SLOW] + counts[STALLED];
    if (total < 1 || total > VIEWERS_MAX) {
        fprintf(stderr, "viewers: from 1 to %d in all\n", VIEWERS_MAX);
        return 2;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    struct run run = {
        .viewers = calloc((size_t)total, sizeof(struct viewer)),
        .epoll = epoll_create1(EPOLL_CLOEXEC),
        .slow_bytes_per_s = (argc > 7 ? atof(argv[7]) : 500) * 1000,
    };
    if (!run.viewers || run.epoll < 0) {
        die("start");
    }
    open_all(&run, (uint16_t)atoi(argv[1]), argv[2], counts);
    const double seconds = atof(argv[3]);
    run.began_s = now_s(CLOCK_MONOTONIC);
    run.warm_s = run.began_s + WARM_UP_S;
    run.late_s = run.began_s + seconds * 2 / 3;
    run.end_s = run.began_s + seconds;
    run_until_end(&run);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        print_kind(&run, (enum kind)kind);
    }
    printf("{\"kind\": \"all\", \"bytes\": %llu}\n", (unsigned long long)run.bytes);
    return EXIT_SUCCESS;
}
