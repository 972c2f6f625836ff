/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_ERROR_H
#define FRAMECAST_ERROR_H

#define FC_ERROR_TEXT_SIZE 512

/** What went wrong, for people: one sentence that says what, which, why, and what to try. The
 *  status that a function returns is for programs. Threads: one at a time. */
struct fc_error {
    char text[FC_ERROR_TEXT_SIZE];
};

#endif
