/* SPDX-License-Identifier: MIT */
#include "source/spec.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char scheme_end[] = "://";
static const char cut_mark[] = "...";

bool spec_is_url(const char *spec)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
    const size_t len = strspn(spec, letters);
    return len > 0 && strncmp(spec + len, scheme_end, strlen(scheme_end)) == 0;
}

bool spec_is_camera(const char *spec)
{
    static const char prefix[] = "/dev/video", by[] = "/dev/v4l/";
    return strncmp(spec, prefix, strlen(prefix)) == 0 || strncmp(spec, by, strlen(by)) == 0;
}

bool spec_is_picture_name(const char *name)
{
    static const char *const endings[] = { ".jpg",  ".jpeg", ".png", ".bmp", ".webp",
                                           ".tiff", ".tif",  ".ppm", ".pgm" };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool spec_is_stills(const char *spec)
{
    const size_t len = strlen(spec);
    if (spec_is_url(spec) || len == 0) {
        return false;
    }
    struct stat status;
    if (stat(spec, &status) == 0) {
        return S_ISDIR(status.st_mode) || spec_is_picture_name(spec);
    }
    return spec[len - 1] == '/' || strpbrk(spec, "*?[") != NULL || spec_is_picture_name(spec);
}

/* Where an address in running text ends. */
static size_t address_length(const char *address)
{
    return strcspn(address, " \t\r\n'\"<>");
}

/* address is behind "://"; gives where the next one may be looked for. */
static char *address_hide(char *address)
{
    const size_t authority = strcspn(address, "/?# \t\r\n'\"<>");
    for (size_t at = authority; at > 0; at--) {
        if (address[at - 1] == '@') {
            memmove(address, address + at, strlen(address + at) + 1);
            break;
        }
    }
    const size_t len = address_length(address);
    char *query = memchr(address, '?', len);
    if (!query) {
        return address + len;
    }
    char *end = address + len;
    const size_t room = (size_t)(end - query) - 1;
    const size_t mark = room < strlen(cut_mark) ? room : strlen(cut_mark);
    memcpy(query + 1, cut_mark, mark);
    memmove(query + 1 + mark, end, strlen(end) + 1);
    return query + 1 + mark;
}

void spec_hide_secrets(char *text)
{
    char *at = text;
    for (char *found = strstr(at, scheme_end); found; found = strstr(at, scheme_end)) {
        at = address_hide(found + strlen(scheme_end));
    }
}

void spec_label(const char *spec, char label[static SPEC_LABEL_SIZE])
{
    /* Hidden before it is cut, so that the cut cannot separate a secret from its '@'. */
    char whole[4096];
    snprintf(whole, sizeof(whole), "%s", spec);
    if (strlen(spec) >= sizeof(whole)) {
        snprintf(whole, sizeof(whole), "a very long address");
    }
    spec_hide_secrets(whole);
    const size_t len = strlen(whole);
    if (len >= SPEC_LABEL_SIZE) {
        memcpy(whole + SPEC_LABEL_SIZE - 1 - strlen(cut_mark), cut_mark, strlen(cut_mark));
        whole[SPEC_LABEL_SIZE - 1] = '\0';
    }
    memcpy(label, whole, strlen(whole) + 1);
}
