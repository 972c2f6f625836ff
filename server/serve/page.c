/* SPDX-License-Identifier: MIT */
#include "serve/page.h"

#include <stdio.h>
#include <string.h>

#include "serve/answer.h"

#define CONTENT_SECURITY_POLICY                                                 \
    "Content-Security-Policy: default-src 'self'; img-src 'self' blob: data:; " \
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'\r\n"

static bool is_equal(struct fc_bytes bytes, const char *text)
{
    return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

static bool is_known(const struct fc_http_request *request, const char *etag)
{
    const struct fc_bytes *known =
        fc_http_header_find(request->headers, request->header_count, "If-None-Match");
    return known && is_equal(*known, etag);
}

void page_visit(const struct visit *visit)
{
    for (const struct page_file *file = page_files; file->path; file++) {
        if (!is_equal(visit->request->path, file->path)) {
            continue;
        }
        char headers[512];
        snprintf(headers, sizeof(headers),
                 "ETag: %s\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
                 "Referrer-Policy: no-referrer\r\n%s",
                 file->etag, CONTENT_SECURITY_POLICY);
        struct fc_response response = { .status = 304, .headers = headers };
        if (!is_known(visit->request, file->etag)) {
            response.status = 200;
            response.content_type = file->content_type;
            response.content = file->content;
        }
        fc_conn_respond(visit->conn, &response);
        return;
    }
    answer_error(visit, 404, "there is nothing at this address", "see / and /streams");
}
