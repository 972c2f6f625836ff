/* SPDX-License-Identifier: MIT */
/*
 * How bright a picture is, as a worker in C. The server's lines are flat and their names differ, so
 * looking for a name in the text does instead of a JSON parser.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t number_of(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    if (!at) {
        fprintf(stderr, "there is no %s in %s", name, line);
        exit(1);
    }
    return strtoull(at + strlen(name), NULL, 10);
}

static double brightness_of(const uint8_t *pixels, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += pixels[i];
    }
    return (double)sum / (double)count / 255;
}

int main(void)
{
    static char line[4096];
    if (!fgets(line, sizeof(line), stdin)) {
        return 1;
    }
    const uint8_t *memory = mmap(NULL, number_of(line, "\"shm_size\":"), PROT_READ, MAP_SHARED,
                                 (int)number_of(line, "\"shm_fd\":"), 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    puts("{\"ready\":true,\"name\":\"brightness-c\",\"format\":\"gray8\",\"width\":320}");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        const double brightness =
            brightness_of(memory + number_of(line, "\"offset\":"), number_of(line, "\"size\":"));
        printf("{\"seq\":%llu,\"data\":{\"brightness\":%.4f}}\n",
               (unsigned long long)number_of(line, "\"seq\":"), brightness);
        fflush(stdout);
    }
    return 0;
}
