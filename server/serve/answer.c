/* SPDX-License-Identifier: MIT */
#include "serve/answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/key.h"

#define VALUE_SIZE 32
#define HEADERS_SIZE 256

/* The text, ended by a newline so that a terminal's prompt starts on its own line; NULL without
 * memory. */
static char *json_to_line(const json_t *json)
{
    char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(16)) : NULL;
    const size_t size = text ? strlen(text) : 0;
    char *line = text ? realloc(text, size + 2) : NULL;
    if (!line) {
        free(text);
        return NULL;
    }
    memcpy(line + size, "\n", 2);
    return line;
}

/* Headers are added to those that every JSON answer has. */
static void respond(const struct visit *visit, int status, const char *more_headers, json_t *json)
{
    char headers[HEADERS_SIZE];
    snprintf(headers, sizeof(headers),
             "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s", more_headers);
    char *text = json_to_line(json);
    json_decref(json);
    const char *content = text ? text : "{\"error\": \"out of memory\", \"hint\": \"try again\"}\n";
    fc_conn_respond(visit->conn, &(struct fc_response){
                                     .status = text ? status : 503,
                                     .content_type = "application/json",
                                     .headers = headers,
                                     .content = { (const uint8_t *)content, strlen(content) },
                                 });
    free(text);
}

void answer_json(const struct visit *visit, int status, json_t *json)
{
    respond(visit, status, "", json);
}

void answer_error(const struct visit *visit, int status, const char *error, const char *hint)
{
    answer_refusal(visit, status, "", error, hint);
}

void answer_refusal(const struct visit *visit, int status, const char *headers, const char *error,
                    const char *hint)
{
    respond(visit, status, headers, json_pack("{s:s, s:s}", "error", error, "hint", hint));
}

void answer_message(struct fc_conn *conn, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    struct fc_message *message =
        text ? fc_message_new_ws(FC_WS_TEXT,
                                 (struct fc_bytes){ (const uint8_t *)text, strlen(text) })
             : NULL;
    free(text);
    if (message) {
        (void)fc_conn_send(conn, message);
    }
    fc_message_unref(&message);
}

/* Whether a parameter of the query has that name, whatever its value. */
static bool is_given(struct fc_bytes query, const char *name)
{
    const size_t size = strlen(name);
    for (size_t i = 0; i + size <= query.size; i++) {
        const bool is_start = i == 0 || query.data[i - 1] == '&';
        const bool is_end =
            i + size == query.size || query.data[i + size] == '=' || query.data[i + size] == '&';
        if (is_start && is_end && memcmp(query.data + i, name, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether boxes are to be drawn; false, and the visit is answered, when it does not say. */
static bool parse_boxes(const struct visit *visit, bool *is_boxed)
{
    char value[VALUE_SIZE] = "";
    if (!fc_http_query_get(visit->request->query, "boxes", value, sizeof(value)) &&
        !is_given(visit->request->query, "boxes")) {
        return true;
    }
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
        answer_error(visit, 400, "boxes must be 0 or 1",
                     "boxes=1 draws what the predictors saw into the pictures");
        return false;
    }
    *is_boxed = value[0] == '1';
    return true;
}

bool answer_parse_format(const struct visit *visit, enum prediction_format *format)
{
    char value[VALUE_SIZE] = "";
    *format = PREDICTION_OWN;
    if (!fc_http_query_get(visit->request->query, "format", value, sizeof(value)) &&
        !is_given(visit->request->query, "format")) {
        return true;
    }
    *format = prediction_format_parse(value);
    if (*format == PREDICTION_FORMAT_COUNT) {
        answer_error(visit, 400, "format must be json, coco or voc",
                     "leave it out to get predictions as /ws sends them");
        return false;
    }
    return true;
}

bool answer_parse_key(const struct visit *visit, struct rendition_key *key)
{
    for (size_t i = 0; i < KEY_MEMBER_COUNT; i++) {
        const struct key_member *member = &key_members[i];
        char value[VALUE_SIZE] = ""; /* stays so when what is given cannot be one */
        if (!fc_http_query_get(visit->request->query, member->name, value, sizeof(value)) &&
            !is_given(visit->request->query, member->name)) {
            continue;
        }
        char *end = NULL;
        const double number = strtod(value, &end);
        const bool is_decimal = value[strspn(value, "0123456789.")] == '\0'; /* no 0x10, no 1e3 */
        if (end == value || *end != '\0' || !is_decimal || !key_set(key, member, number)) {
            char error[128];
            snprintf(error, sizeof(error), "%s must be a number from %g to %g", member->name,
                     member->min, member->max);
            answer_error(visit, 400, error, "leave it out to get what the source delivers");
            return false;
        }
    }
    return parse_boxes(visit, &key->is_boxed);
}
