/* SPDX-License-Identifier: MIT */
#include "cli/config.h"

/* Every command and every option there is. A row is all that an option needs. */

#define SERVE (1u << CLI_SERVE)
#define WATCH (1u << CLI_WATCH)
#define SERVE_FIELD(member) offsetof(struct cli_config, serve.member)
#define WATCH_FIELD(member) offsetof(struct cli_config, watch.member)

/* What can be meant at all; sources and servers have limits of their own. */
#define WIDTH_MIN 16
#define WIDTH_MAX 16384
#define FPS_MIN 0.01
#define FPS_MAX 1000

static const struct option_command commands[CLI_COMMAND_COUNT] = {
    [CLI_SERVE] = {
        .name = "serve",
        .synopsis = "[serve] [OPTIONS] [NAME=]SOURCE...",
        .summary = "Serve one or more streams of pictures, and what is seen in them.",
        .notes =
            "SOURCE is one of\n"
            "  test               generated moving picture, needs no file\n"
            "  /dev/video0        camera\n"
            "  clip.mp4           any file libav reads, played in real time and looped\n"
            "  folder/, 'a-*.jpg' still pictures at --fps\n"
            "  rtsp://...         any network stream libav reads, also http, https, rtmp, srt\n"
            "  -                  a stream of JPEGs on standard input\n"
            "  published          pictures come from programs that connect to /publish/NAME\n"
            "\n"
            "Without NAME= the streams are called cam, cam2 and so on.\n"
            "\n"
            "Examples:\n"
            "  framecast test\n"
            "  framecast --predict motion door=/dev/video0 yard=rtsp://192.168.1.20/live\n",
    },
    [CLI_WATCH] = {
        .name = "watch",
        .synopsis = "watch URL [OPTIONS]",
        .summary = "Receive: print predictions, save or count pictures, show lag.",
        .notes =
            "URL is one of\n"
            "  ws://HOST:PORT          also http://; subscribes over /live\n"
            "  ws://HOST:PORT/PATH     plain WebSocket: text is printed, binary counted or saved,\n"
            "                          as with /streams/NAME/frames\n"
            "  unix:/SOCKET[:/PATH]    the same over a Unix socket\n"
            "\n"
            "Examples:\n"
            "  framecast watch ws://127.0.0.1:8765\n"
            "  framecast watch ws://127.0.0.1:8765 --stream door --save pictures --count 10\n"
            "  framecast watch http://127.0.0.1:8765 --stats --reconnect\n",
    },
};

static const struct option options[] = {
    { .name = "listen",
      .letter = 'l',
      .kind = OPTION_LIST,
      .commands = SERVE,
      .field = SERVE_FIELD(listen),
      .argument = "ADDR:PORT",
      .initial = "127.0.0.1:8765",
      .help = "where to listen: also [::]:8765 or unix:/path; port 0 picks one and prints it" },
    { .name = "predict",
      .letter = 'p',
      .kind = OPTION_TEXT,
      .commands = SERVE,
      .field = SERVE_FIELD(predict),
      .argument = "PREDICTOR",
      .unset = "none",
      .help = "what looks at every stream's pictures: motion" },
    { .name = "fps",
      .kind = OPTION_NUMBER,
      .commands = SERVE,
      .field = SERVE_FIELD(fps),
      .argument = "N",
      .unset = "the source's",
      .min = FPS_MIN,
      .max = FPS_MAX,
      .help = "pictures a second of the stream as captured" },
    { .name = "width",
      .kind = OPTION_INTEGER,
      .commands = SERVE,
      .field = SERVE_FIELD(width),
      .argument = "PX",
      .unset = "the source's",
      .min = WIDTH_MIN,
      .max = WIDTH_MAX,
      .help = "width of the stream as captured" },
    { .name = "quality",
      .kind = OPTION_INTEGER,
      .commands = SERVE,
      .field = SERVE_FIELD(quality),
      .argument = "1..100",
      .unset = "80",
      .min = 1,
      .max = 100,
      .help = "of JPEGs; without it those of a camera pass as they are" },
    { .name = "once",
      .kind = OPTION_FLAG,
      .commands = SERVE,
      .field = SERVE_FIELD(is_once),
      .help = "end the stream at the end of its file instead of starting again" },
    { .name = "fast",
      .kind = OPTION_FLAG,
      .commands = SERVE,
      .field = SERVE_FIELD(is_fast),
      .help = "play a file as fast as its pictures are decoded; a predictor gets every one" },
    { .name = "threads",
      .kind = OPTION_INTEGER,
      .commands = SERVE,
      .field = SERVE_FIELD(threads),
      .argument = "N",
      .unset = "one per processor",
      .min = 1,
      .max = 256,
      .help = "threads that serve connections" },
    { .name = "idle-viewer",
      .kind = OPTION_NUMBER,
      .commands = SERVE,
      .field = SERVE_FIELD(idle_viewer_s),
      .argument = "SECONDS",
      .initial = "30",
      .min = 1,
      .max = 86400,
      .help = "close a viewer that takes nothing for so long" },
    { .name = "max-viewers",
      .kind = OPTION_INTEGER,
      .commands = SERVE,
      .field = SERVE_FIELD(viewers_max),
      .argument = "N",
      .initial = "16384",
      .min = 1,
      .max = 1000000,
      .help = "connections at one time; more are answered 503" },
    { .name = "max-per-address",
      .kind = OPTION_INTEGER,
      .commands = SERVE,
      .field = SERVE_FIELD(per_address_max),
      .argument = "N",
      .unset = "256, and no limit for this machine",
      .min = 1,
      .max = 1000000,
      .help = "of them from one address; more are answered 429" },
    { .name = "log",
      .kind = OPTION_TEXT,
      .commands = SERVE,
      .field = SERVE_FIELD(log),
      .argument = "LEVEL",
      .initial = "info",
      .help = "error, warn, info, debug or trace; per module: info,net=debug" },

    { .name = "stream",
      .kind = OPTION_LIST,
      .commands = WATCH,
      .field = WATCH_FIELD(streams),
      .argument = "NAME",
      .unset = "the server's first",
      .help = "which stream to watch" },
    { .name = "save",
      .kind = OPTION_TEXT,
      .commands = WATCH,
      .field = WATCH_FIELD(save),
      .argument = "DIR",
      .help = "write each picture as DIR/STREAM-SEQ.jpg" },
    { .name = "stats",
      .kind = OPTION_FLAG,
      .commands = WATCH,
      .field = WATCH_FIELD(has_stats),
      .help = "once a second print rates, lag from capture to here, and drops to standard error, "
              "or to standard output with --no-predictions" },
    { .name = "no-predictions",
      .kind = OPTION_FLAG,
      .commands = WATCH,
      .field = WATCH_FIELD(is_without_predictions),
      .help = "do not ask for predictions" },
    { .name = "count",
      .letter = 'n',
      .kind = OPTION_INTEGER,
      .commands = WATCH,
      .field = WATCH_FIELD(count),
      .argument = "N",
      .unset = "no end",
      .min = 1,
      .max = 1e15,
      .help = "stop after N pictures, or N predictions when no pictures are asked for" },
    { .name = "window",
      .kind = OPTION_INTEGER,
      .commands = WATCH,
      .field = WATCH_FIELD(window),
      .argument = "N",
      .initial = "2",
      .min = 1,
      .max = 64,
      .help = "pictures on their way at one time" },
    { .name = "fps",
      .kind = OPTION_NUMBER,
      .commands = WATCH,
      .field = WATCH_FIELD(fps),
      .argument = "N",
      .unset = "all",
      .min = FPS_MIN,
      .max = FPS_MAX,
      .help = "pictures a second, at most" },
    { .name = "width",
      .kind = OPTION_INTEGER,
      .commands = WATCH,
      .field = WATCH_FIELD(width),
      .argument = "PX",
      .unset = "as captured",
      .min = WIDTH_MIN,
      .max = WIDTH_MAX,
      .help = "width of the pictures" },
    { .name = "quality",
      .kind = OPTION_INTEGER,
      .commands = WATCH,
      .field = WATCH_FIELD(quality),
      .argument = "1..100",
      .unset = "the stream's",
      .min = 1,
      .max = 100,
      .help = "of the pictures" },
    { .name = "reconnect",
      .kind = OPTION_FLAG,
      .commands = WATCH,
      .field = WATCH_FIELD(has_reconnect),
      .help = "connect again, with growing pauses, until interrupted" },

    { .name = "help",
      .letter = 'h',
      .kind = OPTION_FLAG,
      .commands = SERVE | WATCH,
      .field = offsetof(struct cli_config, wants_help),
      .help = "print this and end" },
    { .name = "version",
      .letter = 'V',
      .kind = OPTION_FLAG,
      .commands = SERVE | WATCH,
      .field = offsetof(struct cli_config, wants_version),
      .help = "print the version and end" },
};

const struct option_table config_table = {
    .program = "framecast",
    .commands = commands,
    .command_count = CLI_COMMAND_COUNT,
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
};
