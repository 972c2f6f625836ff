/* SPDX-License-Identifier: MIT */
#include "background.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two modes per pixel. The first is the one seen longest and always counts as background; the
 * second is a candidate and counts once it has been seen for need_s. They change places when the
 * second has more evidence, so a person who stood there when the model began is soon outvoted by
 * the ground they uncover.
 *
 * The planes are floats and the inner loop has no branches, so that compilers vectorise it; bytes
 * are turned into floats and back in blocks that stay in the first-level cache. */

enum {
    BLOCK_PX = 512,
    LIGHT_STEP_PX = 5,  /* every so many pixels tell how the light has changed */
    LIGHT_LEVELS = 511, /* -255..255 */
    LIGHT_SAMPLES_MIN = 32,
};

static const float FLOOD_SHARE = 0.6f;      /* more foreground than this: not things, the camera */
static const float LIGHT_MIN = 2.0f;        /* smaller changes of light are learnt, not jumped to */
static const float LIGHT_SHARE_MIN = 0.25f; /* of the picture; what is smaller may be a thing */
static const float MODE_TAU_S = 3.0f;       /* how fast a mode follows what it matches */
static const float SPREAD_TAU_S = 6.0f;     /* how fast the spread does */
static const float SPREAD_START = 3.0f;     /* of 255 */
static const float SPREAD_MIN = 0.5f;
static const float SPREAD_FACTOR = 4.5f; /* 3.6 sigma of a normal distribution */
static const float SHADOW_SHARE = 0.25f; /* of a pixel's brightness */
static const float STRONG_FACTOR = 2.0f; /* so many times the limit is a strong mark */
static const float FADE = 0.1f;          /* seconds of evidence lost per second unseen */
static const float LOSS = 4.0f;          /* the same for a candidate that was never background */
static const float NEED_SHARE = 0.4f;    /* of the model's age, while it is young */
static const float NEED_MIN_S = 1.0f;
static const float SEEN_EXTRA_S = 6.0f; /* evidence kept beyond absorb_s */

/* One float for each pixel. */
struct planes {
    float *first, *first_seen_s, *second, *second_seen_s, *spread;
};

struct background {
    struct background_options options;
    size_t pixel_count;
    bool has_picture;
    float age_s;
    float *memory; /* owned; the planes point into it */
    struct planes planes;
};

struct rates {
    float elapsed_s, need_s, seen_max_s, mode_gain, spread_gain, contrast_min;
};

struct background *background_new(const struct background_options *options)
{
    assert(options->pixel_max > 0);
    struct background *bg = calloc(1, sizeof(*bg));
    if (!bg) {
        return NULL;
    }
    bg->options = *options;
    const size_t pixel_max = options->pixel_max;
    bg->memory = calloc(5 * pixel_max, sizeof(*bg->memory));
    if (!bg->memory) {
        background_free(&bg);
        return NULL;
    }
    bg->planes = (struct planes){
        .first = bg->memory,
        .first_seen_s = bg->memory + pixel_max,
        .second = bg->memory + 2 * pixel_max,
        .second_seen_s = bg->memory + 3 * pixel_max,
        .spread = bg->memory + 4 * pixel_max,
    };
    return bg;
}

void background_free(struct background **pbg)
{
    struct background *bg = *pbg;
    *pbg = NULL;
    if (!bg) {
        return;
    }
    free(bg->memory);
    free(bg);
}

void background_restart(struct background *bg, size_t pixel_count)
{
    assert(pixel_count <= bg->options.pixel_max);
    bg->pixel_count = pixel_count;
    bg->has_picture = false;
    bg->age_s = 0.0f;
}

static struct planes planes_from(const struct planes *p, size_t at)
{
    return (struct planes){
        .first = p->first + at,
        .first_seen_s = p->first_seen_s + at,
        .second = p->second + at,
        .second_seen_s = p->second_seen_s + at,
        .spread = p->spread + at,
    };
}

static void begin(struct background *bg, const uint8_t *luma)
{
    const struct planes *p = &bg->planes;
    for (size_t i = 0; i < bg->pixel_count; i++) {
        p->first[i] = p->second[i] = luma[i];
        p->first_seen_s[i] = p->second_seen_s[i] = 0.0f;
        p->spread[i] = SPREAD_START;
    }
    bg->has_picture = true;
    bg->age_s = 0.0f;
}

/* Median of a histogram of differences; 0 when there is too little to say anything. */
static float median_difference(const uint32_t *counts, uint32_t total)
{
    if (total < LIGHT_SAMPLES_MIN) {
        return 0.0f;
    }
    uint32_t below = 0;
    int level = 0;
    while (below + counts[level] <= total / 2) {
        below += counts[level++];
    }
    const float within = ((float)total / 2.0f - (float)below) / (float)counts[level];
    return (float)(level - 255) + within - 0.5f;
}

/* Whether a half shows a change that is of the light. On plain ground one half is nothing but
 * things, and where they were a moment ago is not lit in another way: it is uncovered. */
static bool is_relit(float difference, uint32_t count, uint32_t all)
{
    return fabsf(difference) >= LIGHT_MIN && (float)count >= LIGHT_SHARE_MIN * (float)all;
}

/* How the light changed, as a straight line over brightness through two robust points. */
static bool light_change(const struct background *bg, const uint8_t *luma, float *offset,
                         float *slope)
{
    static const float SLOPE_MAX = 1.0f;
    const float *first = bg->planes.first;
    uint32_t counts[2][LIGHT_LEVELS] = { 0 };
    uint32_t total[2] = { 0 };
    double sum[2] = { 0 };
    double mean = 0.0;
    size_t samples = 0;
    for (size_t i = 0; i < bg->pixel_count; i += LIGHT_STEP_PX) {
        mean += first[i];
        samples++;
    }
    mean /= (double)samples;
    for (size_t i = 0; i < bg->pixel_count; i += LIGHT_STEP_PX) {
        const int half = first[i] > mean;
        counts[half][255 + luma[i] - (int)(first[i] + 0.5f)]++;
        sum[half] += first[i];
        total[half]++;
    }
    const float dark = median_difference(counts[0], total[0]);
    const float bright = median_difference(counts[1], total[1]);
    const uint32_t all = total[0] + total[1];
    if (!is_relit(dark, total[0], all) && !is_relit(bright, total[1], all)) {
        return false;
    }
    *slope = 0.0f;
    *offset = total[0] > total[1] ? dark : bright;
    if (total[0] >= LIGHT_SAMPLES_MIN && total[1] >= LIGHT_SAMPLES_MIN) {
        const float dark_at = (float)(sum[0] / total[0]);
        const float bright_at = (float)(sum[1] / total[1]);
        const float apart = fmaxf(bright_at - dark_at, 1.0f);
        *slope = fmaxf(-SLOPE_MAX, fminf(SLOPE_MAX, (bright - dark) / apart));
        *offset = (dark + bright) / 2.0f - *slope * (dark_at + bright_at) / 2.0f;
    }
    return true;
}

static void relight(float *restrict mode, size_t count, float offset, float slope)
{
    for (size_t i = 0; i < count; i++) {
        mode[i] = fmaxf(0.0f, fminf(255.0f, mode[i] + offset + slope * mode[i]));
    }
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

static inline float within(float value, float max)
{
    const float positive = value > 0.0f ? value : 0.0f;
    return positive < max ? positive : max;
}

/* One block of pixels. What would be a branch is a weight of 0 or 1, or a choice between two values
 * that are both at hand, because only so do compilers vectorise the whole. mark is 0, 1 or 2. */
static void look_at_block(const struct rates *r, size_t count, const float *restrict luma,
                          struct planes at, float *restrict mark)
{
    float *restrict first = at.first, *restrict first_seen_s = at.first_seen_s;
    float *restrict second = at.second, *restrict second_seen_s = at.second_seen_s;
    float *restrict spread = at.spread;
    const struct rates k = *r;
    for (size_t i = 0; i < count; i++) {
        const float x = luma[i], a = first[i], b = second[i], wide = SPREAD_FACTOR * spread[i];
        const float limit = larger(wide, k.contrast_min);
        /* Darker by so little may be a shadow, and a shadow is nobody. */
        const float limit_a = x < a ? larger(limit, SHADOW_SHARE * a) : limit;
        const float limit_b = x < b ? larger(limit, SHADOW_SHARE * b) : limit;
        const float from_a = fabsf(x - a), from_b = fabsf(x - b);
        const float is_a = from_a <= limit_a ? 1.0f : 0.0f;
        const float is_b = from_b <= limit_b ? 1.0f - is_a : 0.0f;
        const float is_b_known = second_seen_s[i] >= k.need_s ? 1.0f : 0.0f;
        const float is_quiet = is_a + is_b * is_b_known;

        const float b_fade = LOSS + (FADE - LOSS) * larger(is_a, is_b_known);
        const float a_gained = is_a - FADE * (1.0f - is_a);
        const float b_gained = is_b - b_fade * (1.0f - is_b);
        const float a_seen = within(first_seen_s[i] + k.elapsed_s * a_gained, k.seen_max_s);
        const float b_seen = within(second_seen_s[i] + k.elapsed_s * b_gained, k.seen_max_s);
        const float is_spent = b_seen > 0.0f ? 0.0f : 1.0f;
        const float is_fresh = (1.0f - is_a) * (1.0f - is_b) * is_spent;

        const float a_moved = a + is_a * k.mode_gain * (x - a);
        const float b_moved = b + larger(is_b * k.mode_gain, is_fresh) * (x - b);
        const float b_distance = from_b + (1.0f - is_b_known) * 255.0f;
        const float nearest = b_distance < from_a ? b_distance : from_a;
        const float wider = spread[i] + is_quiet * k.spread_gain * (nearest - spread[i]);
        const float strength = nearest > STRONG_FACTOR * limit ? 2.0f : 1.0f;

        mark[i] = (1.0f - is_quiet) * strength;
        spread[i] = larger(wider, SPREAD_MIN);
        first[i] = b_seen > a_seen ? b_moved : a_moved;
        second[i] = b_seen > a_seen ? a_moved : b_moved;
        first_seen_s[i] = larger(a_seen, b_seen);
        second_seen_s[i] = b_seen > a_seen ? a_seen : b_seen;
    }
}

static size_t look_at_pixels(struct background *bg, const struct rates *r, const uint8_t *luma,
                             uint8_t *marks)
{
    float values[BLOCK_PX];
    float found[BLOCK_PX];
    size_t marked = 0;
    for (size_t at = 0; at < bg->pixel_count; at += BLOCK_PX) {
        const size_t left = bg->pixel_count - at;
        const size_t count = left < BLOCK_PX ? left : BLOCK_PX;
        for (size_t i = 0; i < count; i++) {
            values[i] = luma[at + i];
        }
        look_at_block(r, count, values, planes_from(&bg->planes, at), found);
        uint32_t here = 0;
        for (size_t i = 0; i < count; i++) {
            marks[at + i] = (uint8_t)found[i];
            here += found[i] > 0.0f;
        }
        marked += here;
    }
    return marked;
}

bool background_look(struct background *bg, const uint8_t *luma, float elapsed_s, uint8_t *marks)
{
    assert(bg->pixel_count > 0);
    if (!bg->has_picture) {
        begin(bg, luma);
        memset(marks, BACKGROUND_QUIET, bg->pixel_count);
        return false;
    }
    assert(elapsed_s > 0.0f);
    bg->age_s += elapsed_s;
    float offset, slope;
    if (light_change(bg, luma, &offset, &slope)) {
        relight(bg->planes.first, bg->pixel_count, offset, slope);
        relight(bg->planes.second, bg->pixel_count, offset, slope);
    }

    const float absorb_s = bg->options.absorb_s;
    const struct rates rates = {
        .elapsed_s = elapsed_s,
        .need_s = fminf(absorb_s, fmaxf(NEED_MIN_S, NEED_SHARE * bg->age_s)),
        .seen_max_s = absorb_s + SEEN_EXTRA_S,
        .mode_gain = 1.0f - expf(-elapsed_s / fminf(MODE_TAU_S, bg->age_s)),
        .spread_gain = 1.0f - expf(-elapsed_s / SPREAD_TAU_S),
        .contrast_min = bg->options.contrast_min,
    };
    const size_t marked = look_at_pixels(bg, &rates, luma, marks);
    if ((float)marked > FLOOD_SHARE * (float)bg->pixel_count) {
        begin(bg, luma);
    }
    if (bg->age_s < bg->options.warm_up_s) {
        memset(marks, BACKGROUND_QUIET, bg->pixel_count);
        return false;
    }
    return true;
}
