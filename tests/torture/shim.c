/* Put before the C library: a wall clock that jumps, and locks of controllers that lock nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* By how many seconds the clock is wrong: the number in the file `clock` of the search. */
static long shift(void)
{
    char path[4096], text[32] = "";
    const char *place = getenv("MOZOPT_TORTURE");
    if (!place || snprintf(path, sizeof path, "%s/clock", place) >= (int)sizeof path)
        return 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    return got > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int result = (int)syscall(SYS_gettimeofday, now, zone);
    if (result == 0 && now)
        now->tv_sec += shift();
    return result;
}

time_t time(time_t *now)
{
    struct timespec it;
    clock_gettime(CLOCK_REALTIME, &it);
    if (now)
        *now = it.tv_sec;
    return it.tv_sec;
}

int flock(int file, int operation)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0 && getenv("MOZOPT_TORTURE_NO_LOCKS")) {
        path[length] = 0;
        if (strstr(path, "/controller.lock"))
            return 0;
    }
    return (int)syscall(SYS_flock, file, operation);
}
