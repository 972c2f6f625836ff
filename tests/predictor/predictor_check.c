/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/*
 * predictor_check [--deadline MS] SPEC: whether a predictor keeps the rules that the server counts
 * on. SPEC is what --predict takes. One line a case: "ok   NAME" or "FAIL NAME: sentence". Exit
 * status 0 when all are well, 1 when one is not, 2 for a wrong command line.
 */

#define DEADLINE_MS 1000
#define LIMIT_FACTOR 10 /* a call that takes so many deadlines hangs */

static int usage(const char *sentence, const char *word)
{
    fprintf(stderr, "predictor_check: %s%s\nusage: predictor_check [--deadline MS] SPEC\n",
            sentence, word);
    return 2;
}

static bool deadline_parse(const char *text, int64_t *out_ns)
{
    char *end = NULL;
    const long ms = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || ms < 1 || ms > 3600000) {
        return false;
    }
    *out_ns = ms * NS_PER_MS;
    return true;
}

static void describe(struct check *check)
{
    check->traits.parallel_max = check->kind->parallel_max;
    snprintf(check->traits.name, sizeof(check->traits.name), "%s", check->kind->name);
    if (check->kind->describe) {
        check->kind->describe(check->spec, &check->traits);
    }
}

static bool run(struct check *check, const struct check_case *one)
{
    check->why[0] = '\0';
    check_watch_name(one->name);
    check_watch_extend(check->limit_ns);
    const bool is_good = one->run(check);
    if (is_good) {
        printf("ok   %s\n", one->name);
    } else {
        printf("FAIL %s: %s\n", one->name, check->why);
    }
    fflush(stdout);
    return is_good;
}

/* Without a start there is nothing else to see. */
static int run_all(struct check *check)
{
    if (!run(check, &check_cases[0])) {
        return 1;
    }
    int status = 0;
    for (const struct check_case *one = &check_cases[1]; one->name; one++) {
        status = run(check, one) ? status : 1;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct check check = { .deadline_ns = DEADLINE_MS * NS_PER_MS };
    int next = 1;
    if (argc > 2 && strcmp(argv[1], "--deadline") == 0) {
        if (!deadline_parse(argv[2], &check.deadline_ns)) {
            return usage("no milliseconds: ", argv[2]);
        }
        next = 3;
    }
    if (argc != next + 1 || argv[next][0] == '-') {
        return usage("give one SPEC, as --predict takes it", "");
    }
    check.spec = argv[next];
    check.limit_ns = check.deadline_ns * LIMIT_FACTOR;
    check.kind = predictor_kind_find(check.spec);
    if (!check.kind) {
        return usage("there is no such predictor: ", check.spec);
    }
    (void)log_configure("warn");
    signal(SIGPIPE, SIG_IGN); /* as in the server */
    check_watch_start();
    describe(&check);
    const int status = run_all(&check);
    check_watch_stop();
    return status;
}
