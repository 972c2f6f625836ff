/* SPDX-License-Identifier: MIT */
/* What is going on, as JSON: the list of streams, one stream, health and readiness. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "serve/answer.h"

static double ms(int64_t ns)
{
    return (double)(ns / NS_PER_US) / 1000.0;
}

static json_t *count(const _Atomic uint64_t *counter)
{
    return json_integer((json_int_t)atomic_load_explicit(counter, memory_order_relaxed));
}

static json_t *quantile(const struct histogram *histogram, double fraction)
{
    const int64_t ns = histogram_quantile(histogram, fraction);
    return ns < 0 ? json_null() : json_real(ms(ns));
}

static json_t *source_json(struct stream *stream, const struct stream_description *now)
{
    struct source *source = stream_source(stream);
    const struct source_stats *stats = source_stats(source);
    return json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o}", "kind", source_kind_name(source), "state",
                     source_state_name(now->state), "error", now->why[0] ? now->why : NULL,
                     "pictures", count(&stats->pictures), "corrupt", count(&stats->corrupt),
                     "restarts", count(&stats->restarts));
}

static json_t *times_json(const struct histogram *histogram)
{
    return json_pack("{s:o, s:o}", "p50", quantile(histogram, 0.5), "p99",
                     quantile(histogram, 0.99));
}

static json_t *predictor_json(struct predictor *predictor)
{
    static const char *const state_names[] = {
        [PREDICTOR_STARTING] = "starting",
        [PREDICTOR_RUNNING] = "running",
        [PREDICTOR_DOWN] = "down",
    };
    const struct predictor_stats *stats = predictor_stats(predictor);
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     predictor_name(predictor), "state", state_names[predictor_state(predictor)],
                     "seen", count(&stats->seen), "skipped", count(&stats->skipped), "failed",
                     count(&stats->failed), "restarts", count(&stats->restarts), "latency_ms",
                     times_json(&stats->latency), "wait_ms", times_json(&stats->wait), "convert_ms",
                     times_json(&stats->convert), "run_ms", times_json(&stats->run));
}

/* All of them; and the first by itself, or null. */
static json_t *predictors_json(struct stream *stream, json_t **first)
{
    json_t *list = json_array();
    struct predictor *predictor = NULL;
    for (unsigned i = 0; (predictor = stream_predictor(stream, i)); i++) {
        json_array_append_new(list, predictor_json(predictor));
    }
    *first = json_array_size(list) > 0 ? json_incref(json_array_get(list, 0)) : json_null();
    return list;
}

static json_t *stream_json(struct stream *stream)
{
    struct stream_description now;
    stream_describe(stream, &now);
    const struct stream_stats *stats = stream_stats(stream);
    json_t *age =
        now.captured_ns ? json_real(ms(clock_steady_ns() - now.captured_ns)) : json_null();
    json_t *first = NULL;
    json_t *predictors = predictors_json(stream, &first);
    return json_pack("{s:s, s:i, s:f, s:o, s:I, s:I, s:s, s:f, s:I, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o}",
                     "name", stream_name(stream), "id", (int)stream_id(stream), "now",
                     (double)clock_wall_us() / 1e6, "source", source_json(stream, &now), "width",
                     (json_int_t)now.width, "height", (json_int_t)now.height, "codec", "jpeg",
                     "fps", (double)(int64_t)(now.fps * 100 + 0.5) / 100, "seq",
                     (json_int_t)now.seq, "frame_age_ms", age, "viewers", count(&stats->viewers),
                     "pictures", count(&stats->pictures), "encoded", count(&stats->encoded),
                     "passed", count(&stats->passed), "sent", count(&stats->sent), "drops",
                     count(&stats->dropped), "predictor", first, "predictors", predictors);
}

void status_list_visit(const struct visit *visit)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < visit->site->stream_count; i++) {
        json_array_append_new(list, stream_json(visit->site->streams[i]));
    }
    answer_json(visit, 200, list);
}

void status_stream_visit(const struct visit *visit)
{
    answer_json(visit, 200, stream_json(visit->stream));
}

void status_health_visit(const struct visit *visit)
{
    answer_json(visit, 200,
                json_pack("{s:s, s:s, s:f}", "status", "ok", "version", FRAMECAST_VERSION,
                          "uptime_s", ms(clock_steady_ns() - visit->site->started_ns) / 1000));
}

/* Ready: at least one stream delivers. */
void status_ready_visit(const struct visit *visit)
{
    char why[STREAM_NAME_MAX + STREAM_WHY_SIZE + 16] = "no stream delivers pictures yet";
    for (uint32_t i = 0; i < visit->site->stream_count; i++) {
        struct stream_description now;
        stream_describe(visit->site->streams[i], &now);
        if (now.state == SOURCE_UP && now.seq > 0) {
            answer_json(visit, 200, json_pack("{s:s}", "status", "ready"));
            return;
        }
        if (now.why[0]) {
            snprintf(why, sizeof(why), "stream '%s': %s", stream_name(visit->site->streams[i]),
                     now.why);
        }
    }
    answer_error(visit, 503, why, "see /streams");
}
