/* SPDX-License-Identifier: MIT */
#include "source/camera_fd.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

int camera_fd_find(const char *path)
{
    struct stat device;
    if (stat(path, &device) != 0 || !S_ISCHR(device.st_mode)) {
        return -1;
    }
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) {
        return -1;
    }
    int found = -1;
    for (const struct dirent *entry = readdir(dir); entry && found < 0; entry = readdir(dir)) {
        char *end;
        const long fd = strtol(entry->d_name, &end, 10);
        struct stat status;
        if (end != entry->d_name && fstat((int)fd, &status) == 0 && S_ISCHR(status.st_mode) &&
            status.st_rdev == device.st_rdev) {
            found = (int)fd;
        }
    }
    closedir(dir);
    return found;
}
