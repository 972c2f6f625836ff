#ifndef NET_TLS_H
#define NET_TLS_H
#include <framecast/bytes.h>
#include <framecast/tls.h>
#include <sys/uio.h>
struct tls;
enum tls_step { TLS_DONE, TLS_WANT_READ, TLS_WANT_WRITE, TLS_FAILED };
FC_NODISCARD int tls_open(struct tls **out, struct fc_tls *context, int fd,
                          const char *server_name);
void tls_free(struct tls **tls);
enum tls_step tls_handshake(struct tls *tls);
long tls_read(struct tls *tls, struct fc_space room, enum tls_step *wants);
long tls_write(struct tls *tls, const struct iovec *iov, int count, enum tls_step *wants);
bool tls_has_buffered(const struct tls *tls);
bool tls_has_pending_output(const struct tls *tls);
void tls_shutdown(struct tls *tls);
const char *tls_reason(const struct tls *tls);
const char *tls_version(const struct tls *tls);
const char *tls_subject(const struct tls *tls);
#endif
