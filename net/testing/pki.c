/* SPDX-License-Identifier: MIT */
#include "net/testing/pki.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY 86400L

const char *pki_path(const struct pki *pki, const char *name)
{
    static char paths[8][PKI_PATH_SIZE];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, PKI_PATH_SIZE, "%s/%s", pki->folder, name);
    return path;
}

static FILE *create(const struct pki *pki, const char *name, const char *suffix)
{
    char file[64];
    snprintf(file, sizeof(file), "%s%s", name, suffix);
    FILE *out = fopen(pki_path(pki, file), "w");
    assert_non_null(out);
    return out;
}

static void save_certificate(const struct pki *pki, const char *name, X509 *certificate)
{
    FILE *out = create(pki, name, ".pem");
    assert_int_equal(PEM_write_X509(out, certificate), 1);
    assert_int_equal(fclose(out), 0);
}

static void save_key(const struct pki *pki, const char *name, EVP_PKEY *key)
{
    FILE *out = create(pki, name, ".key");
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(out), 0);
}

static void add_extension(X509 *certificate, X509 *issuer, int id, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, id, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *new_certificate(struct pki *pki, EVP_PKEY *key, const char *common_name, int days)
{
    X509 *certificate = X509_new();
    assert_non_null(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++pki->serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), (days < 0 ? days - 1 : -1) * DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), (days ? days : 1) * DAY);
    X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)common_name, -1, -1, 0),
                     1);
    return certificate;
}

void pki_open(struct pki *pki, const char *common_name)
{
    *pki = (struct pki){ .folder = "/tmp/framecast-pki-XXXXXX" };
    assert_non_null(mkdtemp(pki->folder));
    pki->key = EVP_EC_gen("P-256");
    assert_non_null(pki->key);
    pki->certificate = new_certificate(pki, pki->key, common_name, 0);
    X509_set_issuer_name(pki->certificate, X509_get_subject_name(pki->certificate));
    add_extension(pki->certificate, pki->certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(pki->certificate, pki->certificate, NID_key_usage, "critical,keyCertSign");
    assert_true(X509_sign(pki->certificate, pki->key, EVP_sha256()) > 0);
    save_certificate(pki, "ca", pki->certificate);
}

void pki_issue(struct pki *pki, const char *name, struct pki_request request)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    X509 *certificate = new_certificate(pki, key, request.common_name, request.days);
    X509_set_issuer_name(certificate, X509_get_subject_name(pki->certificate));
    if (request.names) {
        add_extension(certificate, pki->certificate, NID_subject_alt_name, request.names);
    }
    assert_true(X509_sign(certificate, pki->key, EVP_sha256()) > 0);
    save_certificate(pki, name, certificate);
    save_key(pki, name, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void pki_write(const struct pki *pki, const char *name, const char *text)
{
    FILE *out = create(pki, name, "");
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

void pki_lock_key(const struct pki *pki, const char *name)
{
    char file[64];
    snprintf(file, sizeof(file), "%s.key", name);
    FILE *in = fopen(pki_path(pki, file), "r");
    assert_non_null(in);
    EVP_PKEY *key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    assert_non_null(key);
    FILE *out = create(pki, name, ".locked");
    const unsigned char word[] = "secret";
    assert_int_equal(PEM_write_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), (const char *)word,
                                               sizeof(word) - 1, NULL, NULL),
                     1);
    fclose(out);
    fclose(in);
    EVP_PKEY_free(key);
}

void pki_close(struct pki *pki)
{
    DIR *folder = opendir(pki->folder);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] != '.') {
            (void)unlink(pki_path(pki, entry->d_name));
        }
    }
    closedir(folder);
    assert_int_equal(rmdir(pki->folder), 0);
    X509_free(pki->certificate);
    EVP_PKEY_free(pki->key);
    ERR_clear_error();
}
