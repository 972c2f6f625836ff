/* SPDX-License-Identifier: MIT */
#include "cli/album.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stream_name.h"

#define FILE_SIZE (STREAM_NAME_MAX + 32)
#define WHY_SIZE 512

struct album {
    const char *dir; /* borrowed, for sentences */
    int fd;
    char why[WHY_SIZE];
};

int album_open(struct album **out, const char *dir, char *why, size_t why_size)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        const int err = errno;
        snprintf(why, why_size, "cannot make the directory '%.160s' for --save: %s%s", dir,
                 strerror(err), err == ENOENT ? "; make the one above it first" : "");
        return -err;
    }
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        const int err = errno;
        snprintf(why, why_size, "cannot open the directory '%.160s' for --save: %s", dir,
                 strerror(err));
        return -err;
    }
    struct album *album = malloc(sizeof(*album));
    if (!album) {
        close(fd);
        snprintf(why, why_size, "out of memory");
        return -ENOMEM;
    }
    *album = (struct album){ .dir = dir, .fd = fd };
    *out = album;
    return 0;
}

static int write_whole(int fd, struct fc_bytes bytes)
{
    while (bytes.size > 0) {
        const ssize_t written = write(fd, bytes.data, bytes.size);
        if (written < 0 && errno != EINTR) {
            return -errno;
        }
        if (written > 0) {
            bytes.data += written;
            bytes.size -= (size_t)written;
        }
    }
    return 0;
}

static int write_file(int dir_fd, const char *name, struct fc_bytes bytes)
{
    const int fd =
        openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) {
        return -errno;
    }
    const int err = write_whole(fd, bytes);
    /* A full network disk may say so only now. */
    return close(fd) != 0 && !err ? -errno : err;
}

int album_add(struct album *album, const char *stream, uint64_t seq, struct fc_bytes picture)
{
    assert(stream_name_is_valid(stream, strlen(stream)));
    char name[FILE_SIZE];
    char unfinished[FILE_SIZE + sizeof("..part")];
    snprintf(name, sizeof(name), "%s-%08" PRIu64 ".jpg", stream, seq);
    snprintf(unfinished, sizeof(unfinished), ".%s.part", name);

    int err = write_file(album->fd, unfinished, picture);
    if (!err && renameat(album->fd, unfinished, album->fd, name) != 0) {
        err = -errno;
    }
    if (err) {
        (void)unlinkat(album->fd, unfinished, 0);
        snprintf(album->why, sizeof(album->why), "cannot write '%.160s/%s': %s", album->dir, name,
                 strerror(-err));
    }
    return err;
}

const char *album_why(const struct album *album)
{
    return album->why;
}

void album_close(struct album **album)
{
    if (*album) {
        close((*album)->fd);
        free(*album);
        *album = NULL;
    }
}
