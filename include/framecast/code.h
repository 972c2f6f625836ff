/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_CODE_H
#define FRAMECAST_CODE_H

/* The numbers of RFC 6455 that applications use. */

/** The values are the opcodes of RFC 6455 section 5.2. */
enum fc_ws_kind { FC_WS_TEXT = 1, FC_WS_BINARY = 2 };

/** RFC 6455 section 7.4.1, and 1013 of the IANA registry. */
enum fc_ws_code {
    FC_WS_CODE_NORMAL = 1000,
    FC_WS_CODE_GOING_AWAY = 1001,
    FC_WS_CODE_PROTOCOL_ERROR = 1002,
    FC_WS_CODE_UNSUPPORTED_DATA = 1003,
    FC_WS_CODE_NO_STATUS = 1005, /* never on the wire: the peer's close frame was empty */
    FC_WS_CODE_ABNORMAL = 1006,  /* never on the wire: the stream ended without a close frame */
    FC_WS_CODE_INVALID_DATA = 1007,
    FC_WS_CODE_POLICY = 1008,
    FC_WS_CODE_TOO_BIG = 1009,
    FC_WS_CODE_INTERNAL = 1011,
    FC_WS_CODE_TRY_LATER = 1013,
};

#endif
