/* SPDX-License-Identifier: MIT */
#include "net/tls_reason.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <stdio.h>
#include <string.h>

/* OpenSSL's reasons that people meet, in words that say what to do. Alerts are what the peer said;
 * their number is 1000 more than that of the protocol. */
static const struct {
    int reason;
    const char *text;
} sentences[] = {
    { SSL_R_HTTP_REQUEST, "the peer speaks HTTP without TLS; it should use https:// or wss://" },
    { SSL_R_HTTPS_PROXY_REQUEST, "the peer takes this for a proxy" },
    { SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS, or no version of it that we do" },
    { SSL_R_UNSUPPORTED_PROTOCOL, "the peer speaks no version of TLS that is allowed here" },
    { SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the peer allows no version of TLS that we speak" },
    { SSL_R_VERSION_TOO_LOW, "the peer speaks no version of TLS that is allowed here" },
    { SSL_R_NO_SHARED_CIPHER, "the peer has no cipher that is allowed here" },
    { SSL_R_NO_APPLICATION_PROTOCOL, "the peer offers (ALPN) no protocol that is spoken here" },
    { SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "the peer speaks no protocol offered (ALPN)" },
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the client has no certificate and needs one" },
    { SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
      "the server wants a certificate of its clients; give cert_file and key_file" },
    { SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the peer does not know the authority of our certificate" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the peer says that our certificate has expired" },
    { SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the peer says that our certificate is a bad one" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the peer does not accept our certificate" },
    { SSL_R_TLSV1_ALERT_DECRYPT_ERROR, "the peer could not verify what we signed" },
    { SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the peer found nothing that both accept" },
    { SSL_R_NO_RENEGOTIATION, "the peer wants to renegotiate, which is not done here" },
    { SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "what came was changed on its way" },
    { SSL_R_EE_KEY_TOO_SMALL, "its key is too short; make one of 2048 bits (RSA) or P-256" },
    { SSL_R_CA_KEY_TOO_SMALL, "the key of an authority in it is too short" },
    { SSL_R_CA_MD_TOO_WEAK, "an authority signed it with a hash that is too weak, such as SHA-1" },
};

static const char *sentence_of(unsigned long code)
{
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
        for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
            if (sentences[i].reason == ERR_GET_REASON(code)) {
                return sentences[i].text;
            }
        }
    }
    return NULL;
}

void tls_reason_take(char *text, size_t size)
{
    const unsigned long code = ERR_peek_error(); /* the first is the cause of the others */
    const char *sentence = sentence_of(code);
    const char *reason = ERR_reason_error_string(code);
    if (code == 0) {
        snprintf(text, size, "OpenSSL does not say why");
    } else if (sentence) {
        snprintf(text, size, "%s", sentence);
    } else if (ERR_SYSTEM_ERROR(code)) {
        snprintf(text, size, "%s", strerror(ERR_GET_REASON(code)));
    } else {
        snprintf(text, size, "%s", reason ? reason : "OpenSSL has no words for it");
    }
    ERR_clear_error();
}

void tls_reason_clear(void)
{
    if (ERR_peek_error() != 0) { /* costs less than clearing what is empty */
        ERR_clear_error();
    }
}

bool tls_reason_is_memory(void)
{
    return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
}
