/* SPDX-License-Identifier: MIT */
/* compute [PORT]: a number N is answered with the count of primes below it. That takes seconds for
 * a few million, on the executor; everybody else is served meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include <framecast/executor.h>
#include <framecast/server.h>

static struct fc_executor *executor;

struct question {
    struct fc_job job; /* first: a job is its question */
    struct fc_conn *conn;
    unsigned long below, count;
};

static void count_primes(struct fc_job *job) /* on a thread of the executor */
{
    struct question *q = (struct question *)job;
    for (unsigned long n = 2, divisor; n < q->below && !fc_job_is_cancelled(job); n++) {
        for (divisor = 2; divisor * divisor <= n && n % divisor != 0; divisor++) {
        }
        q->count += divisor * divisor > n;
    }
}

static void answer(struct fc_job *job) /* on the loop again */
{
    struct question *q = (struct question *)job;
    char text[64];
    snprintf(text, sizeof(text), "%lu below %lu", q->count, q->below);
    (void)fc_conn_send_text(q->conn, text); /* false if it has gone meanwhile */
    fc_conn_unref(&q->conn);
    free(q);
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct question *q = kind == FC_WS_TEXT ? calloc(1, sizeof(*q)) : NULL;
    for (size_t i = 0; q && i < payload.size && i < 8; i++) {
        q->below = q->below * 10 + payload.data[i] % 16; /* a digit */
    }
    if (!q) {
        (void)fc_conn_send_bytes(conn, kind, payload, FC_COMPRESS_AUTO); /* at once */
    } else {
        q->job = (struct fc_job){ .run = count_primes, .done = answer };
        q->conn = fc_conn_ref(conn);
        if (fc_executor_submit(executor, fc_conn_loop(conn), &q->job) != 0) {
            answer(&q->job); /* too many wait */
        }
    }
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = { .message = on_message };
    const char *port = argc > 1 ? argv[1] : "0";
    return fc_executor_new(&executor, &(struct fc_executor_options){ 0 }) ||
           fc_serve("127.0.0.1", port, &handler);
}
