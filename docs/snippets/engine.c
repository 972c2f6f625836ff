/* SPDX-License-Identifier: MIT */
/*
 * The engine in a stranger's hands: README.md shows what stands between the marks. As a test, a
 * client's masked "Hello" of RFC 6455 section 5.7 must come back.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <framecast/ws.h>

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void echo(int fd)
{
    /* README begins */
    struct fc_ws *ws = fc_ws_new(&(struct fc_ws_options){ .role = FC_WS_SERVER });
    while (ws && !fc_ws_is_done(ws)) {
        struct fc_space room = fc_ws_input(ws); /* where the next bytes should land */
        ssize_t got = read(fd, room.data, room.size);
        fc_ws_input_done(ws, got > 0 ? (size_t)got : 0, now_ns());
        for (struct fc_ws_event event; fc_ws_next_event(ws, &event);) {
            if (event.type == FC_WS_EVENT_MESSAGE) {
                (void)fc_ws_send(ws, event.kind, event.payload);
            }
        }
        for (struct fc_bytes out; (out = fc_ws_output(ws)).size > 0;) {
            ssize_t sent = write(fd, out.data, out.size);
            fc_ws_output_done(ws, sent > 0 ? (size_t)sent : 0);
        }
    }
    /* README ends */
    fc_ws_free(&ws);
}

int main(void)
{
    static const char sent[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" /* Hello */
                               "\x88\x80\x37\xfa\x21\x3d";                    /* close */
    static const char expected[] = "\x81\x05Hello\x88\x00";
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ||
        write(pair[0], sent, sizeof(sent) - 1) != (ssize_t)sizeof(sent) - 1) {
        return EXIT_FAILURE;
    }
    echo(pair[1]);
    char got[64];
    const ssize_t size = read(pair[0], got, sizeof(got));
    const bool is_right =
        size == (ssize_t)sizeof(expected) - 1 && memcmp(got, expected, (size_t)size) == 0;
    return is_right ? EXIT_SUCCESS : EXIT_FAILURE;
}
