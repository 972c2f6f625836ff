#include "net/tls.h"
#include <errno.h>
int fc_tls_new(struct fc_tls **out, const struct fc_tls_options *options, struct fc_error *error)
{
    (void)out;
    (void)options;
    (void)error;
    return -ENOSYS;
}
struct fc_tls *fc_tls_ref(struct fc_tls *tls)
{
    return tls;
}
void fc_tls_unref(struct fc_tls **tls)
{
    *tls = NULL;
}
int tls_open(struct tls **out, struct fc_tls *context, int fd, const char *server_name)
{
    (void)out;
    (void)context;
    (void)fd;
    (void)server_name;
    return -ENOSYS;
}
void tls_free(struct tls **tls)
{
    *tls = NULL;
}
enum tls_step tls_handshake(struct tls *tls)
{
    (void)tls;
    return TLS_FAILED;
}
long tls_read(struct tls *tls, struct fc_space room, enum tls_step *wants)
{
    (void)tls;
    (void)room;
    (void)wants;
    return 0;
}
long tls_write(struct tls *tls, const struct iovec *iov, int count, enum tls_step *wants)
{
    (void)tls;
    (void)iov;
    (void)count;
    (void)wants;
    return 0;
}
bool tls_has_buffered(const struct tls *tls)
{
    (void)tls;
    return false;
}
bool tls_has_pending_output(const struct tls *tls)
{
    (void)tls;
    return false;
}
void tls_shutdown(struct tls *tls)
{
    (void)tls;
}
const char *tls_reason(const struct tls *tls)
{
    (void)tls;
    return "";
}
const char *tls_version(const struct tls *tls)
{
    (void)tls;
    return "";
}
const char *tls_subject(const struct tls *tls)
{
    (void)tls;
    return "";
}
