/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_CAMERA_FD_H
#define SOURCE_CAMERA_FD_H

/**
 * The descriptor by which this process has a camera open, or -1. libavdevice keeps its own to
 * itself, but without it one could only look again and again whether a picture has come.
 *
 * Ownership: borrowed from whoever opened it.
 */
int camera_fd_find(const char *path);

#endif
