/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_SPEC_H
#define SOURCE_SPEC_H

#include <stdbool.h>
#include <stddef.h>

/* What a SOURCE of the command line looks like. Threads: any. */

#define SPEC_LABEL_SIZE 128

/** "rtsp://…" and the like */
bool spec_is_url(const char *spec);

/** "/dev/video0" and the like */
bool spec_is_camera(const char *spec);

/** A folder, a pattern, or the name of one still picture. */
bool spec_is_stills(const char *spec);

/** Whether a file of that name is a still picture, by its ending. */
bool spec_is_picture_name(const char *name);

/**
 * Take the secrets out of every address in a text, in place: "rtsp://me:pw@host/x?key=1" becomes
 * "rtsp://host/x?...". Viewers and logs see only what went through this.
 */
void spec_hide_secrets(char *text);

/** What a source is called in sentences: its spec without secrets, shortened to fit. */
void spec_label(const char *spec, char label[static SPEC_LABEL_SIZE]);

#endif
