/* SPDX-License-Identifier: MIT */
#include "net/tls_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/error.h"
#include "net/text.h"

#define PROTOCOL_MAX_BYTES 255 /* RFC 7301 section 3.1 */
#define PROTOCOLS_MAX 16
#define CERTIFICATES_MAX 65536

/* Options of the other role are mistakes: who sets them believes that they do something. */
static const char *find_mistake(const struct fc_tls_options *o)
{
    if (o->key_file && !o->cert_file) {
        return "key_file is given without cert_file; give both";
    }
    if (o->is_client) {
        return o->certificate_count > 0    ? "certificates is for servers; a client has cert_file"
               : o->client_ca_file         ? "client_ca_file is for servers; a client has ca_file"
               : o->clients_may_be_unknown ? "clients_may_be_unknown is for servers"
               : o->ca_file && o->is_insecure
                   ? "ca_file does nothing with is_insecure; leave one of them away"
                   : NULL;
    }
    return !o->cert_file    ? "a server needs a certificate; give cert_file and key_file"
           : o->ca_file     ? "ca_file is for clients; a server has client_ca_file"
           : o->server_name ? "server_name is for clients; a server has certificates"
           : o->is_insecure ? "is_insecure is for clients"
           : o->clients_may_be_unknown && !o->client_ca_file
               ? "clients_may_be_unknown does nothing without client_ca_file"
               : NULL;
}

static int check(const struct fc_tls_options *options, struct fc_error *error)
{
    const char *mistake = find_mistake(options);
    if (!mistake && options->certificate_count > CERTIFICATES_MAX) {
        mistake = "there are too many certificates; 65536 are the most";
    }
    for (uint32_t i = 0; !mistake && i < options->certificate_count; i++) {
        const struct fc_tls_certificate *c = &options->certificates[i];
        mistake = !c->name || c->name[0] == '\0' ? "a certificate has no name; give the host's"
                  : !c->cert_file                ? "a certificate has no cert_file"
                                                 : NULL;
    }
    if (mistake) {
        error_set(error, "TLS: %s", mistake);
        return -EINVAL;
    }
    return 0;
}

/* ---- copying ---- */

/* NULL stays NULL; false without memory. */
static bool copy(char **out, const char *text)
{
    *out = text ? text_copy_string(text) : NULL;
    return !text || *out;
}

static bool copy_certificate(struct tls_certificate *to, const struct fc_tls_certificate *from)
{
    return copy(&to->name, from->name) && copy(&to->cert_file, from->cert_file) &&
           copy(&to->key_file, from->key_file ? from->key_file : from->cert_file);
}

static bool copy_certificates(struct tls_config *config, const struct fc_tls_options *options)
{
    const size_t count = 1 + (size_t)options->certificate_count;
    config->certificates = calloc(count, sizeof(*config->certificates));
    if (!config->certificates) {
        return false;
    }
    config->count = count;
    const struct fc_tls_certificate first = {
        .cert_file = options->cert_file,
        .key_file = options->key_file,
    };
    bool is_copied = copy_certificate(&config->certificates[0], &first);
    for (size_t i = 1; is_copied && i < count; i++) {
        is_copied = copy_certificate(&config->certificates[i], &options->certificates[i - 1]);
    }
    return is_copied;
}

static int copy_protocols(struct tls_config *config, const char *const *protocols,
                          struct fc_error *error)
{
    static const char *const usual[] = { "http/1.1", NULL };
    const char *const *names = protocols ? protocols : usual;
    size_t size = 0, count = 0;
    for (; names[count]; count++) {
        const size_t length = strlen(names[count]);
        if (length == 0 || length > PROTOCOL_MAX_BYTES || count == PROTOCOLS_MAX) {
            error_set(error, "TLS: protocols must be at most %d names of 1 to %d bytes",
                      PROTOCOLS_MAX, PROTOCOL_MAX_BYTES);
            return -EINVAL;
        }
        size += 1 + length;
    }
    config->protocols = malloc(size > 0 ? size : 1);
    if (!config->protocols) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(names[i]);
        config->protocols[config->protocols_size] = (unsigned char)length;
        memcpy(config->protocols + config->protocols_size + 1, names[i], length);
        config->protocols_size += 1 + length;
    }
    return 0;
}

int tls_config_init(struct tls_config *config, const struct fc_tls_options *options,
                    struct fc_error *error)
{
    int err = check(options, error);
    if (err) {
        return err;
    }
    *config = (struct tls_config){
        .is_client = options->is_client,
        .is_insecure = options->is_insecure,
        .clients_may_be_unknown = options->clients_may_be_unknown,
        .version_min = options->version_min,
    };
    const char *ca_file = options->is_client ? options->ca_file : options->client_ca_file;
    err = copy_protocols(config, options->protocols, error);
    if (!err && !(copy_certificates(config, options) && copy(&config->ca_file, ca_file) &&
                  copy(&config->server_name, options->server_name))) {
        err = -ENOMEM;
    }
    if (err == -ENOMEM) {
        error_set(error, "TLS: out of memory");
    }
    if (err) {
        tls_config_fini(config);
    }
    return err;
}

void tls_config_fini(struct tls_config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        free(config->certificates[i].name);
        free(config->certificates[i].cert_file);
        free(config->certificates[i].key_file);
    }
    free(config->certificates);
    free(config->ca_file);
    free(config->server_name);
    free(config->protocols);
    *config = (struct tls_config){ 0 };
}
