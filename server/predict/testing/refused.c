/* SPDX-License-Identifier: MIT */
#include <framecast/predictor.h>

/* Plug-ins that are refused, and one that comes from the future; REFUSED says which. */

static int look(void *instance, const struct fc_image *image, struct fc_result *result)
{
    (void)instance;
    result->objects[0] = (struct fc_object){ .label = "seen", .width = 1, .height = 1 };
    result->object_count = image->width > 0;
    return 0;
}

/* What a later header might add. */
struct later {
    struct fc_predictor predictor;
    void (*more)(void);
    uint64_t members[32];
};

#define OTHER_ABI 1
#define NO_SIZE 2
#define SMALLER 3
#define NO_LOOK 4
#define NOTHING 5
#define LATER 6
#define NO_SYMBOL 7

#if REFUSED == NO_SYMBOL
FC_EXPORT const struct fc_predictor *fc_predictor_of_another_name(void);
const struct fc_predictor *fc_predictor_of_another_name(void)
#else
const struct fc_predictor *fc_predictor_get(void)
#endif
{
    static const struct later later = {
        .predictor = {
            .size = REFUSED == LATER     ? sizeof(later)
                    : REFUSED == NO_SIZE ? 4
                    : REFUSED == SMALLER ? offsetof(struct fc_predictor, close)
                                         : sizeof(struct fc_predictor),
            .abi = REFUSED == OTHER_ABI ? FC_PREDICTOR_ABI + 1 : FC_PREDICTOR_ABI,
            .name = "later",
            .look = REFUSED == NO_LOOK ? NULL : look,
        },
        .members = { 1, 2, 3 },
    };
    return REFUSED == NOTHING ? NULL : &later.predictor;
}
