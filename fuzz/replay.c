/* SPDX-License-Identifier: MIT */

/*
 * Runs a target over files, and over all files in folders, without libFuzzer: so the corpus is an
 * ordinary test, with any compiler. A target that cuts its input does so byte by byte as well.
 */

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

enum { PATH_MAX_BYTES = 4096 };

static unsigned long file_count;

static void stop(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(1);
}

static void replay_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size ? size : 1);
    FILE *file = fopen(path, "rb");
    if (!data || !file || fread(data, 1, size, file) != size) {
        stop(path, "cannot be read");
    }
    fclose(file);
    file_count++;
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static void replay(const char *path)
{
    struct stat info;
    if (stat(path, &info)) {
        stop(path, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        replay_file(path, (size_t)info.st_size);
        return;
    }
    struct dirent **names = NULL;
    const int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inner[PATH_MAX_BYTES];
        snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            fprintf(stderr, "%s\n", inner); /* the last one is the one that fails */
            replay(inner);
        }
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    if (file_count == 0) {
        fprintf(stderr, "usage: %s FILE-OR-FOLDER...\n", argv[0]);
        return 1;
    }
    printf("%lu inputs\n", file_count);
    return 0;
}
