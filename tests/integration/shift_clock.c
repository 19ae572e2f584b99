/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a process, moves its wall clock by as many seconds as the file named by
 * SHIFT_CLOCK says now. Other clocks stay as they are, as on a machine whose time is set:
 * libfaketime loses the condition variables that wait by the monotonic one.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t shift(void)
{
    const char *path = getenv("SHIFT_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    time_t seconds = 0;
    char digit;

    if (fd < 0)
        return 0;
    while (read(fd, &digit, 1) == 1 && digit >= '0' && digit <= '9')
        seconds = seconds * 10 + (digit - '0');
    close(fd);
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, at);

    if (failed == 0 && clock == CLOCK_REALTIME)
        at->tv_sec += shift();
    return failed;
}
