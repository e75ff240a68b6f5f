#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>

int linux_die_with_parent(void) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 ? 0 : errno;
}

int linux_schedule_idle(int thread) {
    struct sched_param parameter = {0};
    return sched_setscheduler(thread, SCHED_IDLE, &parameter) == 0 ? 0 : errno;
}

int linux_spawn_close_from(void *file_actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(file_actions, first);
}
