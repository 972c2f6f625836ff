/* SPDX-License-Identifier: MIT */
/*
 * load MODE PORT [OPTION VALUE]...: the load that servers are compared under, on 127.0.0.1, by
 * plain sockets and one epoll, so that it is cheap and the same for all. One JSON line comes out;
 * bench/README.md says what is in it.
 */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "link.h"
#include "process.h"

#define GIVE_UP_S 120 /* beyond the time asked for */

static const struct mode {
    const char *name;
    void (*run)(const struct load *load, struct result *result);
} modes[] = {
    { "upload", upload_run },
    { "fanout", fanout_run },
    { "echo", echo_run },
    { "idle", idle_run },
};

static void usage(void)
{
    fprintf(stderr, "load upload|fanout|echo|idle PORT [OPTION VALUE]...\n"
                    "  --pid N           the server, whose processor time and memory are taken\n"
                    "  --raw 1           no protocol: the server is bench/raw\n"
                    "  --connections N   (1)\n"
                    "  --size BYTES      of a message (1000)\n"
                    "  --seconds S       measured (2)\n"
                    "  --warm-up S       before that (0.5)\n"
                    "  --depth N         echo: messages each connection has on the way (1)\n"
                    "  --rate HZ         echo: messages a second in all, sent on time\n"
                    "  --burst N         fanout, idle: messages that one \"go\" asks for (1)\n");
    exit(2);
}

static void set_option(struct load *load, const char *name, const char *value)
{
    struct {
        const char *name;
        double *real;
    } const options[] = {
        { "--seconds", &load->measured_s },
        { "--warm-up", &load->warm_s },
        { "--rate", &load->rate_hz },
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (strcmp(name, options[i].name) == 0) {
            *options[i].real = strtod(value, NULL);
            return;
        }
    }
    const unsigned long number = strtoul(value, NULL, 10);
    if (strcmp(name, "--pid") == 0) {
        load->pid = (pid_t)number;
    } else if (strcmp(name, "--raw") == 0) {
        load->is_raw = number != 0;
    } else if (strcmp(name, "--connections") == 0) {
        load->connections = (int)number;
    } else if (strcmp(name, "--size") == 0) {
        load->size = number;
    } else if (strcmp(name, "--depth") == 0) {
        load->depth = number;
    } else if (strcmp(name, "--burst") == 0) {
        load->burst = number;
    } else {
        usage();
    }
}

static void print(const struct load *load, const struct result *result, const char *mode)
{
    const double messages = result->messages > 0 ? (double)result->messages : 1;
    const double bytes = result->bytes > 0 ? (double)result->bytes : 1;
    printf("{\"mode\":\"%s\",\"raw\":%s,\"connections\":%d,\"size\":%zu", mode,
           load->is_raw ? "true" : "false", load->connections, load->size);
    printf(",\"messages\":%llu,\"bytes\":%llu,\"wall_s\":%.6f,\"cpu_s\":%.6f",
           (unsigned long long)result->messages, (unsigned long long)result->bytes, result->wall_s,
           result->cpu_s);
    printf(",\"gb_per_s\":%.6f,\"messages_per_s\":%.1f", bytes / result->wall_s / 1e9,
           messages / result->wall_s);
    printf(",\"cpu_s_per_gb\":%.6f,\"cpu_us_per_message\":%.6f", result->cpu_s / bytes * 1e9,
           result->cpu_s / messages * 1e6);
    printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f", result->late_us[0],
           result->late_us[1], result->late_us[2], result->late_us[3]);
    printf(",\"rss_bytes_each\":%.1f}\n", result->rss_bytes_each);
}

static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int argc, char **argv)
{
    struct load load = {
        .connections = 1, .size = 1000, .warm_s = 0.5, .measured_s = 2, .depth = 1, .burst = 1
    };
    if (argc < 3 || argc % 2 == 0) {
        usage();
    }
    load.port = (uint16_t)strtoul(argv[2], NULL, 10);
    for (int i = 3; i < argc; i += 2) {
        set_option(&load, argv[i], argv[i + 1]);
    }
    if (load.connections < 1 || load.size < 1 || load.depth < 1 || load.burst < 1) {
        usage();
    }
    raise_limits();
    (void)alarm((unsigned)(load.warm_s + load.measured_s) + GIVE_UP_S);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(argv[1], modes[i].name) == 0) {
            struct result result = { .late_us = { -1, -1, -1, -1 }, .rss_bytes_each = -1 };
            modes[i].run(&load, &result);
            print(&load, &result, argv[1]);
            return EXIT_SUCCESS;
        }
    }
    usage();
}
