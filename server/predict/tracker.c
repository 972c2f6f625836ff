/* SPDX-License-Identifier: MIT */
#include "predict/tracker.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * A track is kept as it was when it was last seen, and where it is now is worked out from that
 * moment, so nothing adds up while it coasts. Place and speed follow what is seen as an alpha-beta
 * filter whose gains come from the time between (T. Benedict and G. Bordner, 1962): a box that
 * jitters 60 times a second moves a track little, a box five times a second says where it is.
 *
 * Lengths are fractions of the picture. Whether a box is near is judged by its own size, so the
 * picture's shape does not matter.
 */

#define NS_PER_SECOND 1e9f
#define COAST_NS INT64_C(1000000000)
#define PAIRS_MAX 16384 /* 64 for each object; more are not looked at */

static const float PLACE_TAU_S = 0.1f; /* how fast a track follows its box */
static const float SIZE_TAU_S = 0.2f;
static const float SPEED_TAU_S = 2.0f; /* how fast an unseen track slows down */
static const float GAP_MIN_S = 0.001f;

static const float GATE = 0.5f;           /* how far from its place, in sizes of the larger box */
static const float GATE_PER_S = 1.0f;     /* and so much more for each second since it was seen */
static const float GATE_NEW_PER_S = 4.0f; /* of one whose speed is not known */
static const float GATE_MAX = 2.0f;
static const float SIZE_RATIO_MAX = 2.0f;      /* of widths and of heights */
static const float NEARNESS_SHARE = 0.5f;      /* in a pair's worth, beside the overlap's 1 */
static const float STALE_COST = 0.3f;          /* of a track about to be given up */
static const float OTHER_LABEL_COST = 0.5f;    /* so the same label comes first */
static const float OTHER_LABEL_OVERLAP = 0.4f; /* least, to take another label for a mistake */

/* Middle and size along one axis, and how the middle moves. Units: pictures, seconds. */
struct axis {
    float at, size, speed;
};

struct track {
    uint32_t id;
    char label[PREDICTION_LABEL_SIZE];
    struct axis x, y; /* when it was seen */
    int64_t seen_ns;
    bool is_new; /* seen once */
};

struct pair {
    float worth;
    uint16_t track, object;
};

struct tracker {
    int64_t coast_ns;
    uint32_t last_id;
    size_t track_count;
    struct track tracks[TRACKER_TRACKS_MAX];
    size_t pair_count;
    struct pair pairs[PAIRS_MAX];
    bool is_track_taken[TRACKER_TRACKS_MAX];
    bool is_object_taken[PREDICTION_OBJECTS_MAX];
};

struct tracker *tracker_new(const struct tracker_options *options)
{
    struct tracker *tracker = calloc(1, sizeof(*tracker));
    if (tracker) {
        tracker->coast_ns = options && options->coast_ns ? options->coast_ns : COAST_NS;
    }
    return tracker;
}

void tracker_free(struct tracker **tracker)
{
    free(*tracker);
    *tracker = NULL;
}

static bool has_tracks(const struct prediction *prediction)
{
    for (size_t i = 0; i < prediction->object_count; i++) {
        if (prediction->objects[i].track) {
            return true;
        }
    }
    return false;
}

/* A detector may say anything; what is no box is not followed. */
static bool is_box(const struct prediction_object *object)
{
    return isfinite(object->x) && isfinite(object->y) && isfinite(object->width) &&
           isfinite(object->height) && object->width > 0.0f && object->height > 0.0f;
}

static float gap_s(const struct track *track, int64_t now_ns)
{
    return fmaxf(GAP_MIN_S, (float)(now_ns - track->seen_ns) / NS_PER_SECOND);
}

static struct axis axis_after(struct axis axis, float gap)
{
    const float kept = expf(-gap / SPEED_TAU_S);
    axis.at += axis.speed * SPEED_TAU_S * (1.0f - kept);
    axis.speed *= kept;
    return axis;
}

static void axis_correct(struct axis *axis, float at, float size, float gap)
{
    const float gain = 1.0f - expf(-gap / PLACE_TAU_S);
    const struct axis expected = axis_after(*axis, gap);
    const float wrong = at - expected.at;
    axis->at = expected.at + gain * wrong;
    axis->speed = expected.speed + gain * gain / (2.0f - gain) * wrong / gap;
    axis->size += (1.0f - expf(-gap / SIZE_TAU_S)) * (size - axis->size);
}

static float middle(float from, float size)
{
    return from + size / 2.0f;
}

/* What two stretches of a line have in common. */
static float shared(float at, float size, float other_at, float other_size)
{
    const float from = fmaxf(at - size / 2.0f, other_at - other_size / 2.0f);
    const float to = fminf(at + size / 2.0f, other_at + other_size / 2.0f);
    return fmaxf(0.0f, to - from);
}

static bool is_of_like_size(float a, float b)
{
    return a < SIZE_RATIO_MAX * b && b < SIZE_RATIO_MAX * a;
}

static float gate_of(const struct track *track, float gap)
{
    return fminf(GATE_MAX, GATE + gap * (track->is_new ? GATE_NEW_PER_S : GATE_PER_S));
}

/* What speaks for an object being that track; 0 or less for nothing. */
static float worth_of(const struct tracker *tracker, const struct track *track,
                      const struct prediction_object *object, int64_t now_ns)
{
    const float gap = gap_s(track, now_ns);
    const struct axis x = axis_after(track->x, gap), y = axis_after(track->y, gap);
    const float width = object->width, height = object->height;
    const float at_x = middle(object->x, width), at_y = middle(object->y, height);
    const float gate = gate_of(track, gap);
    const float away =
        hypotf((at_x - x.at) / fmaxf(width, x.size), (at_y - y.at) / fmaxf(height, y.size)) / gate;
    if (away >= 1.0f || !is_of_like_size(width, x.size) || !is_of_like_size(height, y.size)) {
        return 0.0f;
    }
    const float common = shared(at_x, width, x.at, x.size) * shared(at_y, height, y.at, y.size);
    const float overlap = common / (width * height + x.size * y.size - common);
    const float stale = STALE_COST * gap * NS_PER_SECOND / (float)tracker->coast_ns;
    const float worth = overlap + NEARNESS_SHARE * (1.0f - away) - fminf(stale, STALE_COST);
    if (strcmp(track->label, object->label) == 0) {
        return fmaxf(worth, 1e-6f); /* the gate has let it through */
    }
    return overlap < OTHER_LABEL_OVERLAP ? 0.0f : fmaxf(worth - OTHER_LABEL_COST, 1e-7f);
}

static void find_pairs(struct tracker *tracker, const struct prediction *prediction, int64_t now_ns)
{
    tracker->pair_count = 0;
    for (size_t i = 0; i < prediction->object_count; i++) {
        for (size_t k = 0; k < tracker->track_count && is_box(&prediction->objects[i]); k++) {
            const float worth =
                worth_of(tracker, &tracker->tracks[k], &prediction->objects[i], now_ns);
            if (worth > 0.0f && tracker->pair_count < PAIRS_MAX) {
                tracker->pairs[tracker->pair_count++] =
                    (struct pair){ .worth = worth, .track = (uint16_t)k, .object = (uint16_t)i };
            }
        }
    }
}

/* The best pair whose both sides are free, or NULL; of equal ones the first. */
static const struct pair *best_pair(const struct tracker *tracker)
{
    const struct pair *best = NULL;
    for (size_t i = 0; i < tracker->pair_count; i++) {
        const struct pair *pair = &tracker->pairs[i];
        const bool is_free =
            !tracker->is_track_taken[pair->track] && !tracker->is_object_taken[pair->object];
        if (is_free && (!best || pair->worth > best->worth)) {
            best = pair;
        }
    }
    return best;
}

static void track_follow(struct track *track, const struct prediction_object *object,
                         int64_t now_ns)
{
    const float gap = gap_s(track, now_ns);
    axis_correct(&track->x, middle(object->x, object->width), object->width, gap);
    axis_correct(&track->y, middle(object->y, object->height), object->height, gap);
    memcpy(track->label, object->label, sizeof(track->label));
    track->seen_ns = now_ns;
    track->is_new = false;
}

static void take_pairs(struct tracker *tracker, struct prediction *prediction, int64_t now_ns)
{
    memset(tracker->is_track_taken, 0, sizeof(tracker->is_track_taken));
    memset(tracker->is_object_taken, 0, sizeof(tracker->is_object_taken));
    for (const struct pair *pair; (pair = best_pair(tracker));) {
        struct track *track = &tracker->tracks[pair->track];
        struct prediction_object *object = &prediction->objects[pair->object];
        tracker->is_track_taken[pair->track] = tracker->is_object_taken[pair->object] = true;
        object->track = track->id;
        track_follow(track, object, now_ns);
    }
}

static void give_up(struct tracker *tracker, int64_t now_ns)
{
    size_t kept = 0;
    for (size_t i = 0; i < tracker->track_count; i++) {
        if (now_ns - tracker->tracks[i].seen_ns <= tracker->coast_ns) {
            tracker->tracks[kept++] = tracker->tracks[i];
        }
    }
    tracker->track_count = kept;
}

/* Room at the end of the list, which stays in the order of the numbers. */
static struct track *track_add(struct tracker *tracker)
{
    if (tracker->track_count == TRACKER_TRACKS_MAX) {
        size_t oldest = 0;
        for (size_t i = 1; i < tracker->track_count; i++) {
            if (tracker->tracks[i].seen_ns < tracker->tracks[oldest].seen_ns) {
                oldest = i;
            }
        }
        tracker->track_count--;
        memmove(&tracker->tracks[oldest], &tracker->tracks[oldest + 1],
                (tracker->track_count - oldest) * sizeof(tracker->tracks[0]));
    }
    return &tracker->tracks[tracker->track_count++];
}

static void begin_tracks(struct tracker *tracker, struct prediction *prediction, int64_t now_ns)
{
    for (size_t i = 0; i < prediction->object_count; i++) {
        struct prediction_object *object = &prediction->objects[i];
        if (tracker->is_object_taken[i] || !is_box(object) || tracker->last_id == UINT32_MAX) {
            continue; /* without a track: the numbers are used up rather than used again */
        }
        struct track *track = track_add(tracker);
        *track = (struct track){
            .id = ++tracker->last_id,
            .x = { .at = middle(object->x, object->width), .size = object->width },
            .y = { .at = middle(object->y, object->height), .size = object->height },
            .seen_ns = now_ns,
            .is_new = true,
        };
        memcpy(track->label, object->label, sizeof(track->label));
        object->track = track->id;
    }
}

void tracker_look(struct tracker *tracker, struct prediction *prediction, int64_t captured_ns)
{
    assert(prediction->object_count <= PREDICTION_OBJECTS_MAX);
    if (has_tracks(prediction)) {
        return;
    }
    give_up(tracker, captured_ns);
    find_pairs(tracker, prediction, captured_ns);
    take_pairs(tracker, prediction, captured_ns);
    begin_tracks(tracker, prediction, captured_ns);
}
