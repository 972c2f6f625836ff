/* SPDX-License-Identifier: MIT */
/*
 * ITU-T T.81, annex B:
 *
 *     FF D8                                        SOI
 *     FF xx  length(2, itself included)  …         tables and other segments
 *     FF C0|C1|C2  length  8  height  width  n  n × (id, sampling, table)
 *     FF DA  length  …   entropy-coded data        any number of scans, tables between them
 *     FF D9                                        EOI
 *
 * In entropy-coded data FF is followed by 00 (a stuffed byte) or D0…D7 (a restart). Any number of
 * further FF may stand before a marker.
 */
#include "picture/jpeg_walk.h"

#include <string.h>

#include "picture/picture.h"

#define SOF_SIZE_MIN 8 /* length to component count */

enum marker {
    MARKER_TEM = 0x01,
    MARKER_SOF0 = 0xc0,
    MARKER_SOF2 = 0xc2,
    MARKER_DHT = 0xc4,
    MARKER_JPG = 0xc8,
    MARKER_DAC = 0xcc,
    MARKER_SOF15 = 0xcf,
    MARKER_RST0 = 0xd0,
    MARKER_RST7 = 0xd7,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_DNL = 0xdc,
};

static enum jpeg_step walk_fail(struct jpeg_walk *walk, const char *error)
{
    walk->error = error;
    return JPEG_STEP_FAIL;
}

static uint32_t read_be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* SOFn: at points at its length, of which the segment has `size` bytes. */
static const char *frame_header(struct jpeg_walk *walk, const uint8_t *at, size_t size)
{
    if (walk->width > 0) {
        return "the JPEG has two frame headers";
    }
    if (size < SOF_SIZE_MIN) {
        return "the JPEG's frame header is too short";
    }
    const uint32_t height = read_be16(at + 3);
    const uint32_t width = read_be16(at + 5);
    const unsigned components = at[7];
    if (components < 1 || components > 4 || size != SOF_SIZE_MIN + 3 * (size_t)components) {
        return "the JPEG's frame header is damaged";
    }
    if (at[2] != 8) {
        return "the JPEG does not have 8 bits a sample";
    }
    if (width == 0 || height == 0) {
        return "the JPEG has no size";
    }
    if (width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX ||
        (uint64_t)width * height > PICTURE_PIXELS_MAX) {
        return "the JPEG is larger than 16384 pixels a side or 64 megapixels";
    }
    for (unsigned i = 0; i < components; i++) {
        const unsigned sampling = at[SOF_SIZE_MIN + 3 * i + 1];
        const unsigned across = sampling >> 4, down = sampling & 15;
        if (across < 1 || across > 4 || down < 1 || down > 4) {
            return "the JPEG's frame header is damaged";
        }
    }
    walk->width = width;
    walk->height = height;
    return NULL;
}

static const char *scan_header(struct jpeg_walk *walk, const uint8_t *at, size_t size)
{
    if (walk->width == 0) {
        return "the JPEG has a scan before its frame header";
    }
    if (size < 3 || at[2] < 1 || at[2] > 4 || size != 6 + 2 * (size_t)at[2]) {
        return "the JPEG's scan header is damaged";
    }
    if (walk->scan_count == JPEG_SCANS_MAX) {
        return "the JPEG has too many scans";
    }
    walk->scan_count++;
    walk->is_in_scan = true;
    return NULL;
}

/* A segment with a length, whole in memory. */
static const char *segment(struct jpeg_walk *walk, unsigned marker, const uint8_t *at, size_t size)
{
    if (marker == MARKER_SOS) {
        return scan_header(walk, at, size);
    }
    if (marker == MARKER_DHT) {
        walk->has_huffman = true;
        return NULL;
    }
    if (marker >= MARKER_SOF0 && marker <= MARKER_SOF2) {
        return frame_header(walk, at, size);
    }
    if (marker == MARKER_DNL) {
        return "the JPEG gives its height after the picture, which is not supported";
    }
    if (marker > MARKER_SOF2 && marker <= MARKER_SOF15) {
        return "the JPEG is lossless, hierarchical or arithmetic-coded, which is not supported";
    }
    return NULL;
}

/* Go on to the marker that ends the scan. */
static enum jpeg_step walk_scan(struct jpeg_walk *walk, struct fc_bytes data)
{
    for (;;) {
        const uint8_t *from = data.data + walk->position;
        const uint8_t *ff = memchr(from, 0xff, data.size - walk->position);
        if (!ff) {
            walk->position = data.size;
            return JPEG_STEP_MORE;
        }
        walk->position = (size_t)(ff - data.data);
        if (data.size - walk->position < 2) {
            return JPEG_STEP_MORE;
        }
        const unsigned next = ff[1];
        if (next == 0xff) {
            walk->position++;
        } else if (next == 0 || (next >= MARKER_RST0 && next <= MARKER_RST7)) {
            walk->position += 2;
        } else {
            walk->is_in_scan = false;
            return JPEG_STEP_DONE;
        }
    }
}

/* One marker, with its segment if it has one. DONE only for EOI; MORE with position moved. */
/* A marker with a length and what that announces; waits until it is whole. */
static enum jpeg_step walk_segment(struct jpeg_walk *walk, struct fc_bytes data)
{
    const uint8_t *at = data.data + walk->position;
    const size_t left = data.size - walk->position;
    if (left < 4) {
        return JPEG_STEP_MORE;
    }
    const size_t size = read_be16(at + 2);
    if (size < 2) {
        return walk_fail(walk, "the JPEG has a segment without a length");
    }
    if (left - 2 < size) {
        return JPEG_STEP_MORE;
    }
    const char *error = segment(walk, at[1], at + 2, size);
    if (error) {
        return walk_fail(walk, error);
    }
    walk->position += 2 + size;
    return JPEG_STEP_MORE;
}

static enum jpeg_step walk_marker(struct jpeg_walk *walk, struct fc_bytes data)
{
    const uint8_t *at = data.data + walk->position;
    const size_t left = data.size - walk->position;
    if (left >= 1 && at[0] != 0xff) {
        return walk_fail(walk, "the JPEG has bytes that belong to nothing");
    }
    if (left < 2) {
        return JPEG_STEP_MORE;
    }
    const unsigned marker = at[1];
    if (marker == 0xff) {
        walk->position++;
        return JPEG_STEP_MORE;
    }
    if (marker == MARKER_EOI) {
        if (walk->scan_count == 0) {
            return walk_fail(walk, "the JPEG holds no picture");
        }
        walk->position += 2;
        return JPEG_STEP_DONE;
    }
    if (marker == MARKER_TEM) {
        walk->position += 2;
        return JPEG_STEP_MORE;
    }
    if (marker < MARKER_SOF0 || (marker >= MARKER_RST0 && marker <= MARKER_SOI)) {
        return walk_fail(walk, marker == MARKER_SOI ? "the JPEG is cut short by another"
                                                    : "the JPEG has a marker out of place");
    }
    return walk_segment(walk, data);
}

static enum jpeg_step walk_start(struct jpeg_walk *walk, struct fc_bytes data)
{
    static const uint8_t soi[] = { 0xff, MARKER_SOI };
    const size_t len = data.size < sizeof(soi) ? data.size : sizeof(soi);
    if (len > 0 && memcmp(data.data, soi, len) != 0) {
        return walk_fail(walk, "it is not a JPEG");
    }
    if (len == sizeof(soi)) {
        walk->position = len;
    }
    return JPEG_STEP_MORE;
}

enum jpeg_step jpeg_walk(struct jpeg_walk *walk, struct fc_bytes data)
{
    if (walk->error) {
        return JPEG_STEP_FAIL;
    }
    for (;;) { /* each turn moves position, which ends at data.size */
        const size_t before = walk->position;
        enum jpeg_step step;
        if (walk->position == 0) {
            step = walk_start(walk, data);
        } else if (walk->is_in_scan) {
            step = walk_scan(walk, data);
            if (step == JPEG_STEP_DONE) {
                continue; /* the scan is done, not the JPEG */
            }
        } else {
            step = walk_marker(walk, data);
        }
        if (step != JPEG_STEP_MORE || walk->position == before) {
            return step;
        }
    }
}
