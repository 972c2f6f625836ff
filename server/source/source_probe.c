/* SPDX-License-Identifier: MIT */
/*
 * Look at a source from the outside: `source_probe [-o] [-f] [-r FPS] [-w WIDTH] [-t SECONDS] [-d]
 * SPEC [COUNT]` prints a line per picture and per change of state, and ends after COUNT real ones.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "source/source.h"

struct probe {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    uint64_t seq, wanted;
    bool is_ended;
    int64_t last_ns;
};

static const char *const format_names[PICTURE_FORMAT_COUNT] = {
    [PICTURE_JPEG] = "jpeg",     [PICTURE_GRAY] = "gray",     [PICTURE_YUV420] = "yuv420",
    [PICTURE_YUV422] = "yuv422", [PICTURE_YUV444] = "yuv444",
};

/* Every byte is touched, so that a sanitizer sees a plane that is not there. */
static unsigned picture_sum(const struct picture *picture)
{
    unsigned sum = 0;
    if (picture->format == PICTURE_JPEG) {
        for (size_t i = 0; i < picture->bytes; i++) {
            sum += picture->planes[0].data[i];
        }
        return sum;
    }
    for (unsigned i = 0; i < PICTURE_PLANES_MAX && picture->planes[i].data; i++) {
        for (uint32_t y = 0; y < picture_plane_height(picture, i); y++) {
            const uint8_t *row = picture->planes[i].data + y * picture->planes[i].stride;
            for (uint32_t x = 0; x < picture_plane_width(picture, i); x++) {
                sum += row[x];
            }
        }
    }
    return sum;
}

static void on_picture(void *ctx, struct picture *picture)
{
    struct probe *probe = ctx;
    pthread_mutex_lock(&probe->lock);
    const int64_t interval_ns = probe->last_ns ? picture->captured_ns - probe->last_ns : 0;
    probe->last_ns = picture->captured_ns;
    if (!picture->is_notice) {
        probe->seq++;
    }
    printf("%s seq=%" PRIu64 " size=%ux%u format=%s range=%s bytes=%zu interval_ms=%.1f sum=%x%s\n",
           picture->is_notice ? "notice" : "picture", probe->seq, picture->width, picture->height,
           format_names[picture->format], picture->is_full_range ? "full" : "video", picture->bytes,
           (double)interval_ns / 1e6, picture_sum(picture),
           picture->is_discontinuity ? " discontinuity" : "");
    fflush(stdout);
    pthread_cond_signal(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
    picture_unref(&picture);
}

static void on_state(void *ctx, enum source_state state, const char *why)
{
    struct probe *probe = ctx;
    pthread_mutex_lock(&probe->lock);
    printf("state %s why='%s'\n", source_state_name(state), why);
    fflush(stdout);
    probe->is_ended = state == SOURCE_ENDED;
    pthread_cond_signal(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
}

/* Until enough pictures have come, the source has ended, or the time is over. */
static void probe_wait(struct probe *probe, int64_t seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&probe->lock);
    int err = 0;
    while (probe->seq < probe->wanted && !probe->is_ended && !err) {
        err = pthread_cond_timedwait(&probe->changed, &probe->lock, &until);
    }
    pthread_mutex_unlock(&probe->lock);
}

/* What the command line asks for. */
struct wish {
    struct source_options options;
    int64_t seconds; /* to wait at most */
    uint64_t count;
};

static bool wish_read(struct wish *wish, int argc, char **argv)
{
    *wish = (struct wish){ .seconds = 20, .count = 10 };
    for (int option; (option = getopt(argc, argv, "ofdr:w:t:s:")) != -1;) {
        switch (option) {
        case 'o':
            wish->options.is_once = true;
            break;
        case 'f':
            wish->options.is_fast = true;
            break;
        case 'd':
            (void)log_configure("debug");
            break;
        case 'r':
            wish->options.fps = atof(optarg);
            break;
        case 'w':
            wish->options.width = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 't':
            wish->seconds = strtol(optarg, NULL, 10);
            break;
        case 's':
            wish->options.stall_ns = strtol(optarg, NULL, 10) * NS_PER_MS;
            break;
        default:
            return false;
        }
    }
    wish->options.spec = optind < argc ? argv[optind] : NULL;
    wish->count = optind + 1 < argc ? strtoull(argv[optind + 1], NULL, 10) : wish->count;
    return true;
}

int main(int argc, char **argv)
{
    struct wish wish;
    if (!wish_read(&wish, argc, argv)) {
        return 2;
    }
    struct probe probe = {
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .wanted = wish.count,
    };
    struct source *source = NULL;
    char why[256] = "";
    const struct source_sink sink = { .picture = on_picture, .state = on_state, .ctx = &probe };
    int err = source_new(&source, &wish.options, &sink, why, sizeof(why));
    if (err) {
        fprintf(stderr, "%s: %s\n", strerror(-err), why);
        return 2;
    }
    printf("kind %s\n", source_kind_name(source));
    err = source_start(source);
    if (err == 0) {
        probe_wait(&probe, wish.seconds);
        const int64_t begin_ns = clock_steady_ns();
        source_stop(source);
        const struct source_stats *stats = source_stats(source);
        printf("stopped_ms=%.0f pictures=%" PRIu64 " corrupt=%" PRIu64 " restarts=%" PRIu64 "\n",
               (double)(clock_steady_ns() - begin_ns) / 1e6, stats->pictures, stats->corrupt,
               stats->restarts);
    }
    source_free(&source);
    return err || probe.seq < probe.wanted ? EXIT_FAILURE : EXIT_SUCCESS;
}
