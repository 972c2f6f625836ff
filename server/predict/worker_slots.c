/* SPDX-License-Identifier: MIT */
#include "predict/worker_slots.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE (WORKER_SLOT_SIZE * WORKER_SLOTS)

int worker_slots_open(struct worker_slots *slots)
{
    int err = 0;
    *slots = (struct worker_slots){ .fd = -1 };
    slots->fd = memfd_create("framecast-pictures", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (slots->fd < 0 || ftruncate(slots->fd, (off_t)SIZE) < 0) {
        err = -errno;
        goto out;
    }
    void *data = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, slots->fd, 0);
    if (data == MAP_FAILED) {
        err = -errno;
        goto out;
    }
    slots->data = data;
    if (fcntl(slots->fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0) {
        err = -errno;
    }
out:
    if (err) {
        worker_slots_close(slots);
    }
    return err;
}

void worker_slots_close(struct worker_slots *slots)
{
    if (slots->data) {
        munmap(slots->data, SIZE);
    }
    if (slots->fd >= 0) {
        close(slots->fd);
    }
    *slots = (struct worker_slots){ .fd = -1 };
}

uint8_t *worker_slot(const struct worker_slots *slots, unsigned slot)
{
    assert(slots->data && slot < WORKER_SLOTS);
    return slots->data + slot * WORKER_SLOT_SIZE;
}
