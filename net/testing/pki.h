/* SPDX-License-Identifier: MIT */
#ifndef NET_TESTING_PKI_H
#define NET_TESTING_PKI_H

#include <openssl/x509.h>
#include <stdbool.h>

/* An authority for tests, which lives in a temporary folder: "ca.pem", and for each certificate
 * that it issues "NAME.pem" and "NAME.key". Everything fails the test when it does not work. */

#define PKI_PATH_SIZE 336

struct pki {
    char folder[64];
    EVP_PKEY *key;
    X509 *certificate;
    long serial;
};

void pki_open(struct pki *pki, const char *common_name);

/** Also removes the folder. */
void pki_close(struct pki *pki);

struct pki_request {
    const char *common_name;
    const char *names; /* "DNS:localhost,IP:127.0.0.1"; NULL: none */
    int days;          /* how long it is valid, from a day ago; 0: a day from now */
};

/** May overwrite. */
void pki_issue(struct pki *pki, const char *name, struct pki_request request);

/** Write text into a file of the folder. */
void pki_write(const struct pki *pki, const char *name, const char *text);

/** The path of a file in the folder; of the last eight that were asked for. */
const char *pki_path(const struct pki *pki, const char *name);

/** The same, with the key protected by a passphrase, as "NAME.locked". */
void pki_lock_key(const struct pki *pki, const char *name);

#endif
