/* SPDX-License-Identifier: MIT */
#ifndef SERVE_PAGE_H
#define SERVE_PAGE_H

#include <framecast/bytes.h>

/* The files of web/, embedded by the build; see tools/embed.py. */

struct page_file {
    const char *path; /* "/style.css"; "/" for index.html */
    const char *content_type;
    const char *etag;
    struct fc_bytes content;
};

extern const struct page_file page_files[]; /* ends with a NULL path */

#endif
