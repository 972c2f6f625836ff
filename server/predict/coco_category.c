/* SPDX-License-Identifier: MIT */
#include "predict/coco_category.h"

#include <stddef.h>
#include <strings.h>

/* COCO's classes are numbered to 90, and ten of the numbers were never used. */

#define OTHERS_FROM 1001u
#define OTHERS_MASK 0x3fffffffu /* so that the number fits into 32 bits with a sign */

static const struct {
    uint32_t id;
    const char *label;
} categories[] = {
    { 1, "person" },         { 2, "bicycle" },       { 3, "car" },
    { 4, "motorcycle" },     { 5, "airplane" },      { 6, "bus" },
    { 7, "train" },          { 8, "truck" },         { 9, "boat" },
    { 10, "traffic light" }, { 11, "fire hydrant" }, { 13, "stop sign" },
    { 14, "parking meter" }, { 15, "bench" },        { 16, "bird" },
    { 17, "cat" },           { 18, "dog" },          { 19, "horse" },
    { 20, "sheep" },         { 21, "cow" },          { 22, "elephant" },
    { 23, "bear" },          { 24, "zebra" },        { 25, "giraffe" },
    { 27, "backpack" },      { 28, "umbrella" },     { 31, "handbag" },
    { 32, "tie" },           { 33, "suitcase" },     { 34, "frisbee" },
    { 35, "skis" },          { 36, "snowboard" },    { 37, "sports ball" },
    { 38, "kite" },          { 39, "baseball bat" }, { 40, "baseball glove" },
    { 41, "skateboard" },    { 42, "surfboard" },    { 43, "tennis racket" },
    { 44, "bottle" },        { 46, "wine glass" },   { 47, "cup" },
    { 48, "fork" },          { 49, "knife" },        { 50, "spoon" },
    { 51, "bowl" },          { 52, "banana" },       { 53, "apple" },
    { 54, "sandwich" },      { 55, "orange" },       { 56, "broccoli" },
    { 57, "carrot" },        { 58, "hot dog" },      { 59, "pizza" },
    { 60, "donut" },         { 61, "cake" },         { 62, "chair" },
    { 63, "couch" },         { 64, "potted plant" }, { 65, "bed" },
    { 67, "dining table" },  { 70, "toilet" },       { 72, "tv" },
    { 73, "laptop" },        { 74, "mouse" },        { 75, "remote" },
    { 76, "keyboard" },      { 77, "cell phone" },   { 78, "microwave" },
    { 79, "oven" },          { 80, "toaster" },      { 81, "sink" },
    { 82, "refrigerator" },  { 84, "book" },         { 85, "clock" },
    { 86, "vase" },          { 87, "scissors" },     { 88, "teddy bear" },
    { 89, "hair drier" },    { 90, "toothbrush" },
};

_Static_assert(sizeof(categories) / sizeof(categories[0]) == 80, "COCO has 80 classes");

/* FNV-1a. */
static uint32_t hash_of(const char *label)
{
    uint32_t hash = 2166136261u;
    for (const char *c = label; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return hash;
}

uint32_t coco_category_id(const char *label)
{
    for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
        if (strcasecmp(categories[i].label, label) == 0) {
            return categories[i].id;
        }
    }
    return OTHERS_FROM + (hash_of(label) & OTHERS_MASK);
}
