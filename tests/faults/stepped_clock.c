/* The wall clock of chosen processes, stepped: their realtime is the machine's plus the seconds that stand in a file.
 *
 * CLOCK_STEP names that file (one 64-bit integer), CLOCK_STEP_OF what a process has in its command line to be one of the
 * chosen. Monotonic clocks are left alone, as a step of the wall clock leaves them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const long long *offset;

static int machine(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    return real(id, at);
}

__attribute__((constructor)) static void choose(void) {
    const char *path = getenv("CLOCK_STEP"), *chosen = getenv("CLOCK_STEP_OF");
    char words[4096];
    int line = open("/proc/self/cmdline", O_RDONLY);
    ssize_t size = line < 0 ? -1 : read(line, words, sizeof words);
    if (line >= 0)
        close(line);
    if (!path || !chosen || size <= 0 || !memmem(words, size, chosen, strlen(chosen)))
        return;
    int file = open(path, O_RDONLY);
    if (file < 0)
        return;
    void *place = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (place != MAP_FAILED)
        offset = place;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    int answer = machine(id, at);
    if (offset && !answer && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        at->tv_sec += *offset;
    return answer;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
