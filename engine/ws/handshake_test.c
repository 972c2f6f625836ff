/* SPDX-License-Identifier: MIT */
#include <framecast/handshake.h>

#include "engine/testing/http.h"

#define LINE "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static void requests_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        int status;
    } rows[] = {
        { LINE UPGRADE CONNECTION KEY VERSION "\r\n", 0 },
        { LINE "upgrade: h2c, WebSocket\r\nconnection: keep-alive, upgrade\r\n" KEY VERSION "\r\n",
          0 },
        { "POST / HTTP/1.1\r\nHost: a\r\n" UPGRADE CONNECTION KEY VERSION "\r\n", 405 },
        { "GET / HTTP/1.0\r\nHost: a\r\n" UPGRADE CONNECTION KEY VERSION "\r\n", 400 },
        { LINE CONNECTION KEY VERSION "\r\n", 426 },
        { LINE "Upgrade: websockets\r\n" CONNECTION KEY VERSION "\r\n", 426 },
        { LINE UPGRADE KEY VERSION "\r\n", 400 },
        { LINE UPGRADE "Connection: close\r\n" KEY VERSION "\r\n", 400 },
        { LINE UPGRADE CONNECTION KEY VERSION "Content-Length: 1\r\n\r\n", 400 },
        { LINE UPGRADE CONNECTION KEY VERSION "Transfer-Encoding: chunked\r\n\r\n", 400 },
        { LINE UPGRADE CONNECTION KEY "\r\n", 400 },
        { LINE UPGRADE CONNECTION KEY VERSION VERSION "\r\n", 400 },
        { LINE UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n\r\n", 426 },
        { LINE UPGRADE CONNECTION VERSION "\r\n", 400 },
        { LINE UPGRADE CONNECTION KEY KEY VERSION "\r\n", 400 },
        { LINE UPGRADE CONNECTION "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n" VERSION "\r\n", 400 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_http_request request;
        uint8_t *copy;
        char accept[FC_WS_ACCEPT_SIZE] = "";
        const char *reason = NULL;
        assert_int_equal(parse_request(rows[i].head, &copy, &request), 0);
        assert_int_equal(fc_ws_accept(&request, accept, &reason), rows[i].status);
        assert_int_equal(reason != NULL, rows[i].status != 0);
        /* RFC 6455 section 1.3 */
        assert_string_equal(accept, rows[i].status ? "" : "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        free(copy);
    }
}

static void subprotocols_keep_their_case(void **state)
{
    (void)state;
    struct fc_http_request request;
    uint8_t *copy;
    assert_int_equal(parse_request(LINE "Sec-WebSocket-Protocol: chat, superchat\r\n"
                                        "sec-websocket-protocol: framecast.v1\r\n\r\n",
                                   &copy, &request),
                     0);
    assert_false(fc_ws_is_upgrade(&request));
    assert_true(fc_ws_offers_subprotocol(&request, "chat"));
    assert_true(fc_ws_offers_subprotocol(&request, "superchat"));
    assert_true(fc_ws_offers_subprotocol(&request, "framecast.v1"));
    assert_false(fc_ws_offers_subprotocol(&request, "Chat"));
    assert_false(fc_ws_offers_subprotocol(&request, "super"));
    free(copy);
}

static void keys_are_made(void **state)
{
    (void)state;
    char key[FC_WS_KEY_SIZE];
    fc_ws_key_make((const uint8_t *)"the sample nonce", key);
    assert_string_equal(key, "dGhlIHNhbXBsZSBub25jZQ==");
}

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define PROTOCOL "Sec-WebSocket-Protocol: chat\r\n"

static void responses_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *subprotocol;
        bool is_valid;
    } rows[] = {
        { SWITCH UPGRADE CONNECTION ACCEPT "\r\n", NULL, true },
        { SWITCH "Upgrade: WebSocket\r\nConnection: a, upgrade\r\n" ACCEPT "\r\n", NULL, true },
        { SWITCH UPGRADE CONNECTION ACCEPT PROTOCOL "\r\n", "chat", true },
        { SWITCH UPGRADE CONNECTION ACCEPT "\r\n", "chat", true },
        { SWITCH UPGRADE CONNECTION ACCEPT PROTOCOL "\r\n", "Chat", false },
        { SWITCH UPGRADE CONNECTION ACCEPT PROTOCOL "\r\n", NULL, false },
        { SWITCH UPGRADE CONNECTION ACCEPT PROTOCOL PROTOCOL "\r\n", "chat", false },
        { "HTTP/1.1 200 OK\r\n" UPGRADE CONNECTION ACCEPT "\r\n", NULL, false },
        { "HTTP/1.0 101 x\r\n" UPGRADE CONNECTION ACCEPT "\r\n", NULL, false },
        { SWITCH CONNECTION ACCEPT "\r\n", NULL, false },
        { SWITCH "Upgrade: h2c\r\n" CONNECTION ACCEPT "\r\n", NULL, false },
        { SWITCH UPGRADE ACCEPT "\r\n", NULL, false },
        { SWITCH UPGRADE CONNECTION "\r\n", NULL, false },
        { SWITCH UPGRADE CONNECTION ACCEPT ACCEPT "\r\n", NULL, false },
        { SWITCH UPGRADE CONNECTION "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xoo=\r\n\r\n",
          NULL, false },
        { SWITCH UPGRADE CONNECTION ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
          NULL, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_http_response response;
        uint8_t *copy;
        const char *reason = NULL;
        assert_true(parse_response(rows[i].head, &copy, &response));
        assert_int_equal(fc_ws_response_check(&response, "dGhlIHNhbXBsZSBub25jZQ==",
                                              rows[i].subprotocol, NULL, &reason),
                         rows[i].is_valid);
        assert_int_equal(reason != NULL, !rows[i].is_valid);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_judged),
        cmocka_unit_test(subprotocols_keep_their_case),
        cmocka_unit_test(keys_are_made),
        cmocka_unit_test(responses_are_judged),
    };
    return cmocka_run_group_tests_name("ws/handshake", tests, NULL, NULL);
}
