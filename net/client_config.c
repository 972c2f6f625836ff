/* SPDX-License-Identifier: MIT */
#include "net/client_config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/ws/base64.h"
#include "net/error.h"
#include "net/text.h"
#include "net/tls.h"

#define SUBPROTOCOLS_MAX 32
#define CREDENTIALS_MAX 512
#define HEADERS_MAX 8192

/* Header lines that the handshake writes itself. */
static const char *const own_headers[] = {
    "Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding", "Sec-WebSocket-"
};

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_token_char(text[i])) {
            return false;
        }
    }
    return size > 0;
}

/* Nothing but printable characters, spaces and tabs, and what is beyond ASCII. */
static bool is_field_value(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < sizeof(own_headers) / sizeof(own_headers[0]); i++) {
        const size_t size = strlen(own_headers[i]);
        const bool is_prefix = own_headers[i][size - 1] == '-';
        if (strncasecmp(name, own_headers[i], size) == 0 && (is_prefix || name[size] == ':')) {
            return true;
        }
    }
    return false;
}

/* What is wrong with header lines, or NULL. */
static const char *headers_fault(const char *headers)
{
    for (const char *line = headers; *line;) {
        const char *end = strstr(line, "\r\n");
        const char *colon = strchr(line, ':');
        if (!end || !colon || colon > end || !is_token(line, (size_t)(colon - line)) ||
            !is_field_value(colon + 1, (size_t)(end - colon - 1))) {
            return "each line must be \"Name: value\\r\\n\"";
        }
        if (is_own(line)) {
            return "Host, Connection and what belongs to the handshake are written by the library";
        }
        line = end + 2;
    }
    return NULL;
}

/* "" or one header line with basic or bearer authorization. Errors: a fault, static. */
static const char *format_credentials(const char *header, const char *credentials,
                                      const char *token, char out[2 * CREDENTIALS_MAX])
{
    out[0] = '\0';
    if (token) {
        const size_t size = strlen(token);
        if (size >= CREDENTIALS_MAX || size == 0 || !is_field_value(token, size) ||
            strpbrk(token, " \t,")) {
            return "the bearer token is empty, too long, or not of one word";
        }
        snprintf(out, 2 * CREDENTIALS_MAX, "%s: Bearer %s\r\n", header, token);
    } else if (credentials[0]) {
        char base64[CREDENTIALS_MAX * 4 / 3 + 8];
        if (!is_field_value(credentials, strlen(credentials)) || !strchr(credentials, ':')) {
            return "the name and password are not of printable characters, or one is missing";
        }
        fc_base64_encode((struct fc_bytes){ (const uint8_t *)credentials, strlen(credentials) },
                         base64);
        snprintf(out, 2 * CREDENTIALS_MAX, "%s: Basic %s\r\n", header, base64);
    }
    return NULL;
}

static int invalid(struct fc_error *error, const char *what, const char *fault)
{
    error_set(error, "%s: %s", what, fault);
    return -EINVAL;
}

static int no_memory(struct fc_error *error)
{
    error_set(error, "out of memory");
    return -ENOMEM;
}

/* The name and password: those of the options before those of the address. */
static const char *choose_credentials(const struct fc_client_options *options,
                                      const struct url *url, char out[CREDENTIALS_MAX])
{
    if (!options->username) {
        snprintf(out, CREDENTIALS_MAX, "%s", url->user);
        return NULL;
    }
    const int size = snprintf(out, CREDENTIALS_MAX, "%s:%s", options->username,
                              options->password ? options->password : "");
    return size < 0 || size >= CREDENTIALS_MAX || strchr(options->username, ':')
               ? "the name has a colon in it, or it and the password are too long"
               : NULL;
}

static int take_headers(struct client_config *config, const struct fc_client_options *options,
                        struct fc_error *error)
{
    char credentials[CREDENTIALS_MAX];
    char line[2 * CREDENTIALS_MAX];
    const char *given = options->headers ? options->headers : "";
    const char *fault = strlen(given) > HEADERS_MAX ? "they are too long" : headers_fault(given);
    if (fault) {
        return invalid(error, "headers", fault);
    }
    fault = choose_credentials(options, &config->url, credentials);
    fault = fault ? fault
                  : format_credentials("Authorization", credentials, options->bearer_token, line);
    if (fault) {
        return invalid(error, "authorization", fault);
    }
    const size_t size = strlen(given) + strlen(line) + 1;
    config->headers = malloc(size);
    if (!config->headers) {
        return no_memory(error);
    }
    snprintf(config->headers, size, "%s%s", given, line);
    return 0;
}

static int take_proxy(struct client_config *config, const struct fc_client_options *options,
                      struct fc_error *error)
{
    char line[2 * CREDENTIALS_MAX] = "";
    if (options->proxy) {
        const int err = url_parse(options->proxy, &config->proxy, error);
        if (err) {
            return err;
        }
        if (config->proxy.is_unix || config->proxy.is_secure || config->url.is_unix) {
            return invalid(error, "proxy", "it must be http://HOST:PORT, and lead to a HOST");
        }
        const char *fault =
            format_credentials("Proxy-Authorization", config->proxy.user, NULL, line);
        if (fault) {
            return invalid(error, "proxy", fault);
        }
        config->has_proxy = true;
    }
    config->proxy_headers = text_copy_string(line);
    return config->proxy_headers ? 0 : no_memory(error);
}

static int take_subprotocols(struct client_config *config, const char *const *given,
                             struct fc_error *error)
{
    size_t count = 0;
    while (given && given[count]) {
        if (!is_token(given[count], strlen(given[count])) || count == SUBPROTOCOLS_MAX) {
            return invalid(error, "subprotocols", "one is no token, or they are more than 32");
        }
        for (size_t i = 0; i < count; i++) {
            if (strcmp(given[i], given[count]) == 0) {
                return invalid(error, "subprotocols", "one is named twice");
            }
        }
        count++;
    }
    config->subprotocols = count > 0 ? calloc(count + 1, sizeof(char *)) : NULL;
    for (size_t i = 0; i < count; i++) {
        if (!config->subprotocols || !(config->subprotocols[i] = text_copy_string(given[i]))) {
            return no_memory(error);
        }
    }
    return 0;
}

static int take_tls(struct client_config *config, struct fc_tls *given, struct fc_error *error)
{
    if (!config->url.is_secure) {
        return 0;
    }
    if (given && !tls_context_is_client(given)) {
        return invalid(error, "tls", "it is that of a server: make one with is_client");
    }
    if (given) {
        config->tls = fc_tls_ref(given);
        return 0;
    }
    return fc_tls_new(&config->tls, &(struct fc_tls_options){ .is_client = true }, error);
}

int client_config_init(struct client_config *config, const struct fc_client_options *options,
                       struct fc_error *error)
{
    *config = (struct client_config){ 0 };
    int err = url_parse(options->url, &config->url, error);
    err = err ? err : take_headers(config, options, error);
    err = err ? err : take_proxy(config, options, error);
    err = err ? err : take_subprotocols(config, options->subprotocols, error);
    return err ? err : take_tls(config, options->tls, error);
}

void client_config_fini(struct client_config *config)
{
    for (size_t i = 0; config->subprotocols && config->subprotocols[i]; i++) {
        free(config->subprotocols[i]);
    }
    free(config->subprotocols);
    free(config->headers);
    free(config->proxy_headers);
    fc_tls_unref(&config->tls);
    *config = (struct client_config){ 0 };
}
