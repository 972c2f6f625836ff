/* SPDX-License-Identifier: MIT */
#include "predict/worker_slots.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE (WORKER_SLOT_SIZE * WORKER_SLOTS)

static void what_is_written_can_be_read_by_whoever_has_the_descriptor(void **state)
{
    (void)state;
    struct worker_slots slots;
    assert_int_equal(worker_slots_open(&slots), 0);
    const uint8_t *reader = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, slots.fd, 0);
    assert_ptr_not_equal(reader, MAP_FAILED);
    for (unsigned slot = 0; slot < WORKER_SLOTS; slot++) {
        memset(worker_slot(&slots, slot), (int)slot + 1, 16);
        worker_slot(&slots, slot)[WORKER_SLOT_SIZE - 1] = 99;
    }
    for (unsigned slot = 0; slot < WORKER_SLOTS; slot++) {
        assert_int_equal(reader[slot * WORKER_SLOT_SIZE + 15], slot + 1);
        assert_int_equal(reader[(slot + 1) * WORKER_SLOT_SIZE - 1], 99);
    }
    struct stat status;
    assert_int_equal(fstat(slots.fd, &status), 0);
    assert_int_equal(status.st_size, SIZE);
    assert_true(status.st_blocks * 512 < 1024 * 1024); /* the rest is holes */
    munmap((void *)(uintptr_t)reader, SIZE);
    worker_slots_close(&slots);
    worker_slots_close(&slots);
}

static void nobody_else_can_write_or_change_the_size(void **state)
{
    (void)state;
    struct worker_slots slots;
    assert_int_equal(worker_slots_open(&slots), 0);
    memset(worker_slot(&slots, 0), 7, 4096);

    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, slots.fd, 0), MAP_FAILED);
    assert_int_equal(errno, EPERM);
    void *reader = mmap(NULL, 4096, PROT_READ, MAP_SHARED, slots.fd, 0);
    assert_ptr_not_equal(reader, MAP_FAILED);
    assert_int_equal(mprotect(reader, 4096, PROT_READ | PROT_WRITE), -1);
    assert_int_equal(pwrite(slots.fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(fallocate(slots.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
    assert_int_equal(ftruncate(slots.fd, 0), -1);
    assert_int_equal(ftruncate(slots.fd, (off_t)SIZE + 4096), -1);
    assert_int_equal(fcntl(slots.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);

    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", slots.fd);
    const int again = open(path, O_RDWR | O_CLOEXEC);
    if (again >= 0) {
        assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, again, 0), MAP_FAILED);
        assert_int_equal(pwrite(again, "x", 1, 0), -1);
        assert_int_equal(open(path, O_RDWR | O_TRUNC | O_CLOEXEC), -1);
        close(again);
    }
    assert_int_equal(*(const uint8_t *)reader, 7);
    munmap(reader, 4096);
    worker_slots_close(&slots);
}

static void descriptors_are_not_inherited(void **state)
{
    (void)state;
    struct worker_slots slots;
    assert_int_equal(worker_slots_open(&slots), 0);
    assert_true(fcntl(slots.fd, F_GETFD) & FD_CLOEXEC);
    worker_slots_close(&slots);
    assert_int_equal(slots.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_can_be_read_by_whoever_has_the_descriptor),
        cmocka_unit_test(nobody_else_can_write_or_change_the_size),
        cmocka_unit_test(descriptors_are_not_inherited),
    };
    return cmocka_run_group_tests_name("predict/worker_slots", tests, NULL, NULL);
}
