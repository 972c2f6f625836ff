/* SPDX-License-Identifier: MIT */
#ifndef NET_TESTING_PAIR_H
#define NET_TESTING_PAIR_H

/** Both ends of a TCP connection over loopback, nearer than which nobody is. Fails the test. */
void pair_connect(int fds[2]);
void pair_close(const int fds[2]);

#endif
