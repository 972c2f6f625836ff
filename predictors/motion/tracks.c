/* SPDX-License-Identifier: MIT */
#include "tracks.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* A picture goes through five steps: every track is predicted; pairs of track and region are made,
 * best first; tracks without a region that lie on someone else's join that group; what has
 * a region is corrected by it; regions that belong to nobody become tentative tracks. A tentative
 * track is believed, and gets its id, once it has been hit often enough, for long enough, and has
 * gone somewhere. */

enum { HITS_MIN = 3 };

static const float POSITION_TAU_S = 0.08f; /* how fast a track follows its region */
static const float SIZE_TAU_S = 0.5f;
static const float SUPPORT_TAU_S = 0.7f;
static const float BORN_AGE_S = 0.25f;   /* least age to be believed */
static const float BORN_TRAVEL = 0.35f;  /* least way gone, in widths */
static const float TENTATIVE_S = 0.25f;  /* a tentative track lives so long unseen */
static const float GROUP_S = 5.0f;       /* so long without a region of its own */
static const float COVERED_S = 1.5f;     /* so long on top of an older track */
static const float COVERED_SHARE = 0.6f; /* common area to joint area: on top */
static const float OPEN_TAU_S = 0.2f;    /* size, of who is coming into the picture or is new */
static const float YOUNG_S = 1.2f;       /* so old is not new */
static const float UNLIKE_TAU_S = 1.5f;  /* size, from a region of another size */
static const float VAGUE_SPEED = 0.3f;   /* of the correction of speed, from an edge alone */
static const float COAST_TAU_S = 0.8f;   /* the speed of an unseen track decays */
static const float GATE_X = 0.8f;        /* in widths of the larger box */
static const float GATE_Y = 0.5f;        /* in heights */
static const float ON_REGION = 0.4f;     /* share of a track's box on a region: it is there */
static const float OWN_SHARE = 0.5f;     /* share of a region on a track: it belongs to it */
static const float BESIDE_SHARE = 0.6f;  /* of the higher piece's height */
static const float SIZE_LIKE = 1.45f;    /* sizes that differ by more are not one body's */

enum { NONE = -1 };

/* What a region says about a track along one axis. */
enum fit {
    FIT_WHOLE, /* where it is and how large */
    FIT_HELD,  /* that it is somewhere inside, or around */
    FIT_BEGIN, /* where it begins: the outermost of a group */
    FIT_END,
};

struct tracks {
    struct tracks_options options;
    uint32_t id_last;
    size_t count;
    struct track list[TRACKS_MAX];
    int region_of[TRACKS_MAX];   /* the region a track has, or NONE */
    bool is_grouped[TRACKS_MAX]; /* the region is shared */
    enum fit fit_x[TRACKS_MAX];  /* then: what it says about this one */
    bool is_taken[REGIONS_MAX];
    struct region piece[TRACKS_MAX]; /* the region a track has, with its fragments */
};

struct tracks *tracks_new(const struct tracks_options *options)
{
    struct tracks *set = calloc(1, sizeof(*set));
    if (!set) {
        return NULL;
    }
    set->options = *options;
    return set;
}

void tracks_free(struct tracks **pset)
{
    free(*pset);
    *pset = NULL;
}

void tracks_restart(struct tracks *set)
{
    set->count = 0;
}

const struct track *tracks_peek(const struct tracks *set, size_t *count)
{
    *count = set->count;
    return set->list;
}

static struct region box_of(const struct track *t)
{
    return (struct region){
        .left = t->x.at - t->x.size / 2.0f,
        .top = t->y.at - t->y.size / 2.0f,
        .right = t->x.at + t->x.size / 2.0f,
        .bottom = t->y.at + t->y.size / 2.0f,
    };
}

static void predict(struct tracks *set, float elapsed_s)
{
    for (size_t i = 0; i < set->count; i++) {
        struct track *t = &set->list[i];
        t->x.at += t->x.speed * elapsed_s;
        t->y.at += t->y.speed * elapsed_s;
        t->age_s += elapsed_s;
        set->region_of[i] = NONE;
        set->is_grouped[i] = false;
    }
}

/* How well a region suits a track, 0 or less for not at all. */
static float affinity(const struct track *t, const struct region *r)
{
    const struct region box = box_of(t);
    const float width = r->right - r->left, height = r->bottom - r->top;
    const float gate_x = GATE_X * fmaxf(width, t->x.size);
    const float gate_y = GATE_Y * fmaxf(height, t->y.size);
    const float away_x = fabsf((r->left + r->right) / 2.0f - t->x.at) / gate_x;
    const float away_y = fabsf((r->top + r->bottom) / 2.0f - t->y.at) / gate_y;
    const float away = sqrtf(away_x * away_x + away_y * away_y);
    if (away >= 1.0f) {
        return 0.0f;
    }
    const float common = region_common_area(&box, r);
    const float overlap = common / (region_area(&box) + region_area(r) - common);
    return overlap + 0.5f * (1.0f - away) + (t->id ? 0.25f : 0.0f);
}

/* The best pair first, until no pair is left. */
static void assign(struct tracks *set, const struct sight *sight)
{
    float fit[TRACKS_MAX][REGIONS_MAX];
    for (size_t i = 0; i < set->count; i++) {
        for (size_t k = 0; k < sight->count; k++) {
            fit[i][k] = affinity(&set->list[i], &sight->regions[k]);
        }
    }
    for (size_t k = 0; k < sight->count; k++) {
        set->is_taken[k] = false;
    }
    for (size_t pairs = 0; pairs < sight->count; pairs++) {
        size_t best_track = 0, best_region = 0;
        float best = 0.0f;
        for (size_t i = 0; i < set->count; i++) {
            for (size_t k = 0; k < sight->count && set->region_of[i] == NONE; k++) {
                if (!set->is_taken[k] && fit[i][k] > best) {
                    best = fit[i][k];
                    best_track = i;
                    best_region = k;
                }
            }
        }
        if (best <= 0.0f) {
            return;
        }
        set->region_of[best_track] = (int)best_region;
        set->piece[best_track] = sight->regions[best_region];
        set->is_taken[best_region] = true;
    }
}

/* Of a group only the outer ones have an edge that can be seen. */
static enum fit fit_in_group(const struct tracks *set, size_t i)
{
    bool is_first = true, is_last = true;
    for (size_t k = 0; k < set->count; k++) {
        if (k != i && set->region_of[k] == set->region_of[i]) {
            const float apart = set->list[k].x.at - set->list[i].x.at;
            is_first = is_first && (apart > 0.0f || (apart == 0.0f && k > i));
            is_last = is_last && (apart < 0.0f || (apart == 0.0f && k < i));
        }
    }
    return is_first ? FIT_BEGIN : is_last ? FIT_END : FIT_HELD;
}

/* A believed track that got nothing but lies on a region shares it with whoever has it. */
static void join_groups(struct tracks *set, const struct sight *sight)
{
    for (size_t i = 0; i < set->count; i++) {
        if (!set->list[i].id || set->region_of[i] != NONE) {
            continue;
        }
        const struct region box = box_of(&set->list[i]);
        float most = ON_REGION * region_area(&box);
        for (size_t k = 0; k < sight->count; k++) {
            const float common = region_common_area(&box, &sight->regions[k]);
            if (common > most) {
                most = common;
                set->region_of[i] = (int)k;
                set->piece[i] = sight->regions[k];
            }
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (set->region_of[i] != NONE && set->region_of[i] == set->region_of[k]) {
                set->is_grouped[i] = set->is_grouped[k] = true;
            }
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        set->fit_x[i] = set->is_grouped[i] ? fit_in_group(set, i) : FIT_WHOLE;
    }
}

/* Two pieces that stand side by side and are equally high are two bodies, not two halves. */
static bool is_beside(const struct region *a, const struct region *b)
{
    const float height_a = a->bottom - a->top, height_b = b->bottom - b->top;
    const float shared = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    return shared >= BESIDE_SHARE * fmaxf(height_a, height_b);
}

/* Regions nobody has that lie within a believed track are parts of it: a pole stands before it. */
static void take_fragments(struct tracks *set, const struct sight *sight)
{
    for (size_t k = 0; k < sight->count; k++) {
        const struct region *r = &sight->regions[k];
        for (size_t i = 0; i < set->count && !set->is_taken[k]; i++) {
            const struct region box = box_of(&set->list[i]);
            const bool is_hit = set->region_of[i] != NONE;
            if (!set->list[i].id || region_common_area(&box, r) < OWN_SHARE * region_area(r) ||
                (is_hit && is_beside(&set->piece[i], r))) {
                continue;
            }
            set->is_taken[k] = true;
            if (is_hit && !set->is_grouped[i]) {
                set->piece[i] = region_joint(&set->piece[i], r);
            }
        }
    }
}

/* What a region covers along one axis. */
struct extent {
    float begin, end;
};

/* Where the middle of a track must go for it to lie inside the extent, or around it. */
static float held(const struct track_axis *a, struct extent seen)
{
    const float low = seen.begin + a->size / 2.0f, high = seen.end - a->size / 2.0f;
    return low <= high ? fmaxf(low, fminf(high, a->at)) : fmaxf(high, fminf(low, a->at));
}

static bool is_alike(float a, float b)
{
    return a < SIZE_LIKE * b && b < SIZE_LIKE * a;
}

static float target_of(const struct track_axis *a, struct extent seen, enum fit fit)
{
    switch (fit) {
    case FIT_WHOLE:
        return (seen.begin + seen.end) / 2.0f;
    case FIT_HELD:
        return held(a, seen);
    case FIT_BEGIN:
        return seen.begin + a->size / 2.0f;
    case FIT_END:
        return seen.end - a->size / 2.0f;
    }
    return a->at;
}

/* Take the place, and, when size_tau_s is over 0, the size, from what was seen. */
static void correct_axis(struct track_axis *a, struct extent seen, enum fit fit, float size_tau_s,
                         float elapsed_s)
{
    const float gain = 1.0f - expf(-elapsed_s / POSITION_TAU_S);
    const float speed_gain = gain * gain / (2.0f - gain); /* Benedict & Bordner */
    const float wrong = target_of(a, seen, fit) - a->at;
    a->at += gain * wrong;
    a->speed += (fit == FIT_WHOLE ? 1.0f : VAGUE_SPEED) * speed_gain * wrong / elapsed_s;
    if (size_tau_s > 0.0f) {
        a->size += (1.0f - expf(-elapsed_s / size_tau_s)) * (seen.end - seen.begin - a->size);
    }
}

/* Who comes into the picture, or leaves it, changes size with every step. */
static void correct_alone(struct track_axis *a, struct extent seen, bool is_open, float elapsed_s)
{
    const bool is_whole = is_open || is_alike(seen.end - seen.begin, a->size);
    const float tau_s = is_open ? OPEN_TAU_S : is_whole ? SIZE_TAU_S : UNLIKE_TAU_S;
    correct_axis(a, seen, is_whole ? FIT_WHOLE : FIT_HELD, tau_s, elapsed_s);
}

static void correct(struct tracks *set, size_t i, const struct sight *sight)
{
    struct track *t = &set->list[i];
    const struct region *r = &set->piece[i];
    const struct extent across = { .begin = r->left, .end = r->right };
    const struct extent down = { .begin = r->top, .end = r->bottom };
    if (set->is_grouped[i]) {
        correct_axis(&t->x, across, set->fit_x[i], 0.0f, sight->elapsed_s);
        correct_axis(&t->y, down, FIT_HELD, 0.0f, sight->elapsed_s);
        t->grouped_s += sight->elapsed_s;
    } else {
        const bool is_young = !t->id || t->age_s < YOUNG_S;
        const bool is_open_x = is_young || across.begin <= 0.0f || across.end >= sight->width;
        const bool is_open_y = is_young || down.begin <= 0.0f || down.end >= sight->height;
        correct_alone(&t->x, across, is_open_x, sight->elapsed_s);
        correct_alone(&t->y, down, is_open_y, sight->elapsed_s);
        t->grouped_s = 0.0f;
    }
    t->fill = fminf(1.0f, (float)r->pixel_count / region_area(r));
    t->unseen_s = 0.0f;
    t->hit_count++;
}

static void coast(struct track *t, float elapsed_s)
{
    const float keep = expf(-elapsed_s / COAST_TAU_S);
    t->x.speed *= keep;
    t->y.speed *= keep;
    t->unseen_s += elapsed_s;
}

static void believe(struct tracks *set, struct track *t)
{
    const float gone = hypotf(t->x.at - t->x.born_at, t->y.at - t->y.born_at);
    if (!t->id && t->hit_count >= HITS_MIN && t->age_s >= BORN_AGE_S &&
        gone >= BORN_TRAVEL * fminf(t->x.size, t->y.size)) {
        set->id_last += set->id_last == UINT32_MAX ? 2 : 1; /* 0 is no id */
        t->id = set->id_last;
    }
}

static bool is_over(const struct tracks *set, const struct track *t, const struct sight *sight)
{
    const float patience_s =
        t->id ? set->options.coast_s : fminf(TENTATIVE_S, set->options.coast_s);
    return t->unseen_s > patience_s || t->grouped_s > GROUP_S || t->covered_s > COVERED_S ||
           t->x.at < 0.0f || t->x.at > sight->width || t->y.at < 0.0f || t->y.at > sight->height;
}

/* Two tracks on one body: the younger was born of a piece of it. */
static void note_covered(struct tracks *set, size_t i, float elapsed_s)
{
    const struct region box = box_of(&set->list[i]);
    bool is_covered = false;
    for (size_t k = 0; k < i && set->list[i].id && !is_covered; k++) {
        const struct region older = box_of(&set->list[k]);
        const float common = region_common_area(&box, &older);
        is_covered = set->list[k].id &&
                     common > COVERED_SHARE * (region_area(&box) + region_area(&older) - common);
    }
    set->list[i].covered_s = is_covered ? set->list[i].covered_s + elapsed_s : 0.0f;
}

static void settle(struct tracks *set, const struct sight *sight)
{
    const float gain = 1.0f - expf(-sight->elapsed_s / SUPPORT_TAU_S);
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        struct track *t = &set->list[i];
        const bool is_hit = set->region_of[i] != NONE;
        if (is_hit) {
            correct(set, i, sight);
        } else {
            coast(t, sight->elapsed_s);
        }
        t->support += gain * ((is_hit ? 1.0f : 0.0f) - t->support);
        believe(set, t);
        if (!is_over(set, t, sight)) {
            set->list[kept++] = *t;
        }
    }
    set->count = kept;
}

static void give_birth(struct tracks *set, const struct sight *sight)
{
    for (size_t k = 0; k < sight->count && set->count < TRACKS_MAX; k++) {
        if (set->is_taken[k]) {
            continue;
        }
        const struct region *r = &sight->regions[k];
        const float x = (r->left + r->right) / 2.0f, y = (r->top + r->bottom) / 2.0f;
        set->list[set->count++] = (struct track){
            .x = { .at = x, .born_at = x, .size = r->right - r->left },
            .y = { .at = y, .born_at = y, .size = r->bottom - r->top },
            .fill = (float)r->pixel_count / region_area(r),
            .hit_count = 1,
        };
    }
}

void tracks_look(struct tracks *set, const struct sight *sight)
{
    assert(sight->count <= REGIONS_MAX && sight->elapsed_s > 0.0f);
    predict(set, sight->elapsed_s);
    for (size_t i = 0; i < set->count; i++) {
        note_covered(set, i, sight->elapsed_s);
    }
    assign(set, sight);
    join_groups(set, sight);
    take_fragments(set, sight);
    settle(set, sight);
    give_birth(set, sight);
}
