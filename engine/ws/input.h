/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_INPUT_H
#define ENGINE_WS_INPUT_H

#include <stdbool.h>

#include "engine/ws/connection.h"

/* Less of a message is copied rather than received by itself. */
enum { FC_WS_DIRECT_MIN_BYTES = 4 * 1024 };

/** True when payload is skipped, because it arrives after our close frame. */
static inline bool fc_ws_is_discarding(const struct fc_ws *ws)
{
    return ws->closing != FC_WS_CLOSING_OPEN;
}

/** True when all that came of the message lies in the input space, and the rest of the frame fits
 * behind it. */
bool fc_ws_input_may_hold(const struct fc_ws *ws);

#endif
