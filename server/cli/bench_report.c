/* SPDX-License-Identifier: MIT */
#include "cli/bench.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static const double quantiles[] = { 0.5, 0.9, 0.99, 0.999, 1 };
static const char *const quantile_names[] = { "p50_us", "p90_us", "p99_us", "p999_us", "max_us" };

static const char *const quantile_labels[] = { "p50", "p90", "p99", "p99.9", "most" };

#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static const char *mode_name(const struct bench *bench)
{
    static const char *const names[] = { "upload", "fanout", "echo", "idle" };
    return names[bench->options->mode];
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

void bench_report_progress(const struct bench *bench, int64_t now_ns)
{
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    const double elapsed_s = seconds(now_ns - bench->started_ns);
    if (bench->phase == BENCH_OPENING) {
        fprintf(stderr, "\r%s: %u of %lld connections open, %.0f s ", mode_name(bench), bench->open,
                (long long)bench->options->connections, elapsed_s);
    } else {
        fprintf(stderr, "\r%s: %.0f of %.0f s, %llu messages, %.1f MB ", mode_name(bench),
                elapsed_s, bench->options->duration_s, (unsigned long long)bench->messages,
                (double)bench->bytes / 1e6);
    }
}

/* The fewest and the most messages that a connection received. */
static void find_range(const struct bench *bench, uint64_t *least, uint64_t *most)
{
    *least = UINT64_MAX;
    *most = 0;
    for (int64_t i = 0; i < bench->options->connections; i++) {
        const uint64_t count = bench->links[i].received;
        *least = count < *least ? count : *least;
        *most = count > *most ? count : *most;
    }
}

static void add_server(const struct bench *bench, json_t *object)
{
    const double cpu_s = bench->after.cpu_s - bench->before.cpu_s;
    if (bench->options->pid == 0) {
        return;
    }
    json_object_set_new(object, "server_cpu_s", json_real(cpu_s));
    json_object_set_new(object, "server_resident_bytes",
                        json_integer((json_int_t)bench->after.resident));
    if (bench->messages > 0) {
        json_object_set_new(object, "server_cpu_us_per_message",
                            json_real(cpu_s * 1e6 / (double)bench->messages));
    }
    if (bench->bytes > 0) {
        json_object_set_new(object, "server_cpu_s_per_gb",
                            json_real(cpu_s * 1e9 / (double)bench->bytes));
    }
}

static json_t *make_json(const struct bench *bench)
{
    const double elapsed_s = seconds(bench->elapsed_ns);
    uint64_t least = 0;
    uint64_t most = 0;
    find_range(bench, &least, &most);
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:f, s:f, s:f, s:f}", "mode",
                  mode_name(bench), "url", bench->options->url, "connections",
                  (json_int_t)bench->options->connections, "open", (json_int_t)bench->open, "lost",
                  (json_int_t)bench->lost, "open_s", seconds(bench->opened_ns), "elapsed_s",
                  elapsed_s, "messages", (json_int_t)bench->messages, "bytes",
                  (json_int_t)bench->bytes, "messages_per_s", (double)bench->messages / elapsed_s,
                  "bytes_per_s", (double)bench->bytes / elapsed_s, "received_per_s_least",
                  (double)least / elapsed_s, "received_per_s_most", (double)most / elapsed_s);
    for (size_t i = 0; i < QUANTILES; i++) {
        const int64_t ns = histogram_quantile(&bench->latency, quantiles[i]);
        json_object_set_new(object, quantile_names[i],
                            ns < 0 ? json_null() : json_real((double)ns / 1e3));
    }
    json_object_set_new(object, "is_scheduled", json_boolean(bench->options->rate > 0));
    add_server(bench, object);
    return object;
}

static void print_text(const struct bench *bench)
{
    const double elapsed_s = seconds(bench->elapsed_ns);
    uint64_t least = 0;
    uint64_t most = 0;
    find_range(bench, &least, &most);
    printf("%s %s\n", mode_name(bench), bench->options->url);
    printf("  connections  %u open after %.2f s, %u lost\n", bench->open, seconds(bench->opened_ns),
           bench->lost);
    printf("  messages     %llu in %.2f s, %.0f a second\n", (unsigned long long)bench->messages,
           elapsed_s, (double)bench->messages / elapsed_s);
    printf("  bytes        %.3f GB, %.3f GB/s\n", (double)bench->bytes / 1e9,
           (double)bench->bytes / 1e9 / elapsed_s);
    if (bench->options->mode == CLI_BENCH_FANOUT || bench->options->mode == CLI_BENCH_IDLE) {
        printf("  each         %.1f to %.1f messages a second\n", (double)least / elapsed_s,
               (double)most / elapsed_s);
    }
    if (histogram_quantile(&bench->latency, 1) >= 0) {
        printf("  round trip   ");
        for (size_t i = 0; i < QUANTILES; i++) {
            printf("%s %.0f us%s", quantile_labels[i],
                   (double)histogram_quantile(&bench->latency, quantiles[i]) / 1e3,
                   i + 1 < QUANTILES ? ", " : "\n");
        }
        if (bench->options->rate == 0) {
            printf("               (each connection waits for its answer; --rate shows what "
                   "others would have waited)\n");
        }
    }
    if (bench->options->pid > 0) {
        printf("  server       %.2f s of processor time, %.1f MB resident\n",
               bench->after.cpu_s - bench->before.cpu_s, (double)bench->after.resident / 1e6);
    }
}

void bench_report(const struct bench *bench)
{
    if (isatty(STDERR_FILENO)) {
        fputc('\n', stderr);
    }
    if (!bench->options->has_json) {
        print_text(bench);
        return;
    }
    json_t *object = make_json(bench);
    if (object) {
        (void)json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
    json_decref(object);
}
